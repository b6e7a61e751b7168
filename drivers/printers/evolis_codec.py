"""Commands and replies of the Evolis ESC language. Pure, no I/O.

Sources, cited as
  G     Programming Guide A5013 Rev E (2004), page
  SDK   what the vendor's library 9.4.1 sends and accepts, and its header `evo-printers.h` for the status bits
  KC    comments in an open kiosk program that record replies of a KC200-class printer: medium confidence
No reply here was captured by us from a real printer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from drivers.errors import ProtocolViolation
from drivers.protocols import Position

__all__ = [
    "PADDING",
    "REPLY_ENDS",
    "TRANSCRIPT",
    "StatusWords",
    "Vector",
    "frame",
    "is_failure",
    "parse_count",
    "parse_done",
    "parse_presence",
    "parse_ribbon_left",
    "parse_status",
    "parse_text",
    "reasons_of_reply",
]

REPLY_ENDS = b"\x00\r"  # NUL on USB and TCP (SDK); RS-232 is not described, so CR as well
PADDING = b"\x00\r\n"  # may stand between replies

_FLIP = 0x0010_0000  # CFG: has a flip-over (SDK header)
_RESET = 0x0001_0000  # INF: rebooted
_PRINTING = 0x0000_0080  # INF: a panel is under the head

_POSITIONS = {  # INF bits, SDK header. CARD_HOPPER (4000_0000) is not among them: that card has left the path.
    0x2000_0000: Position.UNKNOWN,  # CARD_FEEDER: between feeder and print head
    0x1000_0000: Position.UNKNOWN,  # CARD_FLIP: in the flip-over
    0x0800_0000: Position.CONTACTLESS,
    0x0400_0000: Position.CONTACT,
    0x0200_0000: Position.PRINT,
    0x0100_0000: Position.EJECT,
}

_PRESENCES = {  # Rlr;p, G p. 34 and KC
    "OK": Position.NONE,
    "NO CARD": Position.NONE,
    "CARD": Position.PRINT,
    "SMART CARD": Position.CONTACT,
    "CONTACTLESS CARD": Position.CONTACTLESS,
    "ERR CARD": Position.UNKNOWN,
}


class _Bit(NamedTuple):
    """`keyword`: printer-state-reason. `stops`: the printer moves no card until a person acts."""

    word: str
    mask: int
    keyword: str
    stops: bool


_REASONS = (  # SDK header; keywords of RFC 8011 5.4.12 and the IANA IPP registry
    _Bit("err", 0x2000_0000, "fuser-over-temp", True),  # HEAD_TEMP: the nearest keyword for a thermal head
    _Bit("err", 0x0800_0000, "media-needed", True),  # FEEDER_ERROR: a card was wanted and none came
    _Bit("err", 0x0400_0000, "marker-supply-missing", True),  # RIBBON_ERROR: torn
    _Bit("err", 0x0200_0000, "cover-open", True),
    _Bit("err", 0x0100_0000, "media-jam", True),
    _Bit("err", 0x0080_0000, "output-area-full", True),  # REJECT_BOX_FULL
    _Bit("err", 0x0040_0000, "marker-supply-missing", True),  # BAD_RIBBON
    _Bit("err", 0x0020_0000, "marker-supply-empty", True),  # RIBBON_ENDED
    _Bit("err", 0x0010_0000, "output-area-full", True),  # HOPPER_FULL
    _Bit("err", 0x0000_0200, "output-area-full", True),  # CARD_ON_EJECT: not taken in time
    _Bit("err", 0x0000_0100, "media-needed", True),  # NO_CARD_INSERTED
    _Bit("err", 0x0000_0080, "input-tray-missing", True),  # FEEDER_OPEN
    _Bit("war", 0x4000_0000, "marker-supply-missing", True),  # REMOVE_RIBBON: the one in it cannot be used
    _Bit("war", 0x0800_0000, "output-area-full", True),  # REJECT_BOX_FULL
    _Bit("war", 0x0400_0000, "output-area-full", False),  # CARD_ON_EJECT: waits to be taken
    _Bit("war", 0x0200_0000, "media-needed", True),  # WAIT_CARD
    _Bit("war", 0x0100_0000, "media-empty", True),  # FEEDER_EMPTY
    _Bit("war", 0x0020_0000, "fuser-over-temp", False),  # COOLING: goes on by itself
    _Bit("war", 0x0010_0000, "output-area-full", True),  # HOPPER_FULL
    _Bit("war", 0x0008_0000, "marker-supply-empty", True),  # RIBBON_ENDED
    _Bit("war", 0x0004_0000, "interlock-open", True),  # PRINTER_LOCKED
    _Bit("war", 0x0002_0000, "cover-open", True),
    _Bit("war", 0x0001_0000, "marker-supply-missing", True),  # NO_RIBBON
    _Bit("war", 0x0000_8000, "marker-supply-missing", True),  # UNSUPPORTED_RIBBON
    _Bit("war", 0x0000_0100, "input-tray-missing", True),  # FEEDER_OPEN
    _Bit("inf", 0x0008_0000, "marker-supply-low", False),  # RIBBON_LOW
    _Bit("inf", 0x0004_0000, "cleaner-life-over", False),  # CLEANING_MANDATORY: for the warranty, it still prints
    _Bit("inf", 0x0002_0000, "cleaner-life-almost-over", False),  # CLEANING
    _Bit("inf", 0x0000_0100, "cleaner-life-over", False),  # CLEANING_REQUIRED
)
_NAMED = {word: sum(bit.mask for bit in _REASONS if bit.word == word) for word in ("err", "war")}

_FAILURES = {  # G p. 34, SDK strings, KC; matched by prefix, first wins
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
}
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
        """An error bit without a keyword is `other`. `media-empty` is the cause of `media-needed`, and hides it."""
        found = self._keywords(stops=True)
        if self.err & ~_NAMED["err"]:
            found.add("other")
        if "media-empty" in found:
            found.discard("media-needed")
        return frozenset(found)

    @property
    def warnings(self) -> frozenset[str]:
        found = self._keywords(stops=False)
        if self.war & ~_NAMED["war"]:
            found.add("other")
        return frozenset(found) - self.stopping

    def _keywords(self, *, stops: bool) -> set[str]:
        words = {"inf": self.inf, "war": self.war, "err": self.err}
        return {bit.keyword for bit in _REASONS if bit.stops is stops and words[bit.word] & bit.mask}


def frame(command: str) -> bytes:
    """ESC command CR (G p. 4)."""
    return b"\x1b%s\r" % command.encode("ascii")


def parse_text(reply: bytes) -> str:
    """A reply as text: one line of printable ASCII, not empty. ProtocolViolation otherwise."""
    if not re.fullmatch(rb"[ -~]+", reply):
        raise ProtocolViolation(f"not a line of text: {reply[:64]!r}", reply)
    return reply.decode("ascii").strip()


def is_failure(text: str) -> bool:
    """Anything that starts with ERR is a failure (SDK), and so are the named ones that do not."""
    return text.startswith((*_FAILURES, *_NOT_UNDERSTOOD))


def reasons_of_reply(text: str) -> frozenset[str]:
    """Keyword for a failure reply; used where the status words name none.

    ProtocolViolation if the printer did not understand: then it is not the machine this driver is for.
    """
    if text.startswith(_NOT_UNDERSTOOD):
        raise ProtocolViolation(f"command not understood: {text}", text.encode())
    return frozenset({next((word for start, word in _FAILURES.items() if text.startswith(start)), "other")})


def parse_done(text: str) -> bool:
    """True for OK, False for a failure reply; ProtocolViolation for anything else."""
    if text == "OK":
        return True
    if is_failure(text):
        return False
    raise ProtocolViolation(f"neither OK nor an error: {text!r}", text.encode())


def parse_count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text):
        raise ProtocolViolation(f"not a counter: {text!r}", text.encode())
    return int(text)


def parse_ribbon_left(text: str) -> int | None:
    """Cards left; None if the printer cannot read the ribbon's tag."""
    return None if text.startswith("ERR RIB") else parse_count(text)


def parse_presence(text: str) -> Position:
    """Where the card is; UNKNOWN for one between two stations."""
    if text not in _PRESENCES:
        raise ProtocolViolation(f"not a card position: {text!r}", text.encode())
    return _PRESENCES[text]


def parse_status(text: str) -> StatusWords:
    """CFG INF WAR ERR, 8 hex digits each, then up to four extension words. Nothing shorter or longer is read."""
    if not re.fullmatch(r"[0-9A-Fa-f]{32}(?:[0-9A-Fa-f]{8}){0,4}", text):
        raise ProtocolViolation(f"not status words: {text!r}", text.encode())
    cfg, inf, war, err = (int(text[at : at + 8], 16) for at in range(0, 32, 8))
    return StatusWords(cfg, inf, war, err)


class Vector(NamedTuple):
    """`meaning`: what the reply parses to."""

    command: bytes
    reply: bytes
    meaning: object
    source: str


TRANSCRIPT = (
    Vector(b"\x1bRok\r", b"OK", True, "SDK sends it on open; KC"),
    Vector(b"\x1bRtp\r", b"Primacy", "Primacy", "G p. 38; SDK accepts this name"),
    Vector(b"\x1bRco;c\r", b"1204", 1204, "G p. 31, inserted cards"),
    Vector(b"\x1bRco;p\r", b"6020", 6020, "G p. 31, printed panels"),
    Vector(b"\x1bRrt;count\r", b"271", 271, "KC"),
    Vector(b"\x1bRrt;count\r", b"ERR RIB DETECTION", None, "KC: no ribbon, or its tag cannot be read"),
    Vector(
        b"\x1bRpst\r",
        b"8000A000020000000000000000000000",
        StatusWords(cfg=0x8000A000, inf=0x02000000, war=0, err=0),
        "SDK: accepted as Primacy, card at the print position",
    ),
    Vector(b"\x1bRlr;p\r", b"CONTACTLESS CARD", Position.CONTACTLESS, "KC"),
    Vector(b"\x1bRlr;p\r", b"ERR CARD", Position.UNKNOWN, "G p. 34"),
    Vector(b"\x1bPem;2\r", b"OK", True, "G p. 20, host decides after an error; SDK"),
    Vector(b"\x1bPcim;F\r", b"OK", True, "SDK, feeder is the input tray"),
    Vector(b"\x1bPneab;E\r", b"ERROR CDE", False, "KC command; SDK string for an unknown one"),
    Vector(b"\x1bSic\r", b"OK", True, "G p. 43; SDK"),
    Vector(b"\x1bSic\r", b"ERROR FEEDER", False, "SDK: insertion failed"),
    Vector(b"\x1bSic\r", b"ERROR MECA", False, "SDK: card error"),
    Vector(b"\x1bPr;ymcko\r", b"OK", True, "G p. 25"),
    Vector(b"\x1bSs\r", b"OK", True, "G p. 42"),
    Vector(b"\x1bSr\r", b"OK", True, "G p. 43"),
    Vector(b"\x1bSv\r", b"OK", True, "G p. 45, what follows is for the back; SDK"),
    Vector(b"\x1bSe\r", b"OK", True, "G p. 42"),
    Vector(b"\x1bSce\r", b"OK", True, "SDK, eject"),
    Vector(b"\x1bSer\r", b"OK", True, "SDK, eject to the reject box"),
    Vector(b"\x1bScs\r", b"OK", True, "G p. 41, clear status; SDK"),
)
