"""The centre's end of the stick: take frames from it as from the link, and answer with receipt and records."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kiosk.crypto.checkpoint import sign_receipt, verify_checkpoint
from kiosk.crypto.jose import SignatureError
from kiosk.crypto.keys import OKPKey
from kiosk.errors import Rejected, UsageError
from kiosk.hub import acceptance, delivery, listing, stations
from kiosk.hub.acceptance import BadFrames, ChainConflict
from kiosk.hub.delivery import BadCheckpoint, ShutOut
from kiosk.hub.keyring import HubKeys
from kiosk.hub.store import Store
from kiosk.sync.packing import Sender, Written, packed, write
from kiosk.sync.stick import Kind, Manifest, Parcel, Reason, StickRefused, parcels

log = logging.getLogger(__name__)

MOST_RECORDS = 5_000
HARMLESS = frozenset({Reason.UNFINISHED, Reason.MISSING})
"""What becomes of a stick that was pulled: nobody at the centre need look."""


@dataclass(frozen=True)
class Taken:
    """What became of one parcel. `through`: up to which frame it tells, 0 if its manifest is not believed; `held`: up
    to which frame the centre holds the station's journal now, `fresh` of them by this parcel. `reason` is empty
    unless it was refused, in part or whole, and `detail` is the line for it."""

    parcel: str
    station: str
    through: int
    held: int
    fresh: int
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Answer:
    """`acknowledged`: the frame up to which the receipt confirms."""

    station: str
    acknowledged: int
    written: Written


@dataclass(frozen=True)
class Told:
    """What a station said on a stick: the cursor of its newest record, and how many more it may hold."""

    station: str
    cursor: str
    room: int


class Sticks:
    """One centre's. `now_ms`: Unix, stamps rows and parcels."""

    def __init__(self, store: Store, keys: HubKeys, now_ms: int) -> None:
        self._store = store
        self._keys = keys
        self._now_ms = now_ms

    def take(self, root: Path) -> list[Taken]:
        """Apply every parcel of frames in `root`, by the checks of the link, the oldest frames first.

        One that is refused keeps no other from being taken. StickGone: what was taken until then stays so.
        """
        found = [self._look(parcel) for parcel in parcels(root, Kind.JOURNAL)]
        if not found:
            raise StickRefused(f"{root}: no station's frames are here", Reason.NOTHING)
        return [self._take(parcel) for _, parcel in sorted(found, key=lambda each: (each[0], each[1].name))]

    def told(self, root: Path) -> list[Told]:
        """What the stations whose frames lie in `root` say of themselves, each once: the newest word."""
        newest: dict[str, Manifest] = {}
        for parcel in parcels(root, Kind.JOURNAL):
            try:
                manifest = self._manifest(parcel)
            except Rejected:
                continue  # which `take` tells
            before = newest.setdefault(manifest.station, manifest)
            if manifest.told["through"] > before.told["through"]:
                newest[manifest.station] = manifest
        return [Told(name, each.told["cursor"], each.told["room"]) for name, each in sorted(newest.items())]

    def answer(self, root: Path, told: Told) -> Answer:
        """Write the receipt for what is held, and the records leased to the station behind its cursor, into `root`.

        UsageError if the station is not enrolled, or lost; StickRefused and StickGone as `kiosk.sync.packing.write`.
        """
        with self._store.snapshot() as connection:
            known = stations.find(connection, told.station)
            if known is None or known.lost:
                raise UsageError(f"station {told.station} is not enrolled, or lost")
            held = acceptance.position_of(connection, known.id, known.incarnation)
            receiver = stations.encryption_key(connection, known.id)
            called_for = stations.called_for(connection, known.id)
        said = {
            "receipt": sign_receipt(held, self._keys.signing), "after": told.cursor,
            "announcements": self._keys.news_for(called_for or self._keys.audience),
        }  # fmt: skip
        sender = Sender(known.id, self._keys.signing, receiver)
        most = min(max(told.room, 0), MOST_RECORDS)
        written = write(
            root, Kind.INTAKE, sender, said, self._now_ms, lambda: packed(self._lines(known.id, told.cursor, most))
        )
        return Answer(known.id, held.seq, written)

    def _lines(self, station: str, after: str, most: int) -> Iterator[bytes]:
        """As over the link, answer after answer; with 0 the withdrawals alone."""
        cursor, left = int(after or 0), most
        if not most:
            yield from listing.lines(self._store, station, cursor, 0, self._keys.renewed)
        while left > 0:
            before = cursor
            for line in listing.lines(self._store, station, cursor, left, self._keys.renewed):
                yield line
                cursor, left = int(json.loads(line)["cursor"]), left - 1
            if cursor == before:
                return

    def _look(self, parcel: Parcel) -> tuple[int, Parcel]:
        """With the frame behind which it begins; one that is not believed comes last, and is refused then."""
        try:
            return self._manifest(parcel).told["after"], parcel
        except Rejected:
            return 1 << 62, parcel

    def _take(self, parcel: Parcel) -> Taken:
        before = self._held(parcel.station)
        through, reason, detail = 0, "", ""
        try:
            manifest = self._manifest(parcel)
            through = manifest.told["through"]
            self._note(parcel.station, manifest.told["centre"])
            for _, lines in parcel.lines(manifest, self._keys.opening):
                delivery.deliver(self._store, parcel.station, lines, manifest.told["checkpoint"], self._now_ms)
        except ChainConflict as exc:
            reason, detail = exc.reason, str(exc)
        except ShutOut as exc:
            reason, detail = exc.reason, str(exc)
            delivery.shut_out(self._store, parcel.station, reason, self._now_ms)
        except (StickRefused, BadFrames, BadCheckpoint) as exc:
            reason, detail = exc.reason if isinstance(exc, StickRefused) else Reason.CONTENT, str(exc)
            self._alarm(parcel.station, reason, detail)
        if reason:
            log.warning("stick: %s refused, %s: %s", parcel.name, reason, detail)
        held = self._held(parcel.station)
        return Taken(parcel.name, parcel.station, through, held, max(0, held - before), reason, detail)

    def _note(self, station: str, called_for: str) -> None:
        """Which of the centre's keys it knows: a station without a link tells it here."""
        if called_for == self._keys.newest:
            with self._store.transaction() as connection:
                stations.note_known(connection, station, called_for)

    def _manifest(self, parcel: Parcel) -> Manifest:
        """StickRefused if it is not believed; ShutOut if the station is lost, another disk took its place, or a key
        that was replaced tells of frames that are not held."""
        with self._store.snapshot() as connection:
            known = stations.find(connection, parcel.station)
            if known is None:
                raise StickRefused(f"{parcel.station}: no such station is enrolled here", Reason.MANIFEST)
            if known.lost:
                raise ShutOut(f"{parcel.station} was declared lost", "station-lost")
            signers = stations.signers(connection, known.id)
        try:
            return parcel.manifest(signers.in_force)
        except StickRefused as exc:
            if exc.reason == Reason.MANIFEST and _is_of(parcel, signers.superseded):
                raise ShutOut(f"{known.id} was restored elsewhere: this journal is closed", "superseded") from exc
            if exc.reason != Reason.MANIFEST or not _is_of(parcel, signers.replaced):
                raise
        return self._late(parcel, signers.replaced)

    def _late(self, parcel: Parcel, replaced: Sequence[OKPKey]) -> Manifest:
        """Signed before the key was replaced, and overtaken by the link: good for what is held, and no more. It lists
        no chunk, for nothing of them is taken."""
        manifest = parcel.manifest(replaced)
        try:
            told = verify_checkpoint(manifest.told["checkpoint"], replaced).position
        except SignatureError as exc:
            raise StickRefused(f"{parcel.name}: checkpoint: {exc}", Reason.MANIFEST) from exc
        with self._store.snapshot() as connection:
            if manifest.told["through"] <= told.seq and acceptance.is_held(connection, told):
                return replace(manifest, chunks=())
        raise ShutOut(f"{parcel.name}: more than is held, by a key that {parcel.station} replaced", "key-retired")

    def _held(self, station: str) -> int:
        with self._store.snapshot() as connection:
            known = stations.find(connection, station)
            return acceptance.position_of(connection, station, known.incarnation).seq if known else 0

    def _alarm(self, station: str, reason: str, detail: str) -> None:
        with self._store.snapshot() as connection:
            known = stations.find(connection, station)
        if known and reason not in HARMLESS:
            delivery.alarm(self._store, station, "stick", f"{reason}: {detail}", self._now_ms)


def _is_of(parcel: Parcel, keys: Sequence[OKPKey]) -> bool:
    try:
        parcel.manifest(keys)
    except StickRefused:
        return False
    return True
