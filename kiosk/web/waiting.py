"""The page on which the touchscreen's browser starts: a file of its own, so it is there before the station is."""

from __future__ import annotations

from kiosk.resources import resource

PLACE = "@STATION@"


def waiting_page(port: int) -> str:
    """templates/waiting.html for the station at this port of loopback."""
    page = resource("templates", "waiting.html").read_text(encoding="utf-8")
    return page.replace(PLACE, f"http://127.0.0.1:{port}")
