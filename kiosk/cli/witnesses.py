"""What `ledger verify` holds the journal against: positions that were signed, or written down, before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from kiosk.books import CHECKPOINTS, JOURNAL
from kiosk.journal import Anchor, checkpoints
from kiosk.journal.segments import segment_path


class WrittenHead(click.ParamType[Anchor]):
    """`4711:9f86d081884c7d65`, as on a shift slip: a frame, and its hash or the first 16 digits of it."""

    name = "SEQ:HEAD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Anchor:
        match = re.fullmatch(r"(\d{1,15}):([0-9a-f]{16,64})", str(value))
        if not match:
            self.fail(f"{value!r} is no frame and hash (4711:9f86d081884c7d65)", param, ctx)
        return Anchor(int(match[1]), match[2], f"--against {value}")


@dataclass(frozen=True)
class Witnesses:
    """`own`: the station's checkpoints, oldest first. `outside`: what nobody with this disk alone could have made."""

    own: Sequence[Anchor]
    outside: Sequence[Anchor]

    @property
    def all(self) -> list[Anchor]:
        return [*self.own, *self.outside]

    def answer(self, frames: int) -> dict[str, Any]:
        newest = max((anchor.seq for anchor in self.outside), default=0)
        return {
            "checkpoints": len(self.own),
            "checkpoint_seq": self.own[-1].seq if self.own else None,
            "outside_seq": newest or None,
            "window": frames - newest,
        }

    def text(self, frames: int) -> str:
        found = self.answer(frames)
        signed = f"{found['checkpoints']} checkpoints fit"
        if found["checkpoint_seq"]:
            signed += f", the newest of frame {found['checkpoint_seq']}"
        proved = (
            f"up to frame {found['outside_seq']} as known outside" if found["outside_seq"] else "none known outside"
        )
        return f"{signed}; {proved}: {found['window']} frames after that could have been rewritten unseen"


def witnesses(data: Path, against: Sequence[Anchor]) -> Witnesses:
    """All checkpoints, the centre's newest receipt, and `against`. DamagedData names a checkpoint that is none."""
    if not segment_path(data / JOURNAL, 1).exists():
        return Witnesses((), against)
    genesis = checkpoints.genesis_of(data / JOURNAL).data
    own = tuple(checkpoints.every(data / CHECKPOINTS, genesis))
    receipt, pins = data / "sync" / "ack.json", data / "keys" / "hub.json"
    if not (receipt.exists() and pins.exists()):
        return Witnesses(own, against)
    from kiosk.sync.enrol import load_pins  # the link's libraries, which no other ledger command needs
    from kiosk.sync.shipping import AckStore

    held = AckStore(receipt).load(genesis["station"], genesis["incarnation"], load_pins(pins).believed)
    given = [Anchor(held.seq, held.head, f"{receipt}, signed by the centre")] if held and held.seq else []
    return Witnesses(own, [*given, *against])
