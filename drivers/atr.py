"""What a card says of itself when it is powered: its answer to reset, and the capabilities in it.

Pure. Sources: ISO/IEC 7816-3:2006, 8.2 (ATR); ISO/IEC 7816-4:2005, 8.1.1 (historical bytes). Of a contactless card
it is the reader that makes the ATR up, around the card's own historical bytes (PC/SC part 3, 3.1.3.2.3.1).
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.errors import ProtocolViolation


@dataclass(frozen=True)
class Capabilities:
    """How a card takes commands with more than 255 bytes of data; by default it does not."""

    chaining: bool = False
    extended: bool = False

    @classmethod
    def of(cls, atr: bytes) -> Capabilities:
        """What the card capabilities among the historical bytes say: bits 8 and 7 of their third byte.

        7816-4, 8.1.1.2.7. A card that says nothing there gets short commands. ProtocolViolation for what is no ATR.
        """
        table = _compact_tlv(historical_bytes(atr)).get(0x7, b"")
        third = table[2] if len(table) == 3 else 0
        return cls(chaining=bool(third & 0x80), extended=bool(third & 0x40))


SHORT_ONLY = Capabilities()
_GLOBAL = 15
"""T=15 is no protocol: it marks interface bytes that hold for all of them (7816-3, 8.2.3)."""


def historical_bytes(atr: bytes) -> bytes:
    """What comes after TS, T0 and the interface bytes that T0 and each TD announce. ProtocolViolation if cut."""
    at, _ = _interface(atr)
    size = int.from_bytes(atr[1:2]) & 0xF
    if len(atr) < at + size:
        raise ProtocolViolation("an ATR that is cut off", atr)
    return atr[at : at + size]


def protocols(atr: bytes) -> list[int]:
    """The T of each transmission protocol that the card offers, in its order; 0 if it names none (7816-3, 8.2.3)."""
    _, named = _interface(atr)
    return [t for t in dict.fromkeys(named) if t != _GLOBAL] or [0]


def _interface(atr: bytes) -> tuple[int, list[int]]:
    """Where the interface bytes end, and the T that each TD among them names."""
    at, announced, named = 2, int.from_bytes(atr[1:2]) >> 4, []
    while announced:
        at += announced.bit_count()
        last = int.from_bytes(atr[at - 1 : at])
        if announced & 0x8:
            named.append(last & 0xF)
        announced = last >> 4 if announced & 0x8 else 0
    return at, named


def _compact_tlv(historical: bytes) -> dict[int, bytes]:
    """Tag number to value (7816-4, 8.1.1.2); nothing for the categories that are not coded so."""
    category, rest = historical[:1], historical[1:]
    if category == b"\x00":
        rest = rest[:-3]  # the status indicator
    elif category != b"\x80":
        return {}
    found = {}
    while rest:
        tag, size = rest[0] >> 4, rest[0] & 0xF
        found[tag], rest = rest[1 : 1 + size], rest[1 + size :]
    return found
