"""docs/journal-format.md is enough to judge a journal by; and a journal of schema version 1 stays readable.

The files of tests/golden/journal-v1 were written once by tests/docs/golden_journal.py and are never written again.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from docs import verify_journal
from kiosk.books import KINDS, Books, replay
from kiosk.core.accounts import OUTSIDE
from kiosk.core.clock import Moment
from kiosk.core.frames import VERSION, Frame
from kiosk.crypto.checkpoint import Checkpoint, Position, sign_checkpoint
from kiosk.crypto.keys import SIGNING, generate_encryption, import_okp, thumbprint
from kiosk.hub import acceptance, stations
from kiosk.hub.status import status
from kiosk.hub.store import Store
from kiosk.journal import Clock, scan
from kiosk.journal.segments import split_lines
from kiosk.stock import balances
from kiosk.views import View
from tests.docs import golden_journal
from tests.office import Office, office

__all__ = ["office"]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "journal-format.md").read_text(encoding="utf-8")
GOLDEN = ROOT / "tests" / "golden" / "journal-v1"
EXPECTED = json.loads((ROOT / "tests" / "golden" / "journal-v1.json").read_text(encoding="utf-8"))
ACCOUNTS = {
    f"{sku}/{account}": quantity
    for sku, accounts in EXPECTED["balances"].items()
    for account, quantity in accounts.items()
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the golden journal in a DATA directory, to be damaged or continued."""
    directory = tmp_path / "journal"
    directory.mkdir()
    for path in GOLDEN.iterdir():
        (directory / path.name).write_bytes(path.read_bytes())
    return directory


def lines_of(directory: Path) -> list[bytes]:
    return split_lines(b"".join(path.read_bytes() for path in sorted(directory.iterdir())))[0]


def unsealed(frames: Iterable[Frame]) -> Iterator[Frame]:
    return (frame for frame in frames if frame.kind != "segment")


def as_released(view: View) -> str:
    """Digest of the view as version 0.1.0 made it: what came later was added beside it and changed nothing in it.

    Of a replay without the seals: at them, later releases let go of what is over.
    """
    state = json.loads(view.dump())
    tables = {name: rows for name, rows in state["tables"].items() if name not in LATER_TABLES}
    for table, names in LATER_FIELDS.items():
        for row in tables.get(table, {}).values():
            for name in names & row.keys():
                del row[name]
    old = json.dumps({"seq": state["seq"], "tables": tables}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(old.encode()).hexdigest()


def test_the_verifier_needs_nothing_but_python() -> None:
    """-I -S: no site packages, no path of this project."""
    script = ROOT / "docs" / "verify_journal.py"
    done = subprocess.run([sys.executable, "-I", "-S", script, GOLDEN], capture_output=True, check=True, text=True)
    assert done.stdout.startswith(f"frames: {EXPECTED['frames']}\nhead: {EXPECTED['head']}\n")


def test_the_verifier_finds_frames_head_and_accounts() -> None:
    found = verify_journal.verify(GOLDEN)
    assert found == {
        "frames": EXPECTED["frames"], "head": EXPECTED["head"], "accounts": ACCOUNTS, "unfinished": 0,
    }  # fmt: skip


def test_the_program_replays_it_to_the_same(copy: Path) -> None:
    view = replay(scan(copy))
    assert (view.seq, balances(view)) == (EXPECTED["frames"], EXPECTED["balances"])
    assert {row["ref"]: row["state"] for row in view.table("records").all()} == EXPECTED["records"]
    causes = {f"{row['account']}/{row['cause']}": row["quantity"] for row in view.table("causes").all()}
    assert causes == EXPECTED["causes"]
    assert as_released(replay(unsealed(scan(copy)))) == EXPECTED["view"]


def test_the_program_opens_it_and_goes_on(copy: Path) -> None:
    then = Clock(copy.parent, lambda: Moment(golden_journal.END_MS, "4567cdef", 60_000))
    opened = Books.open(copy.parent, 1 << 20, "test", clock=then)
    moves = [["wni", "BAST-001/2018", "shift", "hopper", 1]]
    opened.commit("stock", {"movement": "load", "document": "", "moves": moves}, "test")
    opened.close()
    found = verify_journal.verify(copy, (EXPECTED["frames"], EXPECTED["head"]))
    assert found["frames"] == EXPECTED["frames"] + 1
    assert found["accounts"]["wni/hopper"] == ACCOUNTS["wni/hopper"] + 1


def test_the_snapshot_in_each_seal_is_that_of_the_frames_before_it() -> None:
    frames = list(scan(GOLDEN))
    seals = [frame for frame in frames if frame.kind == "segment"]
    assert len(seals) == 2
    for seal in seals:
        assert seal.data["snapshot"] == as_released(replay(unsealed(frames[: seal.seq - 1])))


def test_the_centre_takes_it_and_reads_the_same_accounts(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    key = import_okp(golden_journal.KEY, SIGNING)
    assert thumbprint(key) == golden_journal.THUMBPRINT
    code = stations.add_station(store, golden_journal.STATION)
    stations.enrol(store, golden_journal.STATION, code, key, generate_encryption(), 0)
    end = Position(golden_journal.STATION, golden_journal.INCARNATION, EXPECTED["frames"], EXPECTED["head"])
    word = Checkpoint(end, EXPECTED["balances"])
    with store.transaction() as connection:
        known = stations.find(connection, golden_journal.STATION)
        assert known is not None
        delivery = acceptance.Delivery(lines_of(GOLDEN), word, sign_checkpoint(word, key))
        assert acceptance.accept(connection, known, delivery, 0) == end
    [row] = status(store)
    store.close()
    assert {f"{sku}/{account}": quantity for (sku, account), quantity in row.stock.items()} == ACCOUNTS
    # Its records were leased by another centre's data base, which this one must notice, and nothing else.
    assert {alarm.kind for alarm in row.alarms} == {"foreign-record"}


LATER_TABLES = {"uncollected", "missing", "callbacks", "lots", "entries", "shift", "shifts", "people", "acting",
                "closed", "closing", "equipment", "tests", "clock",
                "days", "withdrawals", "usage", "figures", "requests", "served", "jumps"}  # fmt: skip
LATER_FIELDS = {"records": {"came"}, "jobs": {"came", "order", "day"}, "finished": {"came", "order", "day"}}
LATER = {"gap-closed", "started", "stopped", "handed-over", "reprint", "call-back", "call-back-closed",
         "shift-opened", "shift-counted", "shift-closed", "people", "equipment",
         "test-card", "test-ended", "clock", "released", "looked-up", "limit-lifted", "office-figures",
         "blanks-requested", "blanks-granted", "queue-jump",
         "record-held", "record-freed", "erased"}  # fmt: skip
"""Tables of the view, fields of its rows, and kinds, that were added after the golden journal was written."""


def test_it_holds_every_kind_of_its_time() -> None:
    assert {frame.kind for frame in scan(GOLDEN)} == KINDS - LATER


def test_what_wrote_it_still_writes_the_same_accounts(tmp_path: Path) -> None:
    golden_journal.build(tmp_path)
    assert verify_journal.verify(tmp_path)["accounts"] == ACCOUNTS


# The page.


def test_the_page_and_the_program_know_the_same_kinds() -> None:
    assert set(re.findall(r"^### `([a-z-]+)`$", PAGE, re.MULTILINE)) == KINDS
    assert set(verify_journal.KINDS) == KINDS
    assert set(verify_journal.OUTSIDE) == OUTSIDE
    assert f"Schema version {VERSION}." in PAGE


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_has_a_true_example(kind: str) -> None:
    """Its checksum holds, and it stands under its own heading."""
    section = PAGE.split(f"### `{kind}`")[1].split("\n#")[0]
    examples = re.findall(r"^\{.*\}$", section, re.MULTILINE)
    assert examples
    for example in examples:
        parts = verify_journal.LINE.fullmatch(example.encode() + b"\n")
        assert parts
        assert zlib.crc32(parts[3]) == int(parts[1])
        assert json.loads(parts[3])["k"] == kind


def unnamed(frames: Iterable[Frame], page: str = PAGE) -> set[str]:
    """Fields of bodies that are not on the page under the heading of their kind."""
    named = set(re.findall(r"`([a-z_]+)`", page))
    missing = set()
    for frame in frames:
        section = page.split(f"### `{frame.kind}`")[1].split("\n#", maxsplit=1)[0]
        missing |= {f"{frame.kind}.{name}" for name in frame.data if f"`{name}`" not in section}
        inner = [name for part in ("intent", "outcome") for name in frame.data.get(part, {})]
        missing |= {f"{frame.kind}..{name}" for name in inner if name not in named}
    return missing


def test_every_field_in_the_golden_bodies_is_named_on_the_page() -> None:
    assert unnamed(scan(GOLDEN)) == set()
    assert unnamed(scan(GOLDEN), PAGE.replace("`cursor`", "cursor")) == {"records.cursor"}


def test_what_a_station_writes_today_is_what_the_page_says(office: Office) -> None:
    """The verifier alone, beside the station that runs, and every field."""
    office.print_one()
    office.restart()
    journal = office.data / "journal"
    found = verify_journal.verify(journal)
    view = replay(scan(journal))
    held = {f"{sku}/{name}": count for sku, row in balances(view).items() for name, count in row.items() if count}
    assert (found["frames"], found["accounts"]) == (view.seq, held)
    assert {"started", "stopped", "step", "job-ended"} <= {frame.kind for frame in scan(journal)}
    assert unnamed(scan(journal)) == set()
