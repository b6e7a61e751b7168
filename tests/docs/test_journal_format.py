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
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.books import KINDS, Books, replay
from kiosk.core.accounts import OUTSIDE
from kiosk.core.frames import VERSION
from kiosk.crypto.checkpoint import Checkpoint, Position, sign_checkpoint
from kiosk.crypto.keys import SIGNING, generate_encryption, import_okp, thumbprint
from kiosk.errors import DamagedData
from kiosk.hub import acceptance, stations
from kiosk.hub.status import status
from kiosk.hub.store import Store
from kiosk.journal import Journal, scan
from kiosk.journal.segments import split_lines
from kiosk.stock import balances
from kiosk.views import View
from tests.docs import golden_journal, journal_verifier

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


def rechained(directory: Path, change: Callable[[dict[str, object]], object]) -> None:
    """What somebody who can write the file can do: change records, then make everything else fit."""
    head, sealed = "00" * 32, {}
    for path in sorted(directory.iterdir()):
        written = b""
        for line in split_lines(path.read_bytes())[0]:
            record = json.loads(line)["r"]
            change(record)
            if record["k"] == "segment" and isinstance(record["d"], dict):
                record["d"]["previous"] = sealed
            if record["k"] == "recovered":
                record["d"]["offset"] = len(written)
            stored = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
            head = hashlib.sha256(bytes.fromhex(head) + stored).hexdigest()
            written += b'{"c":%d,"h":"%s","r":%s}\n' % (zlib.crc32(stored), head.encode(), stored)
        path.write_bytes(written)
        sealed = {"file": path.name, "bytes": len(written), "head": head}


def as_released(view: View) -> str:
    """Digest of the view as version 0.1.0 made it: what came later was added beside it and changed nothing in it."""
    state = json.loads(view.dump())
    tables = {name: rows for name, rows in state["tables"].items() if name not in LATER_TABLES}
    old = json.dumps({"seq": state["seq"], "tables": tables}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(old.encode()).hexdigest()


def test_the_verifier_needs_nothing_but_python() -> None:
    """-I -S: no site packages, no path of this project."""
    script = ROOT / "tests" / "docs" / "journal_verifier.py"
    done = subprocess.run([sys.executable, "-I", "-S", script, GOLDEN], capture_output=True, check=True)
    assert json.loads(done.stdout)["head"] == EXPECTED["head"]


def test_the_verifier_finds_frames_head_and_accounts() -> None:
    found = journal_verifier.verify(GOLDEN)
    assert found == {
        "frames": EXPECTED["frames"], "head": EXPECTED["head"], "accounts": ACCOUNTS, "unfinished": 0,
    }  # fmt: skip


def test_the_program_replays_it_to_the_same(copy: Path) -> None:
    view = replay(scan(copy))
    assert (view.seq, balances(view)) == (EXPECTED["frames"], EXPECTED["balances"])
    assert {row["ref"]: row["state"] for row in view.table("records").all()} == EXPECTED["records"]
    causes = {f"{row['account']}/{row['cause']}": row["quantity"] for row in view.table("causes").all()}
    assert causes == EXPECTED["causes"]
    assert as_released(view) == EXPECTED["view"]


def test_the_program_opens_it_and_goes_on(copy: Path) -> None:
    books = Books.open(copy.parent, 1 << 20, "test")
    moves = [["wni", "BAST-001/2018", "shift", "hopper", 1]]
    books.commit("stock", {"movement": "load", "document": "", "moves": moves}, "test")
    books.close()
    found = journal_verifier.verify(copy, (EXPECTED["frames"], EXPECTED["head"]))
    assert found["frames"] == EXPECTED["frames"] + 1
    assert found["accounts"]["wni/hopper"] == ACCOUNTS["wni/hopper"] + 1


def test_the_snapshot_in_each_seal_is_that_of_the_frames_before_it() -> None:
    frames = list(scan(GOLDEN))
    seals = [frame for frame in frames if frame.kind == "segment"]
    assert len(seals) == 2
    for seal in seals:
        assert seal.data["snapshot"] == as_released(replay(iter(frames[: seal.seq - 1])))


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


LATER_TABLES = {"uncollected", "missing", "callbacks", "lots", "entries"}
LATER = {"started", "stopped", "handed-over", "reprint", "call-back", "call-back-closed"}
"""Tables of the view, and kinds, that were added after the golden journal was written."""


def test_it_holds_every_kind_of_its_time() -> None:
    assert {frame.kind for frame in scan(GOLDEN)} == KINDS - LATER


def test_what_wrote_it_still_writes_the_same_accounts(tmp_path: Path) -> None:
    golden_journal.build(tmp_path)
    assert journal_verifier.verify(tmp_path)["accounts"] == ACCOUNTS


# The page.


def test_the_page_and_the_program_know_the_same_kinds() -> None:
    assert set(re.findall(r"^### `([a-z-]+)`$", PAGE, re.MULTILINE)) == KINDS
    assert set(journal_verifier.KINDS) == KINDS
    assert set(journal_verifier.OUTSIDE) == OUTSIDE
    assert f"Schema version {VERSION}." in PAGE


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_has_a_true_example(kind: str) -> None:
    """Its checksum holds, and it stands under its own heading."""
    section = PAGE.split(f"### `{kind}`")[1].split("\n#")[0]
    examples = re.findall(r"^\{.*\}$", section, re.MULTILINE)
    assert examples
    for example in examples:
        parts = journal_verifier.LINE.fullmatch(example.encode() + b"\n")
        assert parts
        assert zlib.crc32(parts[3]) == int(parts[1])
        assert json.loads(parts[3])["k"] == kind


def test_every_field_in_the_golden_bodies_is_named_on_the_page() -> None:
    named = set(re.findall(r"`([a-z_]+)`", PAGE))
    for frame in scan(GOLDEN):
        section = PAGE.split(f"### `{frame.kind}`")[1].split("\n#")[0]
        for name in frame.data:
            assert f"`{name}`" in section, f"{frame.kind}.{name}"
        for part in ("intent", "outcome"):
            assert set(frame.data.get(part, {})) <= named


# Damage: what the page says is refused, and what it says can't be seen.


def flip(lines: list[bytes], at: int, place: int) -> None:
    lines[at] = lines[at][:place] + bytes([lines[at][place] ^ 1]) + lines[at][place + 1 :]


DAMAGE: dict[str, Callable[[list[bytes]], object]] = {
    "checksum": lambda lines: flip(lines, 20, 6),
    "hash": lambda lines: flip(lines, 20, 30),
    "body": lambda lines: flip(lines, 20, 200),
    "newline": lambda lines: flip(lines, 20, len(lines[20]) - 1),
    "frame missing": lambda lines: lines.pop(20),
    "frame twice": lambda lines: lines.insert(20, lines[20]),
    "frames swapped": lambda lines: lines.insert(20, lines.pop(21)),
    "another's frame": lambda lines: lines.insert(41, lines[0]),
    "a blank more": lambda lines: lines.insert(20, lines.pop(20).replace(b',"h"', b', "h"')),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_refused_by_both(copy: Path, damage: str) -> None:
    lines = lines_of(copy)
    DAMAGE[damage](lines)
    for path in sorted(copy.iterdir()):
        count = len(split_lines(path.read_bytes())[0])
        last = path.name == "seg-000000000032.jsonl"
        path.write_bytes(b"".join(lines if last else lines[:count]))
        del lines[:count]
    with pytest.raises(ValueError, match=r"frame|segment|seg-"):
        journal_verifier.verify(copy)
    with pytest.raises(DamagedData):
        replay(scan(copy))


@pytest.mark.parametrize("missing", ["seg-000000000001.jsonl", "seg-000000000017.jsonl"])
def test_a_missing_segment_is_refused_by_both(copy: Path, missing: str) -> None:
    (copy / missing).unlink()
    with pytest.raises(ValueError, match="does not follow"):
        journal_verifier.verify(copy)
    with pytest.raises(DamagedData, match="missing"):
        list(scan(copy))


FORGERIES: dict[str, tuple[str, str, object]] = {
    "unknown kind": ("job-state", "k", "job-moved"),
    "newer version": ("job-state", "v", 2),
    "wrong type": ("job-state", "by", 7),
    "more blanks than there are": ("job-resolved", "d.moves", [["wni", "BAST-001/2018", "in-machine", "spoiled", 2]]),
    "to itself": ("job-resolved", "d.moves", [["wni", "BAST-001/2018", "in-machine", "in-machine", 1]]),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_an_impossible_frame_is_refused_by_both_even_in_a_whole_chain(copy: Path, forgery: str) -> None:
    kind, where, value = FORGERIES[forgery]

    def forge(record: dict[str, object]) -> None:
        if record["k"] == kind:
            target = record["d"] if where.startswith("d.") else record
            assert isinstance(target, dict)
            target[where.removeprefix("d.")] = value

    rechained(copy, forge)
    with pytest.raises(ValueError, match="frame"):
        journal_verifier.verify(copy)
    with pytest.raises(DamagedData):
        replay(scan(copy))


def test_an_unfinished_line_at_the_end_is_left_out(copy: Path) -> None:
    last = max(copy.iterdir())
    last.write_bytes(last.read_bytes() + golden_journal.TORN)
    found = journal_verifier.verify(copy)
    assert (found["frames"], found["unfinished"]) == (EXPECTED["frames"], len(golden_journal.TORN))
    journal = Journal.open(copy, 1 << 20)
    journal.close()
    assert (journal.seq, journal.recovered and journal.recovered["bytes"]) == (EXPECTED["frames"], 27)


def test_a_rewritten_journal_is_found_only_from_outside(copy: Path) -> None:
    def enrich(record: dict[str, object]) -> None:
        if record["s"] == 2:
            record["d"] = {**record["d"], "document": "BAST-009/2018"}  # type: ignore[dict-item]

    rechained(copy, enrich)
    assert journal_verifier.verify(copy)["frames"] == EXPECTED["frames"]
    assert replay(scan(copy)).seq == EXPECTED["frames"]
    with pytest.raises(ValueError, match="not the one kept outside"):
        journal_verifier.verify(copy, (EXPECTED["frames"], EXPECTED["head"]))


@pytest.mark.parametrize(("lines_kept", "end"), [(-2, 39), (0, 31)], ids=["cut", "segment removed"])
def test_a_journal_that_was_set_back_is_found_only_from_outside(copy: Path, lines_kept: int, end: int) -> None:
    last = max(copy.iterdir())
    kept = split_lines(last.read_bytes())[0][:lines_kept]
    last.write_bytes(b"".join(kept))
    if not kept:
        last.unlink()
    assert journal_verifier.verify(copy)["frames"] == end
    assert replay(scan(copy)).seq == end
    with pytest.raises(ValueError, match=f"ends at frame {end}"):
        journal_verifier.verify(copy, (EXPECTED["frames"], EXPECTED["head"]))
