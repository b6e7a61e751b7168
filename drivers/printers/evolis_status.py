"""What an Evolis printer says of itself, as IPP printer-state-reasons. Pure, no I/O.

Every bit of INF, WAR and ERR that the vendor's header `evo-printers.h` names (SDK) is a row of `STATUS_BITS`. Of the
extension words EX1 to EX4 no state bit is known: they are read past. Failure replies: Programming Guide A5013 Rev E
p. 34 (G), strings in the vendor's library 9.4.1 (SDK), comments in an open kiosk program (KC, medium confidence).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from drivers.errors import ProtocolViolation, Severity
from drivers.protocols import Position

__all__ = [
    "FAILURE_REPLIES",
    "NO_REASON",
    "STATUS_BITS",
    "StatusBit",
    "StatusWords",
    "is_failure",
    "mask_of",
    "reasons_of_reply",
]

NO_REASON = "none"
"""RFC 8011's keyword for a state that is no reason; it is never among those of a `StatusWords`."""

_FLIP = 0x0010_0000  # CFG: has a flip-over

_POSITIONS = {  # INF bits. CARD_HOPPER (4000_0000) is not among them: that card has left the path.
    0x2000_0000: Position.UNKNOWN,  # CARD_FEEDER: between feeder and print head
    0x1000_0000: Position.UNKNOWN,  # CARD_FLIP: in the flip-over
    0x0800_0000: Position.CONTACTLESS,
    0x0400_0000: Position.CONTACT,
    0x0200_0000: Position.PRINT,
    0x0100_0000: Position.EJECT,
}

_REPORT, _WARNING, _ERROR = Severity.REPORT, Severity.WARNING, Severity.ERROR


class StatusBit(NamedTuple):
    """`keyword`: RFC 8011 5.4.12 or PWG 5100.9; `other` where neither has a word. ERROR: no card moves."""

    word: str
    name: str
    mask: int
    keyword: str
    severity: Severity


STATUS_BITS = (
    StatusBit("inf", "CLAIM", 0x8000_0000, NO_REASON, _REPORT),
    StatusBit("inf", "CARD_HOPPER", 0x4000_0000, NO_REASON, _REPORT),
    StatusBit("inf", "CARD_FEEDER", 0x2000_0000, NO_REASON, _REPORT),
    StatusBit("inf", "CARD_FLIP", 0x1000_0000, NO_REASON, _REPORT),
    StatusBit("inf", "CARD_CONTACTLESS", 0x0800_0000, NO_REASON, _REPORT),
    StatusBit("inf", "CARD_SMART", 0x0400_0000, NO_REASON, _REPORT),
    StatusBit("inf", "CARD_PRINT", 0x0200_0000, NO_REASON, _REPORT),
    StatusBit("inf", "CARD_EJECT", 0x0100_0000, NO_REASON, _REPORT),
    StatusBit("inf", "PRINTER_MASTER", 0x0080_0000, NO_REASON, _REPORT),
    StatusBit("inf", "SLEEP_MODE", 0x0020_0000, NO_REASON, _REPORT),
    StatusBit("inf", "UNKNOWN_RIBBON", 0x0010_0000, "other", _WARNING),
    StatusBit("inf", "RIBBON_LOW", 0x0008_0000, "marker-supply-low", _WARNING),
    StatusBit("inf", "CLEANING_MANDATORY", 0x0004_0000, "cleaner-life-over", _WARNING),  # for the warranty: it prints
    StatusBit("inf", "CLEANING", 0x0002_0000, "cleaner-life-almost-over", _WARNING),
    StatusBit("inf", "RESET", 0x0001_0000, NO_REASON, _REPORT),  # `StatusWords.just_reset` says it
    StatusBit("inf", "RIBBON_CHANGED", 0x0000_0200, NO_REASON, _REPORT),
    StatusBit("inf", "CLEANING_REQUIRED", 0x0000_0100, "cleaner-life-over", _WARNING),
    StatusBit("inf", "PRINTING_RUNNING", 0x0000_0080, NO_REASON, _REPORT),
    StatusBit("inf", "ENCODING_RUNNING", 0x0000_0040, NO_REASON, _REPORT),
    StatusBit("inf", "CLEANING_RUNNING", 0x0000_0020, NO_REASON, _REPORT),
    StatusBit("inf", "UPDATING_FIRMWARE", 0x0000_0002, "other", _ERROR),  # ours to decide: no card into it meanwhile
    StatusBit("inf", "BUSY", 0x0000_0001, NO_REASON, _REPORT),
    StatusBit("war", "POWER_SUPPLY", 0x8000_0000, "other", _WARNING),
    StatusBit("war", "REMOVE_RIBBON", 0x4000_0000, "marker-supply-missing", _ERROR),  # the one in it cannot be used
    StatusBit("war", "REJECT_BOX_FULL", 0x0800_0000, "output-area-full", _ERROR),
    StatusBit("war", "CARD_ON_EJECT", 0x0400_0000, "output-area-full", _WARNING),  # waits to be taken
    StatusBit("war", "WAIT_CARD", 0x0200_0000, "media-needed", _ERROR),
    StatusBit("war", "FEEDER_EMPTY", 0x0100_0000, "media-empty", _ERROR),
    StatusBit("war", "COOLING", 0x0020_0000, "fuser-over-temp", _WARNING),  # goes on by itself
    StatusBit("war", "HOPPER_FULL", 0x0010_0000, "output-area-full", _ERROR),
    StatusBit("war", "RIBBON_ENDED", 0x0008_0000, "marker-supply-empty", _ERROR),
    StatusBit("war", "PRINTER_LOCKED", 0x0004_0000, "interlock-open", _ERROR),
    StatusBit("war", "COVER_OPEN", 0x0002_0000, "cover-open", _ERROR),
    StatusBit("war", "NO_RIBBON", 0x0001_0000, "marker-supply-missing", _ERROR),
    StatusBit("war", "UNSUPPORTED_RIBBON", 0x0000_8000, "marker-supply-missing", _ERROR),
    StatusBit("war", "FEEDER_OPEN", 0x0000_0100, "input-tray-missing", _ERROR),
    StatusBit("err", "HEAD_TEMP", 0x2000_0000, "fuser-over-temp", _ERROR),  # the nearest keyword for a thermal head
    StatusBit("err", "NO_OPTION", 0x1000_0000, "other", _ERROR),
    StatusBit("err", "FEEDER_ERROR", 0x0800_0000, "media-needed", _ERROR),  # a card was wanted and none came
    StatusBit("err", "RIBBON_ERROR", 0x0400_0000, "marker-supply-missing", _ERROR),  # torn
    StatusBit("err", "COVER_OPEN", 0x0200_0000, "cover-open", _ERROR),
    StatusBit("err", "MECHANICAL", 0x0100_0000, "media-jam", _ERROR),
    StatusBit("err", "REJECT_BOX_FULL", 0x0080_0000, "output-area-full", _ERROR),
    StatusBit("err", "BAD_RIBBON", 0x0040_0000, "marker-supply-missing", _ERROR),
    StatusBit("err", "RIBBON_ENDED", 0x0020_0000, "marker-supply-empty", _ERROR),
    StatusBit("err", "HOPPER_FULL", 0x0010_0000, "output-area-full", _ERROR),
    # No magnetic track is used here, so what these four say is beyond us.
    StatusBit("err", "BLANK_TRACK", 0x0008_0000, "other", _ERROR),
    StatusBit("err", "MAGNETIC_DATA", 0x0004_0000, "other", _ERROR),
    StatusBit("err", "READ_MAGNETIC", 0x0002_0000, "other", _ERROR),
    StatusBit("err", "WRITE_MAGNETIC", 0x0001_0000, "other", _ERROR),
    StatusBit("err", "FEATURE", 0x0000_8000, "other", _ERROR),
    StatusBit("err", "CARD_ON_EJECT", 0x0000_0200, "output-area-full", _ERROR),  # not taken in time
    StatusBit("err", "NO_CARD_INSERTED", 0x0000_0100, "media-needed", _ERROR),
    StatusBit("err", "FEEDER_OPEN", 0x0000_0080, "input-tray-missing", _ERROR),
)


def mask_of(word: str, name: str) -> int:
    """The bit of that name. StopIteration if the header has none."""
    return next(bit.mask for bit in STATUS_BITS if (bit.word, bit.name) == (word, name))


_RESET = mask_of("inf", "RESET")
_PRINTING = mask_of("inf", "PRINTING_RUNNING")  # a panel is under the head
_UNNAMED = {"inf": _WARNING, "war": _WARNING, "err": _ERROR}
"""How much a bit weighs that no row names: it is `other`."""
_NAMED = {word: sum(bit.mask for bit in STATUS_BITS if bit.word == word) for word in _UNNAMED}

FAILURE_REPLIES: Mapping[str, str] = MappingProxyType({  # matched by prefix, first wins
    "ERROR FEEDER": "media-needed",
    "FEEDER EMPTY": "media-empty",
    "ERROR CARD": "media-needed",
    "ERROR MECA": "media-jam",
    "ERROR MECHANICAL": "media-jam",
    "ERROR TIME OUT": "media-jam",  # a movement that did not end
    "CARD JAM": "media-jam",
    "COVER OPEN": "cover-open",
    "ERROR COVER": "cover-open",
    "ERROR RIBBON": "marker-supply-empty",
    "ERR RIB": "marker-supply-missing",
    "ERROR HOPPER": "output-area-full",
    "HOPPER FULL": "output-area-full",
    "HOPPER DOOR": "output-area-full",
    "NEED CLEANING": "cleaner-life-over",
    "ERROR HEAD": "fuser-over-temp",
    "ERR": "other",
})  # fmt: skip
_NOT_UNDERSTOOD = ("ERROR CDE", "ERROR PARAM", "OPTION NOT AVAILABLE", "OPT NOT AVAILABLE")


@dataclass(frozen=True)
class StatusWords:
    """The words of `Rpst`: configuration, information, warnings, errors.

    `presence`: what `Rlr;p` says of a card that none of the position bits shows.
    """

    cfg: int
    inf: int
    war: int
    err: int
    presence: Position = Position.NONE

    @property
    def turns_cards(self) -> bool:
        return bool(self.cfg & _FLIP)

    @property
    def just_reset(self) -> bool:
        return bool(self.inf & _RESET)

    @property
    def printing(self) -> bool:
        return bool(self.inf & _PRINTING)

    @property
    def position(self) -> Position:
        """UNKNOWN if two sensors see a card: there is room for one."""
        seen = [position for bit, position in _POSITIONS.items() if self.inf & bit] or [self.presence]
        return seen[0] if len(seen) == 1 else Position.UNKNOWN

    @property
    def stopping(self) -> frozenset[str]:
        """`media-empty` is the cause of `media-needed`, and hides it."""
        found = self._keywords(_ERROR)
        return found - {"media-needed"} if "media-empty" in found else found

    @property
    def warnings(self) -> frozenset[str]:
        return self._keywords(_WARNING) - self.stopping

    def _keywords(self, severity: Severity) -> frozenset[str]:
        words = {"inf": self.inf, "war": self.war, "err": self.err}
        found = {bit.keyword for bit in STATUS_BITS if bit.severity is severity and words[bit.word] & bit.mask}
        unnamed = any(words[word] & ~_NAMED[word] for word, weight in _UNNAMED.items() if weight is severity)
        return frozenset(found | {"other"} if unnamed else found)


def is_failure(text: str) -> bool:
    """Anything that starts with ERR is a failure (SDK), and so are the named ones that do not."""
    return text.startswith((*FAILURE_REPLIES, *_NOT_UNDERSTOOD))


def reasons_of_reply(text: str) -> frozenset[str]:
    """Keyword for a failure reply; used where the status words name none.

    ProtocolViolation if the printer did not understand: then it is not the machine this driver is for.
    """
    if text.startswith(_NOT_UNDERSTOOD):
        raise ProtocolViolation(f"command not understood: {text}", text.encode())
    return frozenset({next((word for start, word in FAILURE_REPLIES.items() if text.startswith(start)), "other")})
