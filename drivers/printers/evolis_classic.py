"""What an Evolis printer tells of itself that has no status words: those of the guide of 2004. Pure, no I/O.

Four questions take the place of `Rpst`. Failure replies stand here until they are cleared: no question brings them
back. Such a printer can't tell an empty hopper from a card that was not picked, nor a missing ribbon from one at its
end. It says nothing of trays, of a ribbon that runs low, of a panel under the head. A restart is missed if somebody
saved in it the error management that we set.

Sources as in `evolis_codec`. The voltages are KC's: medium confidence. An empty path is NO CARD in G (p. 34), OK on
newer printers. What an OK is here no source tells, so it is a card somewhere: one overlooked costs more than a stop.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from drivers.errors import ProtocolViolation
from drivers.printers.evolis_codec import parse_done, parse_presence
from drivers.printers.evolis_status import StatusWords, mask_of, reasons_of_reply
from drivers.protocols import Position

__all__ = [
    "MODES",
    "QUESTIONS",
    "Told",
    "is_classic",
    "parse_cover_open",
    "parse_restarted",
    "parse_ribbon_ended",
    "told",
]

_HOST_DECIDES = "2"
QUESTIONS = ("Rlr;p", "Rse;o", "Rcr", "Rem;1")
MODES = (f"Pem;{_HOST_DECIDES}", "Pmi;F")  # G p. 20, p. 22

_RESET = mask_of("inf", "RESET")
_COVER_OPEN = mask_of("war", "COVER_OPEN")
_RIBBON_ENDED = mask_of("war", "RIBBON_ENDED")
_HALF_V = 2.5


@dataclass(frozen=True)
class Told(StatusWords):
    """Status words made of the answers. `failed`: reasons of failure replies since the last clear."""

    failed: frozenset[str] = frozenset()

    @property
    def stopping(self) -> frozenset[str]:
        return super().stopping | self.failed


def is_classic(reply: str) -> bool:
    """Whether this reply to `Rpst` comes from a printer that does not know it."""
    return reply.startswith("ERROR CDE")


def told(answers: Sequence[str], failed: frozenset[str]) -> Told:
    """`answers`: to the four `QUESTIONS`, in order. ProtocolViolation if one is no answer to its question."""
    where, cover, ribbon, mode = answers
    inf = _RESET if parse_restarted(mode) else 0
    war = _COVER_OPEN if parse_cover_open(cover) else 0
    war |= _RIBBON_ENDED if parse_ribbon_ended(ribbon) else 0
    presence = Position.UNKNOWN if where == "OK" else parse_presence(where)
    return Told(0, inf, war, 0, presence, failed)


def parse_cover_open(text: str) -> bool:
    """`Rse;o` (G p. 37): 5,00 Volts closed, 0,00 Volts open (KC)."""
    if not re.fullmatch(r"[0-9]{1,2},[0-9]{2} Volts", text):
        raise ProtocolViolation(f"not a voltage: {text!r}", text.encode())
    return float(text.removesuffix(" Volts").replace(",", ".")) < _HALF_V


def parse_ribbon_ended(text: str) -> bool:
    """`Rcr`: OK unless the ribbon is on its end mark (G p. 32)."""
    return not parse_done(text) and bool(reasons_of_reply(text))


def parse_restarted(text: str) -> bool:
    """`Rem;1`: error management falls back to 0 at power-on unless saved (G p. 20), so the mode is the mark."""
    if not re.fullmatch(r"[0-9]{1,2}", text):
        raise ProtocolViolation(f"not an error management: {text!r}", text.encode())
    return text != _HOST_DECIDES
