"""What is destroyed by which rule, and the frame that says so. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from kiosk.core.change import Change, ProjectionError, Read
from kiosk.core.frames import Frame

KIND = "erased"


class Rule(StrEnum):
    """Why something of a person is destroyed; but for the first, the config has how many days it is kept before."""

    CONFIRMED = "confirmed"
    AUDIT_TERM = "audit-term"
    RELEASED_TERM = "released-term"
    CALL_TERM = "call-term"


class Due(NamedTuple):
    """`items`: references of records, of the last rule the numbers of call-back entries."""

    rule: Rule
    items: list[str]


def erased(frame: Frame, read: Read) -> list[Change]:
    """The projection of a frame of kind `erased`: what of the records is in the vault is in no table."""
    if frame.data["rule"] not in set(Rule) or not frame.data["refs"]:
        raise ProjectionError(f"{KIND}: of records, by one of {', '.join(Rule)}")
    return []
