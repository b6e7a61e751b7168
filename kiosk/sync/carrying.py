"""Carry the journal to the centre on a stick, and receipt and records back, where there is no link.

Nothing is noted of what was written: unsent is all after the acknowledged frame, so what a lost stick held is on the
next one. A stick that comes twice, late, or after a newer one brings nothing new.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.crypto.checkpoint import verify_receipt
from kiosk.crypto.jose import SignatureError, signer
from kiosk.crypto.keys import OKPKey, thumbprint
from kiosk.errors import Rejected
from kiosk.sync.client import HubUnreachable, Receipt
from kiosk.sync.enrol import Pins
from kiosk.sync.intake import Accepted, Intake, Judged, RecordSink, RefusedRecord, Withdrawn
from kiosk.sync.packing import Progress, Sender, Written, packed, write
from kiosk.sync.pinned import Pinned
from kiosk.sync.shipping import REQUEST_BYTES, Acknowledged, FrameSource
from kiosk.sync.stick import Kind, Manifest, Parcel, Reason, StickRefused, parcels
from kiosk.sync.stream import WITHDRAWAL, Item, NotItems, read_items

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Exported:
    """Frames after `after`, up to `through`, were written; none if they are equal."""

    after: int
    through: int
    written: Written


@dataclass
class Unused:
    """A parcel that was not used to its end, and why: a keyword, and the line for it."""

    parcel: str
    reason: str
    detail: str


@dataclass
class Imported:
    """`acknowledged`: the newest frame that the centre has confirmed; `confirmed`: how many of them were not before.
    `records`: taken in; `refused`: how many that may not be printed here came besides; `withdrawn`: taken back."""

    acknowledged: int = 0
    confirmed: int = 0
    records: int = 0
    refused: int = 0
    withdrawn: int = 0
    unused: list[Unused] = field(default_factory=list)


class Carrier:
    """The station's end. Not for two threads at once; link and printing go on meanwhile.

    `key`: the station's own, to sign; `own`: those that open what is sealed for it. `now_ms`: Unix.
    """

    def __init__(
        self, pinned: Pinned, key: OKPKey, own: Callable[[], Sequence[OKPKey]], source: FrameSource,
        acknowledged: Acknowledged, sink: RecordSink, now_ms: Callable[[], int],
    ) -> None:  # fmt: skip
        self._pinned = pinned
        self.key = key
        self._own = own
        self._source = source
        self._acknowledged = acknowledged
        self._sink = sink
        self._now_ms = now_ms

    @property
    def _pins(self) -> Pins:
        return self._pinned.pins

    @property
    def acknowledged(self) -> int:
        """The newest frame that the centre has confirmed."""
        return self._acknowledged.position.seq

    def export(self, root: Path, progress: Progress = lambda done, of: None, *, everything: bool = False) -> Exported:
        """Write what the centre has not confirmed, and what it has to know to answer; the stick may then be pulled.

        `everything`: from the first frame on, for a centre that lost some. Blocks for the stick. StickRefused
        `stick-full`, StickGone.
        """
        after = 0 if everything else self._acknowledged.position.seq
        through = self._source.last_seq
        told = {
            "after": after, "through": through, "checkpoint": self._source.checkpoint(),
            "cursor": self._sink.cursor, "room": max(0, self._sink.room), "centre": thumbprint(self._pins.signing[0]),
        }  # fmt: skip
        sender = Sender(self._pins.station, self.key, self._pins.encryption)
        written = write(
            root, Kind.JOURNAL, sender, told, self._now_ms(), lambda: packed(self._lines(after, through)), progress
        )
        log.info("stick: frames %d to %d written to %s", after + 1, through, root / written.name)
        return Exported(after, through, written)

    def _lines(self, after: int, through: int) -> Iterator[bytes]:
        while after < through:
            lines, _, _ = self._source.frames_after(after, REQUEST_BYTES)
            yield from lines[: through - after]
            after += len(lines)

    def take(self, root: Path, progress: Progress = lambda done, of: None) -> Imported:
        """Believe the receipts and take in the records that are for this station, by the checks of the link.

        Blocks for the stick, and for the vault. StickRefused `nothing-here`, StickGone; what was taken stays so.
        """
        mine = [parcel for parcel in parcels(root, Kind.INTAKE) if parcel.station == self._pins.station]
        if not mine:
            others = ", ".join(sorted({parcel.station for parcel in parcels(root, Kind.INTAKE)}))
            found = f"; it has some for {others}" if others else ""
            raise StickRefused(f"{root}: nothing of the centre's for {self._pins.station}{found}", Reason.NOTHING)
        before, sink = self._acknowledged.position.seq, _Counting(self._sink)
        done = Imported()
        for parcel in mine:
            try:
                self._pinned.hear(parcel.announcements)
                manifest = parcel.manifest(self._pins.signing)
                self._confirm(manifest.told["receipt"])
                self._take_in(_Answer(parcel, manifest, self._pins, self._own(), progress), sink)
            except Rejected as exc:
                log.warning("stick: %s refused, %s: %s", parcel.name, exc.reason, exc)
                done.unused.append(Unused(parcel.name, exc.reason, str(exc)))
        done.acknowledged = self._acknowledged.position.seq
        done.confirmed = max(0, done.acknowledged - before)
        done.records, done.refused, done.withdrawn = sink.accepted, sink.refused, sink.withdrawn
        return done

    def _confirm(self, token: str) -> None:
        try:
            position = verify_receipt(token, self._pins.signing)
        except SignatureError as exc:
            raise StickRefused(f"the receipt can't be trusted: {exc}", Reason.RECEIPT) from exc
        if position.seq == 0:
            return
        if (position.station, position.incarnation) != (self._pins.station, self._source.incarnation):
            raise StickRefused("the receipt is for another journal than this one", Reason.RECEIPT)
        self._acknowledged.take_later(Receipt(position, token))
        self._pinned.proved(signer(token))

    def _take_in(self, answer: _Answer, sink: _Counting) -> None:
        """StickRefused at a chunk that can't be used: what came before it is kept."""
        if int(answer.after or 0) > int(sink.cursor or 0):
            raise StickRefused(
                f"{answer.name}: records before these are missing: export once more, and let the centre answer that",
                Reason.GAP,
            )
        intake = Intake(answer, sink, garbles=False)
        try:
            while intake.step():
                continue
        except HubUnreachable as exc:
            raise StickRefused(f"{answer.name}: {exc}", Reason.CONTENT) from exc
        if sink.room <= 0 and next(answer.items(sink.cursor, 1), None) is not None:
            raise StickRefused("no more records have room here: print some, then read this again", Reason.ROOM)


class _Answer:
    """The records of one parcel, for `Intake`, as the link would bring them."""

    def __init__(
        self, parcel: Parcel, manifest: Manifest, pins: Pins, own: Sequence[OKPKey], progress: Progress
    ) -> None:
        self.station = pins.station
        self.hub_keys = pins.signing
        self.after: str = manifest.told["after"]
        self.name = parcel.name
        self._parcel = parcel
        self._manifest = manifest
        self._own = own
        self._progress = progress
        self._at = 1

    def items(self, after: str, limit: int) -> Generator[Item, None, None]:
        """Items behind the cursor, from the chunk on that held the last one asked for; 0: the withdrawals alone."""
        for number, lines in self._parcel.lines(self._manifest, self._own, self._at):
            self._at = number if limit else self._at
            try:
                behind = (item for item in read_items(lines) if int(item.cursor) > int(after or 0))
                yield from (item for item in behind if limit or item.kind == WITHDRAWAL)
            except NotItems as exc:
                raise StickRefused(f"{self.name}: {exc}", Reason.CONTENT) from exc
            self._progress(number, len(self._manifest.chunks))


class _Counting:
    """A sink that counts what passes to `inner`."""

    def __init__(self, inner: RecordSink) -> None:
        self._inner = inner
        self.accepted = self.refused = self.withdrawn = 0

    @property
    def cursor(self) -> str:
        return self._inner.cursor

    @property
    def room(self) -> int:
        return self._inner.room

    def accept(self, judged: Sequence[Judged], cursor: str) -> None:
        self._inner.accept(judged, cursor)
        self.accepted += sum(isinstance(item, Accepted) for item in judged)
        self.refused += sum(isinstance(item, RefusedRecord) for item in judged)
        self.withdrawn += sum(isinstance(item, Withdrawn) for item in judged)
