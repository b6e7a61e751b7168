"""keping ledger: the life of a card in words, the journal for other hands, beside a running station or alone."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from kiosk.cli.ledger import _write_csv
from kiosk.cli.telling import TOLD, tell
from kiosk.core.frames import ZERO_HEAD, Frame, Stamp, make_frame
from kiosk.core.projection import KINDS
from kiosk.lives import _midnight
from tests.office import Office

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "journal-v1"
STORED = b"".join(path.read_bytes() for path in sorted(GOLDEN.iterdir()))


@pytest.fixture(autouse=True)
def in_kupang() -> Iterator[None]:
    """Local days are those of an office, wherever the test runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "WITA-8")
        time.tzset()
        yield
    time.tzset()


def ledger(data: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--data", str(data), "ledger", *words], standalone_mode=True)


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    shutil.copytree(GOLDEN, tmp_path / "journal")
    return tmp_path


def test_the_life_of_a_card_beside_a_running_station_and_after_it(office: Office) -> None:
    job = office.print_one()
    office.station.counter.hand_over("op:maria", job["id"], taker="holder", verified="ktp-lama", old_card="taken")
    uid, ref = job["cards"][0]["uid"], job["ref"]
    told = ledger(office.data, "trace", job["id"])
    assert told.exit_code == 0, told.stderr
    lines = told.stdout.splitlines()
    assert f"record {ref} arrived (wni, " in lines[0]
    assert "centre" in lines[0]
    assert re.search(r"feed begins \[\w+: cards 0, panels 0\]", told.stdout)
    assert "op:maria" in lines[-1]
    assert f"chip {uid}, was handed over to the holder (proof ktp-lama, chip by-eye, old card taken" in lines[-1]
    assert lines[-1].endswith("1 wni of lot BAST-1: printed -> issued")
    pairs = ":".join(uid[at : at + 2] for at in range(0, len(uid), 2)).lower()
    office.station.close()
    for word in (job["id"], uid, pairs, ref):
        assert ledger(office.data, "trace", word).stdout == told.stdout, word
    lot = ledger(office.data, "trace", "BAST-1").stdout.splitlines()
    assert "stock receive, document BAST-1; 12 wni of lot BAST-1: supplier -> vault" in lot[0]
    assert lot[-1] == lines[-1]
    everything = ledger(office.data, "export").stdout
    for text in (told.stdout, everything, ledger(office.data, "export", "--format", "csv").stdout):
        assert ref in text
        assert not any(value in text for value in (office.residents[0].fields.nik, office.residents[0].fields.nama))


def test_with_json_the_frames_as_stored(golden: Path) -> None:
    frames = json.loads(ledger(golden, "trace", "0000000c", "--json").stdout)
    stored = [json.loads(line) for line in STORED.splitlines()]
    assert [frame["r"]["s"] for frame in frames] == [8, 11, 40, 41]
    assert all(frame in stored for frame in frames)


@pytest.mark.parametrize(
    ("word", "first", "count"),
    [
        ("04000000000002", "record 000000000000000000000000000000a1 arrived (wni, baru, priority 10)", 9),
        ("04:00:00:00:00:00:03", "record 000000000000000000000000000000a2 arrived", 9),
        ("BAST-003/2018", "stock receive, document BAST-003/2018; 4 wna of lot BAST-003/2018: supplier -> vault", 1),
        ("#29", "job 0000000b: stop (media-jam, outcome-unknown, printer-stopped): printer waits for a person", 1),
        ("17", "seg-000000000001.jsonl is full and sealed", 1),
        ("2018-08-14", "the journal of station kupang-01 begins, incarnation 0123456789abcdef", 41),
    ],
)
def test_what_is_meant_is_guessed_by_its_form(golden: Path, word: str, first: str, count: int) -> None:
    result = ledger(golden, "trace", word)
    assert result.exit_code == 0, result.stderr
    assert first in result.stdout.splitlines()[0]
    assert len(result.stdout.splitlines()) == count


@pytest.mark.parametrize(
    ("word", "looked_for"),
    [
        ("nix", "a document of that name"),
        ("ffffffff", "a job, a chip, a document"),
        ("4711", "a frame, a document"),
        ("2018-08-15", "a day, a document"),
        ("f" * 32, "a record, a document"),
    ],
)
def test_what_is_not_found_is_told_with_what_was_looked_for(golden: Path, word: str, looked_for: str) -> None:
    result = ledger(golden, "trace", word)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"keping: {word}: nothing in the journal; looked for {looked_for}")
    assert result.stderr.count("\n") == 1


def frame_of(kind: str, **body: Any) -> Frame:
    return make_frame(7, kind, Stamp(1_534_212_000_000, "boot", 1, "op:maria"), body, ZERO_HEAD)


def test_every_kind_has_its_own_words() -> None:
    assert TOLD == KINDS
    page = (ROOT / "docs" / "journal-format.md").read_text(encoding="utf-8")
    examples = [json.loads(line)["r"] for line in re.findall(r'^\{"c":.*\}$', page, re.MULTILINE)]
    for each in examples:
        line = tell(frame_of(each["k"], **each["d"]))
        assert "{" not in line
        assert "\n" not in line
        for name in ("job", "ref", "uid", "lot", "cause", "document", "reprint_of", "reason", "approved", "number"):
            assert str(each["d"].get(name) or "") in line, (each["k"], name)
    assert "unheard-of" in tell(frame_of("unheard-of", job="x"))


def test_of_an_arrival_only_the_record_in_question_is_told(golden: Path) -> None:
    """And all of it where the question was the frame, or the day."""
    refs = [letter * 32 for letter in "ab"]
    records = [{"ref": ref, "sku": "wni", "reason": "baru", "priority": 1} for ref in refs]
    first = frame_of("records", records=records, refused=[], cursor="2")
    first = make_frame(1, "records", first.stamp, first.data, ZERO_HEAD)
    second = make_frame(2, "job-created", first.stamp, {"job": "0000000a", "ref": refs[0]}, first.head)
    data = golden / "other"
    (data / "journal").mkdir(parents=True)
    (data / "journal" / "seg-000000000001.jsonl").write_bytes(first.line + second.line)
    for word, shown in ((refs[0], [0]), (refs[1], [1]), ("0000000a", [0]), ("1", [0, 1]), ("2018-08-14", [0, 1])):
        line = ledger(data, "trace", word).stdout.splitlines()[0]
        assert [place for place, ref in enumerate(refs) if ref in line] == shown, word


def test_links_are_told() -> None:
    lost = {"job": "b", "ref": "r", "reprint_of": "a", "reason": "lost-before-hand-over", "cause": "card-missing"}
    again = tell(frame_of("reprint", **lost, approved="op:yosep"))
    assert "job b is to make the card of record r again: reprint of that of job a, lost" in again
    assert "lost-before-hand-over (card-missing), approved by op:yosep" in again
    back = tell(frame_of("stock", movement="reverse", document="", reverses=3, reason="typo", approved="op:yosep"))
    assert "stock reverse, reverses frame 3, reason typo, approved by op:yosep" in back
    counted = tell(frame_of("stock", movement="count", document="", counted=[["hopper", "wni", 9, 10]]))
    assert "hopper counted: 9 wni, 10 in the books" in counted
    looked = {"outcome": {"step": "print", "result": "done", "panels": 5, "rule": "panels-counted"}}
    assert "job a: print done (5 panels, by evidence, rule panels-counted)" in tell(
        frame_of("step", job="a", **looked)
    )


def test_the_export_is_the_journal_byte_by_byte(golden: Path) -> None:
    assert ledger(golden, "export").stdout_bytes == STORED
    lines = STORED.splitlines(keepends=True)
    assert ledger(golden, "export", "--from", "16", "--to", "33").stdout_bytes == b"".join(lines[15:33])
    assert ledger(golden, "export", "--from", "2018-08-14", "--to", "2018-08-14").stdout_bytes == STORED
    assert ledger(golden, "export", "--to", "2018-08-13").stdout_bytes == b""
    assert ledger(golden, "export", "--from", "2018-08-15", "--json").stdout_bytes == b""


def test_a_day_is_the_local_one(golden: Path) -> None:
    """Its frames are of 02:00 UTC, ten in the morning here; in the evening of the day before at the other end."""
    assert _midnight(date(2018, 8, 14)) == datetime(2018, 8, 13, 16, tzinfo=UTC).timestamp() * 1000
    assert "  2018-08-14 10:00:00  " in ledger(golden, "trace", "1").stdout
    assert "1,2018-08-14T10:00:00.250+08:00," in ledger(golden, "export", "--to", "1", "--format", "csv").stdout
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "WEST+8")
        time.tzset()
        assert ledger(golden, "export", "--from", "2018-08-14").stdout_bytes == b""
        assert ledger(golden, "export", "--to", "2018-08-13").stdout_bytes == STORED


def test_the_csv_adds_up_to_the_accounts(golden: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(ledger(golden, "export", "--format", "csv").stdout, newline="")))
    accounts: Counter[str] = Counter()
    for row in rows:
        if row["quantity"]:
            accounts[f"{row['sku']}/{row['from']}"] -= int(row["quantity"])
            accounts[f"{row['sku']}/{row['to']}"] += int(row["quantity"])
    expected = json.loads((ROOT / "tests" / "golden" / "journal-v1.json").read_text(encoding="utf-8"))["balances"]
    flat = {f"{sku}/{account}": quantity for sku, each in expected.items() for account, quantity in each.items()}
    assert {place: quantity for place, quantity in accounts.items() if quantity} == flat
    assert {int(row["seq"]) for row in rows} == set(range(1, 42))
    assert {row["chip"] for row in rows if row["kind"] == "job-ended"} == {"04000000000002", "04000000000004", ""}
    assert [json.loads(row["body"]) for row in rows if row["seq"] == "41"] == [
        json.loads(STORED.splitlines()[40])["r"]["d"]
    ]


def test_a_cell_is_never_a_formula() -> None:
    out = io.BytesIO()
    document = '=HYPERLINK("http://x")'
    moves = [["wni", document, "supplier", "vault", 2], ["wni", "+1", "supplier", "vault", 3]]
    _write_csv([frame_of("stock", movement="receive", document=document, moves=moves)], out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue().decode(), newline="")))
    assert [(row["lot"], row["quantity"]) for row in rows] == [(f"'{document}", "2"), ("'+1", "3")]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--from", "soon"], "no frame (4711) and no day"),
        (["--from", "9", "--to", "3"], "--from comes after --to"),
        (["--format", "csv", "--json"], "choose one"),
    ],
)
def test_a_wrong_call_is_told(golden: Path, words: list[str], why: str) -> None:
    result = ledger(golden, "export", *words)
    assert (result.exit_code, why in result.stderr, result.stdout) == (2, True, "")


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_damage_ends_the_export_with_3_after_what_is_good(golden: Path, form: str) -> None:
    path = golden / "journal" / "seg-000000000017.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"s":20,', b'"s":02,'))
    result = ledger(golden, "export", "--format", form)
    assert result.exit_code == 3
    assert re.search(r"^keping: \S+seg-000000000017\.jsonl:4: checksum differs", result.stderr)
    if form == "jsonl":
        assert result.stdout_bytes == b"".join(STORED.splitlines(keepends=True)[:19])


def keping(data: Path, *words: str, **where: Any) -> subprocess.Popen[bytes]:
    program = [sys.executable, "-c", "from kiosk.cli import main; main()"]
    return subprocess.Popen([*program, "--data", str(data), "ledger", *words], cwd=ROOT, **where)


def test_a_reader_that_goes_ends_the_export_quietly(tmp_path: Path) -> None:
    """As `| head -1` does: more than a pipe holds, and one line is taken."""
    (tmp_path / "journal").mkdir()
    with (tmp_path / "journal" / "seg-000000000001.jsonl").open("wb") as file:
        head = ZERO_HEAD
        for seq in range(1, 2_001):
            frame = make_frame(seq, "stock", Stamp(seq, "b", seq, "t"), {"pad": "x" * 200}, head)
            head = frame.head
            file.write(frame.line)
    export = keping(tmp_path, "export", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert export.stdout is not None
    assert export.stderr is not None
    assert export.stdout.readline().startswith(b'{"c":')
    export.stdout.close()
    assert export.stderr.read() == b""
    export.stderr.close()
    assert export.wait() == 1


def screen(act: Callable[[int], subprocess.Popen[bytes]]) -> bytes:
    """What the process writes to a terminal."""
    ours, theirs = pty.openpty()
    process = act(theirs)
    os.close(theirs)
    seen = b""
    try:
        while part := os.read(ours, 4096):
            seen += part
    except OSError:  # EIO: the terminal has no other end any more
        assert process.wait() == 0
    finally:
        os.close(ours)
    return seen


def test_a_person_who_waits_for_the_index_is_told_and_the_second_time_not(golden: Path) -> None:
    for expected in (b"indexing the journal, this once\r\n", b""):
        assert (
            screen(lambda tty: keping(golden, "trace", "0000000a", stdout=subprocess.DEVNULL, stderr=tty)) == expected
        )


def test_verify_shows_how_far_it_is_on_a_terminal_and_nowhere_else(golden: Path) -> None:
    seen = screen(lambda tty: keping(golden, "verify", stdout=subprocess.DEVNULL, stderr=tty))
    assert b"checking" in seen
    assert b"100%" in seen
    quiet = ledger(golden, "verify")
    assert (quiet.exit_code, quiet.stderr) == (0, "")
    assert quiet.stdout.startswith("41 frames, chain whole, head ")
