"""A station goes on after its disk was lost: in an empty DATA, with new keys, in a journal that continues its own.

What is known is put together from a mirror or a backup and from what the centre holds; what either has alone, the
other gets. Then the centre closes the old journal at that end, and the new one begins with a declared gap
(kiosk.core.gap): no card is made until people have closed it. Everything is built aside; `journal` appears under its
name last, so a restore that was cut off is begun again with the same words, and no half station ever opens.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk import backup, lineage
from kiosk.books import JOURNAL, SNAPSHOT, Books, DataLock, replay
from kiosk.config import Config
from kiosk.core import card_test
from kiosk.core.card_test import is_test
from kiosk.core.frames import ZERO_HEAD, Frame, FrameError, parse_line
from kiosk.core.jobs import JobState, Why
from kiosk.core.plan import place_of
from kiosk.crypto import keys
from kiosk.crypto.checkpoint import Checkpoint, Position, sign_checkpoint
from kiosk.crypto.keys import OKPKey
from kiosk.durable import replace_file, sync_directory
from kiosk.enrolment import own_keys
from kiosk.errors import DamagedData, UsageError
from kiosk.journal import Journal
from kiosk.journal.segments import SEGMENT_KIND, list_segments, segment_path
from kiosk.mirror import copy_checkpoints
from kiosk.people import People, Person, Role
from kiosk.sync.client import connect
from kiosk.sync.enrol import enrol, save_pins
from kiosk.sync.restoring import RestoreClient
from kiosk.sync.shipping import REQUEST_BYTES
from kiosk.views import View

PLACE, NOTE = "restore", "restore.json"
"""In DATA while a restore is under way: what is built, and the incarnation that it will be."""
CENTRE, MIRROR, BACKUP = "centre", "mirror", "backup"


@dataclass(frozen=True)
class Restored:
    """`seq`: where the journal before ends, of `last_ms` (Unix); `fetched`, `shipped`: frames that the centre alone
    had, and that it had not. `printer`, `fed`: serial and counter at that end, None if no frame tells."""

    station: str
    incarnation: str
    continues: str
    seq: int
    last_ms: int
    source: str
    fetched: int
    shipped: int
    printer: str | None
    fed: int | None


@dataclass
class _Known:
    """The end of what is known, and its state."""

    line: list[lineage.Volume]
    view: View
    last: Frame
    printer: str | None = None
    fed: int | None = None
    fetched: int = 0
    shipped: int = 0
    source: str = field(default=CENTRE)

    @property
    def end(self) -> Position:
        return Position(self.line[-1].station, self.line[-1].incarnation, self.last.seq, self.last.head)


def restore(
    config: Config, data: Path, copy: Path | None, url: str, code: str, fingerprint: str, by: str
) -> Restored:
    """Rebuild the station `config.station.id` in `data`, from `copy` (a mirror or a backup) and the centre at `url`.

    Blocks for minutes where the journal is long. UsageError if `data` has a station; Rejected if the code does not
    fit, HubUnreachable without the centre, DamagedData if copy and centre hold different journals.
    """
    if (data / JOURNAL).exists() or any((data / "vault").glob("*.head")):
        raise UsageError(f"{data}: a station is here; restore into an empty directory (--data)")
    lock = DataLock(data)
    try:
        own = own_keys(data / "keys")
        ca = config.hub.authority
        pins = enrol(url, config.station.id, code, fingerprint, own, ca=ca)
        save_pins(data / "keys" / "hub.json", pins)
        root = data / PLACE
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(mode=0o700)
        source = _take_copy(copy, root, config.station.id) if copy else CENTRE
        with closing(RestoreClient(connect(url, ca=ca), config.station.id, own[0], pins.signing)) as client:
            known = _put_together(client, root, own[0])
            known.source = source
            incarnation = _incarnation(data)
            cursor = client.succeed(incarnation, known.end)
        _begin(config, root, known, {"incarnation": incarnation, "key": keys.thumbprint(own[0])}, cursor, by)
        People(data).bring_back(_people(known.view))
        _put_in_place(root, data)
    finally:
        lock.release()
    return Restored(
        config.station.id, incarnation, known.end.incarnation, known.last.seq, known.last.stamp.time_ms, source,
        known.fetched, known.shipped, known.printer, known.fed,
    )  # fmt: skip


def _incarnation(data: Path) -> str:
    """Chosen once: the centre may have consented to it before this was cut off."""
    note = data / NOTE
    if not note.exists():
        replace_file(note, json.dumps({"incarnation": secrets.token_hex(8)}).encode() + b"\n")
    return str(json.loads(note.read_bytes())["incarnation"])


def _take_copy(copy: Path, root: Path, station: str) -> str:
    """Every journal of the copy, a torn end cut; says what it is."""
    with backup.opened(copy) as found:
        made_ms = backup.check_manifest(found)
        line = lineage.in_order(lineage.find(found))
        if not line:
            raise DamagedData(f"{copy}: no journal in it")
        if line[-1].station != station:
            raise UsageError(f"{copy}: of station {line[-1].station}, not {station} (station.id)")
        for volume in line:
            target = root / lineage.set_aside(volume.incarnation)
            target.mkdir(mode=0o700)
            for segment in list_segments(volume.directory):
                shutil.copyfile(segment.path, target / segment.path.name)
            Journal.open(target, 1 << 20).close()
        copy_checkpoints(found, root)
        people = found / backup.PEOPLE
        if people.exists() and not (root.parent / backup.PEOPLE).exists():
            replace_file(root.parent / backup.PEOPLE, people.read_bytes())
    return BACKUP if made_ms else MIRROR


def _put_together(client: RestoreClient, root: Path, key: OKPKey) -> _Known:
    """What the centre holds besides comes here, what it lacks goes there; then both hold the same."""
    held = [each for each in client.incarnations() if each["seq"]]
    if not held:
        raise UsageError("the centre holds no journal of this station: there is nothing to continue; keping enrol")
    fetched = sum(_fetch(client, root / lineage.set_aside(each["incarnation"]), each) for each in held)
    line = lineage.in_order(lineage.find(root))
    if [volume.incarnation for volume in line] != [each["incarnation"] for each in held]:
        raise DamagedData("the copy holds a journal that the centre does not know: it is of another centre's station")
    known = _read(line)
    known.fetched = fetched
    known.shipped = _ship(client, line[-1], known, held[-1]["seq"], key)
    return known


def _fetch(client: RestoreClient, directory: Path, held: dict[str, Any]) -> int:
    """Frames that the centre holds and the copy does not. DamagedData if they do not continue each other."""
    directory.mkdir(mode=0o700, exist_ok=True)
    seq, head = _end_of(directory, int(held["seq"]))
    begun = seq
    while seq < held["seq"]:
        lines = client.frames(held["incarnation"], seq)
        if not lines:
            raise DamagedData(f"the centre gives no frame {seq + 1} of {held['incarnation']}, which it says it holds")
        for line in lines:
            try:
                frame = parse_line(line, head, seq + 1)
            except FrameError as exc:
                raise DamagedData(f"{directory.name}: frame {seq + 1} from the centre: {exc}") from exc
            seq, head = frame.seq, frame.head
            begins = seq == 1 or frame.kind == SEGMENT_KIND
            path = segment_path(directory, seq) if begins else list_segments(directory)[-1].path
            with path.open("ab") as file:
                file.write(line)
    if head != held["head"]:
        raise DamagedData(f"{directory.name}: the centre holds another frame {held['seq']}: copy and centre branched")
    return seq - begun


def _end_of(directory: Path, most: int) -> tuple[int, str]:
    """The last frame there, or frame `most` if there are more."""
    if not list_segments(directory):
        return 0, ZERO_HEAD
    journal = Journal.open(directory, 1 << 20)
    try:
        seq = min(journal.seq, most)
        return seq, journal.head_at(seq)
    finally:
        journal.close()


def _read(line: list[lineage.Volume]) -> _Known:
    seen: dict[str, Any] = {}

    def noted(frames: Iterator[Frame]) -> Iterator[Frame]:
        for frame in frames:
            seen["last"] = frame
            if intent := frame.data.get("intent"):
                seen["intent"] = intent
            yield frame

    view = replay(noted(lineage.history(line)))
    intent = seen.get("intent") or {}
    return _Known(line, view, seen["last"], intent.get("printer"), intent.get("fed"))


def _ship(client: RestoreClient, volume: lineage.Volume, known: _Known, held: int, key: OKPKey) -> int:
    """Deliver the rest of the old journal, signed with the new key."""
    token = sign_checkpoint(Checkpoint(known.end, known.view.balances()), key)
    journal = Journal.open(volume.directory, 1 << 20)
    try:
        seq = held
        while lines := journal.lines_after(seq, REQUEST_BYTES):
            client.ship(lines, token)
            seq += len(lines)
    finally:
        journal.close()
    return seq - held


def declared_gap(known: _Known, cursor: str) -> dict[str, Any]:
    """What the genesis says of the time after the last known frame."""
    return {
        "source": known.source, "last_ms": known.last.stamp.time_ms, "printer": known.printer, "fed": known.fed,
        "cursor": cursor,
    }  # fmt: skip


def _begin(config: Config, root: Path, known: _Known, new: dict[str, str], cursor: str, by: str) -> None:
    """The new journal beside the old one: genesis, and the end of every job that was open."""
    snapshot = known.view.dump()
    replace_file(root / SNAPSHOT, snapshot)
    rows = known.view.rows("balances")
    genesis = {
        "station": known.end.station, **new, "predecessor": known.end.head,
        "continues": {"incarnation": known.end.incarnation, "seq": known.end.seq},
        "snapshot": hashlib.sha256(snapshot).hexdigest(),
        "opening": [[row["sku"], row["lot"], row["account"], row["quantity"]] for row in rows],
        "gap": declared_gap(known, cursor),
    }  # fmt: skip
    books = Books.create(root, config.journal.segment << 20, genesis, by, known.view)
    try:
        with books.transaction() as view:
            for job in list(view.rows("jobs")):
                books.commit(card_test.ENDED if is_test(job) else "job-ended", _given_up(job), by)
    finally:
        books.close()


def _given_up(job: dict[str, Any]) -> dict[str, Any]:
    """Its blank, if there was one, stays in its account until the gap is closed: a person says what became of it."""
    held = job["state"] == JobState.PENDING_HELD
    body: dict[str, Any] = {
        "job": job["id"], **({} if is_test(job) else {"ref": job["ref"], "record_state": "waiting"}),
        "state": JobState.CANCELED.value if held else JobState.ABORTED.value,
        "reasons": [Why.JOB_CANCELED.value if held else Why.ABORTED_BY_SYSTEM.value],
        "message": "the disk was lost; whether there is a card is said when the gap is closed",
    }  # fmt: skip
    if job["card"]:
        body["end"] = place_of(job["card"]).value
    return body


def _people(view: View) -> list[Person]:
    """As the journal knows them: by id, which stands for the name, and role."""
    rows = view.rows("people")
    return [Person(row["person"], row["person"], Role(row["role"]), "", row["active"]) for row in rows]


def _put_in_place(root: Path, data: Path) -> None:
    """`journal` last: before it, nothing opens."""
    for path in sorted(root.iterdir()):
        if path.name != JOURNAL:
            _move(path, data / path.name)
    sync_directory(data)
    _move(root / JOURNAL, data / JOURNAL)
    sync_directory(data)
    shutil.rmtree(root)
    (data / NOTE).unlink()


def _move(source: Path, target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    source.replace(target)
