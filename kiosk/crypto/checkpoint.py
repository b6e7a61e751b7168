"""Signed statements about a journal: the station's checkpoint and the hub's receipt.

Both name a position (incarnation, sequence, head). Whoever holds one can tell a rewritten or rolled-back
journal from the true one; the window is what was written after the newest statement held outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kiosk.crypto.jose import CHECKPOINT, RECEIPT, Fault, SignatureError, sign, verify
from kiosk.crypto.keys import OKPKey

Balances = Mapping[str, Mapping[str, int]]

_NAME = re.compile(r"[0-9a-z-]{0,64}")
_HEAD = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Position:
    """The frame `seq` (0: none yet) of one incarnation of a station's journal, and its hash."""

    station: str
    incarnation: str
    seq: int
    head: str

    @property
    def claims(self) -> dict[str, Any]:
        return {
            "station": self.station, "incarnation": self.incarnation, "seq": self.seq, "head": self.head,
        }  # fmt: skip


@dataclass(frozen=True)
class Checkpoint:
    """The station's word: position, and what the accounts held there ({sku: {account: quantity}})."""

    position: Position
    balances: Balances = field(default_factory=dict)


def sign_checkpoint(checkpoint: Checkpoint, key: OKPKey) -> str:
    balances = {sku: dict(accounts) for sku, accounts in checkpoint.balances.items()}
    return sign({**checkpoint.position.claims, "balances": balances}, key, CHECKPOINT)


def verify_checkpoint(token: str, keys: Iterable[OKPKey]) -> Checkpoint:
    """SignatureError unless one of the station's keys signed exactly this shape."""
    claims = verify(token, keys, CHECKPOINT)
    balances = claims.pop("balances", None)
    if not _are_balances(balances):
        raise SignatureError("balances are not {sku: {account: integer}}", Fault.WRONG_CLAIMS)
    return Checkpoint(parse_position(claims), balances)


def sign_receipt(position: Position, key: OKPKey) -> str:
    """The hub's word that every frame up to `position` is durably applied there."""
    return sign(position.claims, key, RECEIPT)


def verify_receipt(token: str, keys: Iterable[OKPKey]) -> Position:
    """SignatureError unless one of the pinned hub keys signed exactly this shape."""
    return parse_position(verify(token, keys, RECEIPT))


def parse_position(claims: Mapping[str, Any]) -> Position:
    """SignatureError unless the claims are exactly `Position.claims`."""
    shape = {"station": str, "incarnation": str, "seq": int, "head": str}
    if claims.keys() != shape.keys() or any(type(claims[name]) is not kind for name, kind in shape.items()):
        raise SignatureError("not a position: station, incarnation, seq, head", Fault.WRONG_CLAIMS)
    if not (_NAME.fullmatch(claims["station"]) and _NAME.fullmatch(claims["incarnation"])):
        raise SignatureError("station or incarnation is no name", Fault.WRONG_CLAIMS)
    if not 0 <= claims["seq"] < 1 << 62 or not _HEAD.fullmatch(claims["head"]):
        raise SignatureError("sequence or head is out of range", Fault.WRONG_CLAIMS)
    return Position(**claims)


def _are_balances(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(accounts, dict) and all(type(quantity) is int for quantity in accounts.values())
        for accounts in value.values()
    )
