"""What docs/journal-format.md says is refused, is refused by the program and by the page's own verifier at the same
line; what it says can't be seen, is seen by neither."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from docs import verify_journal
from kiosk import books
from kiosk.books import Books, replay
from kiosk.crypto.keys import SIGNING, import_okp, thumbprint
from kiosk.errors import DamagedData
from kiosk.journal import Journal, scan
from kiosk.journal.segments import split_lines
from tests.docs import golden_journal
from tests.docs.rewriting import rechained
from tests.docs.test_journal_format import EXPECTED, PAGE, copy, lines_of

__all__ = ["copy"]


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
    with pytest.raises(ValueError, match=r"seg-\d{12}\.jsonl:\d+: ") as theirs:
        verify_journal.verify(copy)
    with pytest.raises(DamagedData) as ours:
        replay(scan(copy))
    assert place(ours) == place(theirs)


def place(refusal: pytest.ExceptionInfo[Exception]) -> str:
    """FILE:LINE of a refusal."""
    return str(refusal.value).partition(": ")[0]


def test_the_verifier_says_file_line_and_reason_and_exits_with_1(copy: Path) -> None:
    victim = copy / "seg-000000000017.jsonl"
    lines = victim.read_bytes().splitlines(keepends=True)
    flip(lines, 3, 200)
    victim.write_bytes(b"".join(lines))
    script = verify_journal.__file__
    done = subprocess.run([sys.executable, script, copy], capture_output=True, check=False, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{victim}:4: checksum differs\n"


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    """DATA with a journal of several segments and a checkpoint at each seal."""
    key = import_okp(golden_journal.KEY, SIGNING)
    genesis = {"station": "kupang-01", "incarnation": "ab" * 8, "key": thumbprint(key), "predecessor": None}
    Books.create(tmp_path, 4096, genesis, "test").close()
    opened = Books.open(tmp_path, 4096, "test", key=key)
    for _ in range(40):
        opened.commit("started", {}, "t" * 90)
    opened.close()
    return tmp_path


def set_back(journal: Path) -> None:
    max(journal.iterdir()).unlink()


def rewritten(journal: Path) -> None:
    rechained(journal, lambda record: record["d"].update(note="x") if record["s"] == 3 else None)


@pytest.mark.parametrize(("harm", "why"), [(set_back, "set back"), (rewritten, "not the one|rewritten")])
def test_what_the_checkpoints_contradict_is_refused_by_both(
    signed: Path, harm: Callable[[Path], None], why: str
) -> None:
    found = verify_journal.verify(signed / "journal")
    assert found["frames"] == replay(scan(signed / "journal")).seq
    harm(signed / "journal")
    with pytest.raises(ValueError, match=why):
        verify_journal.verify(signed / "journal")
    with pytest.raises(DamagedData, match=why):
        Books.open(signed, 4096, "test")
    shutil.rmtree(signed / "checkpoints")
    assert verify_journal.verify(signed / "journal")["frames"] <= found["frames"]


def test_a_checkpoint_is_as_the_page_says(signed: Path) -> None:
    for path in (signed / "checkpoints" / ("ab" * 8)).iterdir():
        content = json.loads(path.read_bytes())
        header, payload, _ = (part for part in content["checkpoint"].split("."))
        decoded = [json.loads(base64.urlsafe_b64decode(part + "==")) for part in (header, payload)]
        assert decoded[0] == {"alg": "Ed25519", "typ": "keping-checkpoint+jws", "kid": golden_journal.THUMBPRINT}
        assert list(decoded[1]) == ["station", "incarnation", "seq", "head", "balances"]
        assert path.name == f"{decoded[1]['seq']:012d}.json"
        assert list(content) == ["checkpoint", "key"]
        for name in (*decoded[0], *decoded[1], *content):
            assert f"`{name}`" in PAGE.split("## Checkpoints")[1].split("\n## ")[0], name


def test_every_file_beside_the_journal_is_on_the_page() -> None:
    section = PAGE.split("## Beside the journal")[1].split("\n## ")[0]
    names = (books.SNAPSHOT, books.CHECKPOINTS, books.RESERVE, books.AUDIT_NOTE, books.JOURNAL_DRAFT, "LOCK")
    assert [name for name in names if f"`{name}" not in section] == []


@pytest.mark.parametrize("missing", ["seg-000000000001.jsonl", "seg-000000000017.jsonl"])
def test_a_missing_segment_is_refused_by_both(copy: Path, missing: str) -> None:
    (copy / missing).unlink()
    with pytest.raises(ValueError, match="does not follow"):
        verify_journal.verify(copy)
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
    with pytest.raises(ValueError, match=r"seg-\d{12}\.jsonl:\d+: "):
        verify_journal.verify(copy)
    with pytest.raises(DamagedData, match="upgrade first" if forgery in ("unknown kind", "newer version") else None):
        replay(scan(copy))


def test_an_unfinished_line_at_the_end_is_left_out(copy: Path) -> None:
    last = max(copy.iterdir())
    last.write_bytes(last.read_bytes() + golden_journal.TORN)
    found = verify_journal.verify(copy)
    assert (found["frames"], found["unfinished"]) == (EXPECTED["frames"], len(golden_journal.TORN))
    journal = Journal.open(copy, 1 << 20)
    journal.close()
    assert (journal.seq, journal.recovered and journal.recovered["bytes"]) == (EXPECTED["frames"], 27)


def test_a_rewritten_journal_is_found_only_from_outside(copy: Path) -> None:
    def enrich(record: dict[str, object]) -> None:
        if record["s"] == 2:
            record["d"] = {**record["d"], "document": "BAST-009/2018"}  # type: ignore[dict-item]

    rechained(copy, enrich)
    assert verify_journal.verify(copy)["frames"] == EXPECTED["frames"]
    assert replay(scan(copy)).seq == EXPECTED["frames"]
    with pytest.raises(ValueError, match="not the one kept outside"):
        verify_journal.verify(copy, (EXPECTED["frames"], EXPECTED["head"]))


@pytest.mark.parametrize(("lines_kept", "end"), [(-2, 39), (0, 31)], ids=["cut", "segment removed"])
def test_a_journal_that_was_set_back_is_found_only_from_outside(copy: Path, lines_kept: int, end: int) -> None:
    last = max(copy.iterdir())
    kept = split_lines(last.read_bytes())[0][:lines_kept]
    last.write_bytes(b"".join(kept))
    if not kept:
        last.unlink()
    assert verify_journal.verify(copy)["frames"] == end
    assert replay(scan(copy)).seq == end
    with pytest.raises(ValueError, match=f"ends at frame {end}"):
        verify_journal.verify(copy, (EXPECTED["frames"], EXPECTED["head"]))
