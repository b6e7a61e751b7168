"""What an answer says of itself: its kind, its problem document, its times. Nothing here raises on a strange one."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

MOST_TOLD = 300
"""Characters of what an answer says in words: it goes into a log, and onto a screen."""


def one_line(said: object, otherwise: str) -> str:
    """`otherwise` if nothing is said, or something else than words. Half a character, as JSON has it, becomes "?"."""
    text = said if isinstance(said, str) and said else otherwise
    return " ".join(text[: 4 * MOST_TOLD].encode(errors="replace").decode().split())[:MOST_TOLD]


def media_type(response: httpx.Response) -> str:
    return str(response.headers.get("Content-Type", "")).split(";")[0].strip()


def problem(response: httpx.Response) -> dict[str, Any]:
    """The problem document (RFC 9457), or nothing if this is not one."""
    if media_type(response) != "application/problem+json":
        return {}
    try:
        found = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def date_s(text: str) -> float | None:
    """Unix seconds of an HTTP date; None of what is no date, or none of this calendar."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None


def retry_after_s(response: httpx.Response, now_s: float) -> float | None:
    """RFC 9110, 10.2.3: seconds or a date."""
    text = response.headers.get("Retry-After", "")
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    until_s = date_s(text)
    return None if until_s is None else max(0.0, until_s - now_s)
