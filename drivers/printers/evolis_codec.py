"""Commands and replies of the Evolis ESC language. Pure, no I/O.

Sources, cited as
  G     Programming Guide A5013 Rev E (2004), page
  SDK   what the vendor's library 9.4.1 sends and accepts
  KC    comments in an open kiosk program that record replies of a KC200-class printer: medium confidence
What status words and failure replies mean: `evolis_status`. No reply here was captured by us from a real printer.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from drivers.errors import ProtocolViolation
from drivers.printers.evolis_status import StatusWords, is_failure
from drivers.protocols import Position

__all__ = [
    "PADDING",
    "REPLY_ENDS",
    "TRANSCRIPT",
    "Vector",
    "frame",
    "parse_count",
    "parse_done",
    "parse_presence",
    "parse_ribbon_left",
    "parse_status",
    "parse_text",
]

REPLY_ENDS = b"\x00\r"  # NUL on USB and TCP (SDK); RS-232 is not described, so CR as well
PADDING = b"\x00\r\n"  # may stand between replies

_PRESENCES = {  # Rlr;p, G p. 34 and KC
    "OK": Position.NONE,
    "NO CARD": Position.NONE,
    "CARD": Position.PRINT,
    "SMART CARD": Position.CONTACT,
    "CONTACTLESS CARD": Position.CONTACTLESS,
    "ERR CARD": Position.UNKNOWN,
}


def frame(command: str) -> bytes:
    """ESC command CR (G p. 4)."""
    return b"\x1b%s\r" % command.encode("ascii")


def parse_text(reply: bytes) -> str:
    """A reply as text: one line of printable ASCII, not empty. ProtocolViolation otherwise."""
    if not re.fullmatch(rb"[ -~]+", reply):
        raise ProtocolViolation(f"not a line of text: {reply[:64]!r}", reply)
    return reply.decode("ascii").strip()


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
    Vector(b"\x1bRpst\r", b"ERROR CDE", "classic", "SDK string for an unknown command; G has none of that name"),
    Vector(b"\x1bRlr;p\r", b"NO CARD", Position.NONE, "G p. 34"),
    Vector(b"\x1bRse;o\r", b"5,00 Volts", False, "G p. 37; KC for the value, cover closed"),
    Vector(b"\x1bRse;o\r", b"0,00 Volts", True, "G p. 37; KC for the value, cover open"),
    Vector(b"\x1bRcr\r", b"OK", False, "G p. 32, ribbon not on its end mark"),
    Vector(b"\x1bRcr\r", b"ERROR RIBBON", True, "G p. 32; the text is one of the SDK's for ribbons"),
    Vector(b"\x1bRem;1\r", b"2", False, "G p. 32, error management now; SDK. As it was set: not restarted"),
    Vector(b"\x1bRem;1\r", b"0", True, "G p. 20, what it falls back to at power-on"),
    Vector(b"\x1bPmi;F\r", b"OK", True, "G p. 22, cards from the feeder"),
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
