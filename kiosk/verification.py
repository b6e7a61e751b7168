"""The audit of the whole journal, beside a running station: every frame, from the first, without a lock.

It is held against what was signed, or written down, before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk import lineage
from kiosk.books import CHECKPOINTS, JOURNAL
from kiosk.core.frames import Frame
from kiosk.journal import Anchor, checkpoints, held_against, scan
from kiosk.journal.segments import segment_path
from kiosk.past import audited
from kiosk.replay import replay
from kiosk.views import View

ENVELOPE_BYTES = 90
"""Of a line, around the record; an estimate, for whoever shows how far it is."""


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


@dataclass(frozen=True)
class Verified:
    """`view`: what follows from the frames, from nothing. `last`: the newest of them, None if there is none yet."""

    view: View
    last: Frame | None
    held: Witnesses


def verify(
    data: Path, against: Sequence[Anchor] = (), seen: Callable[[Frame], None] = lambda frame: None
) -> Verified:
    """Checksum, chain, sequence, and that each event fits the ones before it, however old: no chip is written for two
    cards, no record is printed twice without a reprint. DamagedData where one is not so.

    `seen` is called with each frame of the present journal; what it raises ends it. A minute for a million frames.
    """
    held = witnesses(data, against)
    last: deque[Frame] = deque(maxlen=1)

    def noted(frames: Iterable[Frame]) -> Iterator[Frame]:
        for frame in frames:
            last.append(frame)
            seen(frame)
            yield frame

    line = lineage.in_order(lineage.find(data))

    def read(volume: lineage.Volume) -> Iterable[Frame]:
        if volume is line[-1]:
            return noted(held_against(scan(volume.directory), held.all))
        return volume.frames()

    view = replay(audited(lineage.history(line, read) if line else scan(data / JOURNAL)))
    return Verified(view, last[0] if last else None, held)
