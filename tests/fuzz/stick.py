"""A stick as anybody may have made it. It is read, and written on again: whatever lies there, the centre holds a
beginning of the station's journal, the station nothing but its own records, and the next good stick brings the rest.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import select

from kiosk.crypto import jwe, keys
from kiosk.crypto.sealing import SealBroken
from kiosk.errors import KepingError, Rejected, Unavailable, UsageError
from kiosk.hub.schema import leases
from kiosk.sync.intake import Accepted
from kiosk.sync.stick import MANIFEST, Reason, StickRefused
from tests.fuzz.engine import AWKWARD, Finding, mutated
from tests.samples import FIELDS
from tests.sync.centre import Centre
from tests.sync.parcels import Side, grow, to_directory, to_fifo, to_link
from tests.sync.trips import Shelf, Trips

GONE = (OSError, ValueError, TypeError, LookupError, SealBroken)
"""What one change took away, the next can't spoil."""
STATION_CASES = 100
"""A station's journal grows with each case, and each case reads it."""
BAIT = b"RAHASIA: what lies on the disk of whoever reads the stick"
VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1, 1 << 62, 1 << 64, 10**30, 10**5_000, 1.5, "", "0", "-1", "x", "\u0663", "\xb2", "9" * 19,
    "9" * 5_000, "\ud800", "\0", "../..", [], {}, [[1, "a"]], [["a"]] * 9, "a.b.c", [None, 5, "a.b.c"], "A" * 70_000,
)  # fmt: skip


class Stick:
    """One case: who reads, and what was done to the stick before, each by a seed of its own."""

    budget = 6_000_000
    declared = (Rejected, Unavailable, UsageError)

    def __init__(self, directory: Path) -> None:
        self._directory, self._left = directory, STATION_CASES
        self._outside = directory / "outside"
        self._centre = Centre(directory / "hub")
        self._trips = self._station()
        own = (self._centre.keys.signing, self._centre.keys.encryption, self._centre.keys.chip)
        self.secrets = (
            FIELDS["nik"],
            FIELDS["nama"],
            "RAHASIA",
            *(str(key.as_dict(private=True)["d"]) for key in own),
        )

    def _station(self) -> Trips:
        station = self._centre.station()
        (self._directory / station.name).mkdir()
        self._accepted: set[str] = set()
        trips = Trips(self._centre, station, self._directory / station.name)
        trips.round()
        return trips

    def case(self, random: Random) -> bytes:
        spoils = [random.choice(list(SPOILS)) for _ in range(random.choice((0, 1, 1, 1, 2, 3)))]
        told = {
            "side": random.choice(("journal", "intake")),
            "spoils": [[name, random.getrandbits(32)] for name in spoils],
        }
        return json.dumps(told).encode()

    def hold(self, case: bytes) -> str:
        told = json.loads(case)
        if self._left <= 0:
            self._trips, self._left = self._station(), STATION_CASES
        trips, left, self._left = self._trips, self._left - 1, 0  # what ends in between leaves no sound station
        trips.station.journal.stock(2)
        self._centre.issue(trips.station.name, 1)
        side = Side(trips, told["side"])
        good, cursor = trips.copy(side.root), trips.sink.cursor
        for name, seed in sorted(told["spoils"], key=lambda each: list(SPOILS).index(each[0])):
            with suppress(*GONE):
                SPOILS[name](Random(seed), side)
        self._lay_bait()
        refused: KepingError | None = None
        try:
            reached = self._read(side)
        except self.declared as exc:
            refused = exc
        if any(name in SIGNED for name, _ in told["spoils"]):
            trips.sink = Shelf(cursor)  # of a centre that lies anything may be believed: it is as before
            trips.restart()
        self._next_stick(good, trips)
        for root in (side.root, good):
            shutil.rmtree(root)
        self._left = left
        if refused:
            raise refused
        return reached

    def _lay_bait(self) -> None:
        shutil.rmtree(self._outside, ignore_errors=True)
        self._outside.mkdir()
        for name in (MANIFEST, "000001.jwe"):
            (self._outside / name).write_bytes(BAIT)

    def _read(self, side: Side) -> str:
        before, held, position = _listing(side.root), len(side.trips.held()), side.trips.carrier.acknowledged
        descriptors = _open_files()
        try:
            reasons = [reason for reason in side.read() if reason]
        finally:
            self._must_hold(side, held, position)
            if _listing(side.root) != before:
                raise Finding("a stick was changed by reading it")
            if _open_files() != descriptors:
                raise Finding("a file was left open")
        if side.kind == "journal":
            side.trips.answer(side.root)
        _, exported = side.trips.export(side.root)
        if not (side.root / exported.written.name / MANIFEST).is_file():
            raise Finding("what was exported is not on the stick")
        if reasons:
            raise StickRefused("", Reason(reasons[0]) if reasons[0] in set(Reason) else Reason.CONTENT)
        return side.kind

    def _must_hold(self, side: Side, held: int, position: int) -> None:
        trips = side.trips
        now, own = trips.held(), trips.own()
        if now != own[: len(now)] or len(now) < held:
            raise Finding("the centre holds another journal")
        if not position <= trips.carrier.acknowledged <= len(now):
            raise Finding(f"{trips.carrier.acknowledged} confirmed, {len(now)} held")
        if any(path.read_bytes() != BAIT for path in self._outside.iterdir()) or len(_listing(self._outside)) != 2:
            raise Finding("a file elsewhere was written")
        if extra := {path.name for path in trips.station.directory.iterdir()} - {"ack.json", "hub.json"}:
            raise Finding(f"{extra} on the station's disk")
        with self._centre.store.snapshot() as connection:
            given = select(leases.c.jws).where(leases.c.station == trips.station.name)
            signed = set(connection.execute(given).scalars())
        if not {each.jws for each in trips.sink.held if isinstance(each, Accepted)} <= signed:
            raise Finding("a record that nobody gave this station")

    def _next_stick(self, good: Path, trips: Trips) -> None:
        """Nothing is lost, and nothing came twice."""
        trips.visit(good)
        trips.carrier.take(good)
        if trips.held() != trips.own():
            raise Finding("the next stick does not bring the rest of the journal")
        refs = [each.ref for each in trips.sink.held if isinstance(each, Accepted)]
        if len(refs) != len(set(refs)) or self._accepted & set(refs) or len(refs) != 1:
            raise Finding(f"{len(refs)} records of one, {len(self._accepted & set(refs))} of them known")
        self._accepted.update(refs)
        trips.sink.held.clear()

    def close(self) -> None:
        self._centre.close()


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _listing(root: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for path in root.rglob("*"):
        seen = path.lstat()
        found[str(path)] = seen.st_mode, seen.st_size, seen.st_mtime_ns
    return found


def _file(random: Random, side: Side) -> Path:
    """One that is still one."""
    return random.choice(sorted(path for path in side.parcel.iterdir() if path.is_file() and not path.is_symlink()))


def _bytes(random: Random, side: Side) -> None:
    path = _file(random, side)
    path.write_bytes(mutated(random, path.read_bytes()))


def _kind(random: Random, side: Side) -> None:
    random.choice((grow, to_link, to_fifo, to_directory, Path.unlink))(_file(random, side))


def _leads_away(random: Random, side: Side) -> None:
    """A link of the name of a parcel, or of a file in it: to what is elsewhere, to itself, to what has no end."""
    path = random.choice((side.parcel, _file(random, side)))
    if path == side.parcel:
        path.rename(path.with_name("moved"))
    else:
        path.unlink()
    elsewhere = side.root.parents[1] / "outside"
    path.symlink_to(random.choice((elsewhere, elsewhere / MANIFEST, path, Path("/dev/zero"), Path("/proc/self/fd"))))


def _name(random: Random, side: Side) -> None:
    """Another name of the same parcel, beside it or instead; the station's, the kind's or nobody's."""
    station, kind, ident = side.parcel.name.removeprefix("keping-").rsplit("-", 2)
    station = random.choice((station, "kupang-1", "kupang-99", "-", "A" * 64, "\u0663"))
    kind, ident = random.choice((kind, "journal", "intake", "x")), random.choice((ident, "0" * 16, "f" * 16))
    named = side.root / f"keping-{station}-{kind}-{ident}"
    if random.random() < 0.5:
        side.parcel = side.parcel.rename(named)
    else:
        shutil.copytree(side.parcel, named, symlinks=True)


def _litter(random: Random, side: Side) -> None:
    """What else lies on sticks."""
    names = (
        b"DCIM", b"..keping", b"\xff\xfe", b"a\nb", b"keping-", b"keping-x-journal-0123456789abcdef", b"A" * 255,
        b"keping-%s-intake-%016x" % (side.trips.station.name.encode(), random.getrandbits(64)), b"\xe2\x80\xae.jwe",
    )  # fmt: skip
    for name in random.sample(names, 3):
        path = Path(os.fsdecode(os.fsencode(side.root) + b"/" + name))
        random.choice((Path.mkdir, Path.touch, os.mkfifo))(path)


def _claims(random: Random, side: Side) -> None:
    claims = side.claims
    name = random.choice([*claims, "path", "v"])
    side.sign({**claims, name: random.choice(VALUES)})


def _lines(random: Random, side: Side) -> None:
    """What the chunk holds is other, and sealed and listed as it should be."""
    own = [side.trips.station.encryption, side.trips.centre.keys.encryption]
    content = jwe.unseal(side.first.read_bytes(), own, jwe.CHUNK)
    lines = content.splitlines(keepends=True)
    at = random.randrange(len(lines))
    changed = random.choice((mutated(random, lines[at]), lines[at] * 2, b"", random.choice(AWKWARD) + b"\n"))
    lines[at : at + 1] = [changed]
    if random.random() < 0.3:
        random.shuffle(lines)
    side.exchange(jwe.seal_to(b"".join(lines)[: jwe.MOST_BYTES], side.receiver, jwe.CHUNK))


def _sealed(random: Random, side: Side) -> None:
    """What is listed is no chunk of the profile, or for somebody else."""
    content, stranger = side.first.read_bytes(), keys.generate_encryption()
    side.exchange(
        random.choice((mutated(random, content), jwe.seal_to(b"{}\n", stranger, jwe.CHUNK), b".....", content))
    )


SIGNED: dict[str, Callable[[Random, Side], None]] = {"claims": _claims, "lines": _lines, "sealed": _sealed}
"""By who has the sender's keys, and a fault."""
SPOILS: dict[str, Callable[[Random, Side], None]] = {
    **SIGNED, "bytes": _bytes, "kind": _kind, "name": _name, "litter": _litter, "leads-away": _leads_away,
}  # fmt: skip
"""In this order: what is no file any more is not to be read."""
