"""What a frame is found by, the index that is never truth, and the life of a card put together from it."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tracemalloc
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kiosk.core.frames import ZERO_HEAD, Frame, Stamp, make_frame
from kiosk.core.history import Key, Subject, as_day, as_sequence, guesses, keys_of, life, records_of
from kiosk.core.projection import KINDS
from kiosk.errors import DamagedData, UsageError
from kiosk.journal import scan
from kiosk.journal.extract import extract, links, sequence_at
from kiosk.journal.index import FORM, Index, label_of
from kiosk.journal.segments import segment_path, split_lines

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "journal-v1"
J1, J2, REF, REF2, UID, LOT = "0000000a", "0000000b", "a" * 32, "b" * 32, "04A1B2C3D4E5F6", "BAST-1/2018"
MOVE = [["wni", LOT, "printed", "issued", 1]]
JOB1, JOB2, RECORD, CHIP = (
    Key(Subject.JOB, J1),
    Key(Subject.JOB, J2),
    Key(Subject.RECORD, REF),
    Key(Subject.CHIP, UID),
)
OF_LOT, PAPER, CALL = Key(Subject.LOT, LOT), Key(Subject.DOCUMENT, LOT), Key(Subject.CALL, "2018-08-14/001")

TABLE: list[tuple[str, dict[str, Any], set[Key]]] = [
    ("genesis", {"station": "k", "incarnation": "ab" * 8, "key": "x", "predecessor": None}, set()),
    ("segment", {"previous": {"file": "seg-1", "bytes": 1, "head": "0" * 64}, "snapshot": None}, set()),
    ("recovered", {"segment": "seg-1", "offset": 0, "bytes": 3, "sha256": "0" * 64}, set()),
    ("started", {}, set()),
    ("stopped", {}, set()),
    ("stock", {"movement": "receive", "document": LOT, "moves": MOVE}, {PAPER, OF_LOT}),
    ("stock", {"movement": "load", "document": "", "moves": MOVE}, {OF_LOT}),
    ("stock", {"movement": "reverse", "reverses": 7, "moves": MOVE}, {Key(Subject.REVERSED, "7"), OF_LOT}),
    ("records", {"records": [{"ref": REF}, {"ref": REF2}], "refused": [{"reason": "r"}], "cursor": "4"},
     {RECORD, Key(Subject.RECORD, REF2)}),
    ("job-created", {"job": J1, "ref": REF}, {JOB1, RECORD}),
    ("job-state", {"job": J1, "event": "hold", "reasons": ["r"]}, {JOB1}),
    ("step", {"job": J1, "intent": {"step": "feed", "printer": "K"}, "lot": LOT}, {JOB1, OF_LOT}),
    ("step", {"job": J1, "outcome": {"step": "identify", "result": "done", "uid": UID}}, {JOB1, CHIP}),
    ("job-resolved", {"job": J1, "answer": "spoiled", "end": "spoiled", "moves": MOVE}, {JOB1, OF_LOT}),
    ("job-ended", {"job": J1, "ref": REF, "uid": UID, "moves": MOVE}, {JOB1, RECORD, CHIP, OF_LOT}),
    ("job-ended", {"job": J1, "ref": REF, "uid": None, "state": "aborted"}, {JOB1, RECORD}),
    ("handed-over", {"job": J1, "ref": REF, "uid": UID, "moves": MOVE}, {JOB1, RECORD, CHIP, OF_LOT}),
    ("reprint", {"job": J2, "ref": REF, "reprint_of": J1, "reason": "misprint", "moves": MOVE},
     {JOB1, JOB2, RECORD, OF_LOT}),
    ("call-back", {"number": CALL.value, "reason": "no-record"}, {CALL}),
    ("call-back-closed", {"number": CALL.value}, {CALL}),
    ("records", {"records": [], "refused": [], "again": [REF], "cursor": "4"}, {RECORD}),
    ("gap-closed", {"cards": [{"job": J1, "ref": REF, "uid": UID, "lot": LOT}], "moves": MOVE},
     {JOB1, RECORD, CHIP, OF_LOT}),
    ("looked-up", {"ref": REF}, {RECORD}),
    ("looked-up", {"paper": "ekspedisi", "way": "printer", "refs": [REF, REF2]}, {RECORD, Key(Subject.RECORD, REF2)}),
    ("shift-opened", {"shift": "S0001", "opening": [["shift", "wni", 3]]}, set()),
    ("shift-counted", {"shift": "S0001", "counted": [["shift", "wni", 3]]}, set()),
    ("shift-closed", {"shift": "S0001", "equation": {}, "counted": [], "moves": MOVE}, {OF_LOT}),
    ("people", {"person": "maria", "change": "acting", "role": "operator", "document": LOT}, {PAPER}),
    ("test-card", {"job": J1, "sku": "wni", "plan": "test-card"}, {JOB1}),
    ("test-ended", {"job": J1, "uid": UID, "end": "spoiled", "cause": "test", "moves": MOVE}, {JOB1, CHIP, OF_LOT}),
    ("equipment", {"role": "printer", "serial": "KP000123", "model": "Primacy"}, set()),
    ("records", {"records": [], "refused": [], "withdrawn": [{"ref": REF, "reason": "moved"}], "cursor": "5"},
     {RECORD}),
    ("released", {"refs": [REF, REF2]}, {RECORD, Key(Subject.RECORD, REF2)}),
    ("clock", {"state": "doubtful", "machine_ms": 946684831000, "heard_ms": 1795889280000},
     {Key(Subject.CLOCK, "station")}),
    ("limit-lifted", {"reason": "no-line", "more_cards": 500, "more_days": 5}, set()),
    ("record-held", {"ref": REF, "wrong": ["name"]}, {RECORD}),
    ("record-freed", {"ref": REF}, {RECORD}),
    ("erased", {"rule": "audit-term", "refs": [REF, REF2]}, {RECORD, Key(Subject.RECORD, REF2)}),
    ("queue-jump", {"ref": REF, "reason": "ill", "approved": "op:yosep"}, {RECORD}),
    ("office-figures", {"figures": {"without-card": 60000}}, set()),
    ("blanks-requested", {"document": LOT, "sku": "wni", "quantity": 20000}, {PAPER}),
    ("blanks-granted", {"document": LOT, "quantity": 4000, "grant": "S-9"}, {PAPER}),
]  # fmt: skip


def chained(bodies: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[Frame]:
    """One frame a second, from 1,000 ms on."""
    head = ZERO_HEAD
    for seq, (kind, body) in enumerate(bodies, start=1):
        frame = make_frame(seq, kind, Stamp(1_000 * seq, "boot", seq, "t"), body, head)
        head = frame.head
        yield frame


def write(directory: Path, frames: Iterable[Frame], size: int) -> None:
    """As segments of `size` frames each."""
    directory.mkdir(parents=True)
    for frame in frames:
        first = frame.seq - (frame.seq - 1) % size
        with segment_path(directory, first).open("ab") as file:
            file.write(frame.line)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A DATA directory with the golden journal: two sealed segments and a live one."""
    shutil.copytree(GOLDEN, tmp_path / "journal")
    return tmp_path


def files(data: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((data / "index").iterdir())}


def find_all(data: Path) -> dict[Key, list[Frame]]:
    index = Index(data)
    wanted = {key for frame in scan(data / "journal") for key in keys_of(frame)}
    return {key: list(index.find([key])) for key in wanted}


def read_through(data: Path) -> dict[Key, list[Frame]]:
    """The same without an index."""
    found: dict[Key, list[Frame]] = {}
    for frame in scan(data / "journal"):
        for key in keys_of(frame):
            found.setdefault(key, []).append(frame)
    return found


# What a frame is found by.


def test_every_kind_says_what_it_is_found_by() -> None:
    assert {kind for kind, _, _ in TABLE} == KINDS


@pytest.mark.parametrize(("kind", "body", "keys"), TABLE, ids=[kind for kind, _, _ in TABLE])
def test_keys(kind: str, body: dict[str, Any], keys: set[Key]) -> None:
    [frame] = chained([(kind, body)])
    assert keys_of(frame) == keys


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)


NAMES = re.compile(r"[0-9a-f]{8}|[0-9A-F]{14}|[0-9a-f]{32}")


def unfound(frame: Frame) -> set[str]:
    """Jobs, chips and records in the body that are no keys."""
    return {text for text in strings(frame.data) if NAMES.fullmatch(text)} - {key.value for key in keys_of(frame)}


def test_no_job_chip_or_record_of_the_format_page_is_left_out() -> None:
    """A new field that names one under another name is found here."""
    page = (ROOT / "docs" / "journal-format.md").read_text(encoding="utf-8")
    examples = [json.loads(line)["r"] for line in re.findall(r'^\{"c":.*\}$', page, re.MULTILINE)]
    frames = [frame for each in examples for frame in chained([(each["k"], each["d"])])]
    assert {frame.kind for frame in frames} == KINDS
    assert [unfound(frame) for frame in frames] == [set()] * len(frames)
    [control] = chained([("step", {"first_job": J1})])
    assert unfound(control) == {J1}


def test_other_keys_need_another_form(data: Path) -> None:
    """An index that an earlier release wrote must not be taken for one of this: raise FORM, then change this line."""
    find_all(data)
    lines = b"".join(content.partition(b"\n")[2] for content in files(data).values())
    assert {1: "76db0f92ec1f4faa"}[FORM] == hashlib.sha256(lines).hexdigest()[:16]


# The index.


def test_it_finds_what_reading_everything_finds(data: Path) -> None:
    truth = read_through(data)
    assert len(truth) > 10
    assert find_all(data) == truth
    written = {path: path.stat().st_mtime_ns for path in (data / "index").iterdir()}
    assert sorted(path.name for path in written) == ["seg-000000000001.index", "seg-000000000017.index"]
    assert find_all(data) == truth
    assert {path: path.stat().st_mtime_ns for path in (data / "index").iterdir()} == written


def test_several_keys_are_one_answer_in_order(data: Path) -> None:
    keys = [Key(Subject.JOB, "0000000b"), Key(Subject.JOB, "0000000a"), Key(Subject.LOT, "BAST-001/2018")]
    expected = [frame for frame in scan(data / "journal") if keys_of(frame) & set(keys)]
    assert list(Index(data).find(keys)) == expected
    assert list(Index(data).find([])) == []
    assert list(Index(data).find([Key(Subject.JOB, "0000000")])) == []


def test_a_damaged_index_hides_nothing_and_is_made_again(data: Path) -> None:
    truth = list(Index(data).find([JOB1]))
    whole = files(data)
    path = data / "index" / "seg-000000000001.index"
    content = whole[path.name]
    damaged = [content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :] for at in range(0, len(content), 11)]
    damaged += [content[:at] for at in (0, 1, 200, len(content) - 1)]
    damaged += [content + b"\n", whole["seg-000000000017.index"], content.replace(b'"form":', b'"form":9')]
    for each in damaged:
        assert each != content
        path.write_bytes(each)
        assert list(Index(data).find([JOB1])) == truth
        assert files(data) == whole


def test_only_a_forger_can_hide_a_frame(data: Path) -> None:
    """The control of the test above: what fits its label is believed. `keping ledger export` does not ask it."""
    truth = list(Index(data).find([JOB1]))
    [first, *_] = links(data / "journal")
    (data / "index" / "seg-000000000001.index").write_bytes(label_of(FORM, first, b""))
    assert len(list(Index(data).find([JOB1]))) < len(truth)


def test_the_index_of_another_journal_is_not_taken(data: Path, tmp_path: Path) -> None:
    frames = list(chained([("job-created", {"job": J1, "ref": REF}), ("job-state", {"job": J2})] * 20))
    write(tmp_path / "other" / "journal", frames, 10)
    find_all(data)
    shutil.copytree(data / "index", tmp_path / "other" / "index")
    assert find_all(tmp_path / "other") == read_through(tmp_path / "other")


def test_where_nothing_can_be_kept_the_answers_are_the_same(data: Path) -> None:
    (data / "index").write_text("in the way")
    assert find_all(data) == read_through(data)


def test_segments_without_the_key_are_not_read(data: Path) -> None:
    """Their bytes are exchanged; what binds the index, size and last line, stays."""
    truth = list(Index(data).find([Key(Subject.DOCUMENT, "BAST-002/2018")]))
    path = data / "journal" / "seg-000000000017.jsonl"
    content = path.read_bytes()
    end = content.rindex(b"\n", 0, -1)
    path.write_bytes(b"x" * end + content[end:])
    assert list(Index(data).find([Key(Subject.DOCUMENT, "BAST-002/2018")])) == truth


@pytest.mark.parametrize("indexed", [False, True])
def test_a_damaged_frame_is_told_with_file_and_line(data: Path, indexed: bool) -> None:
    if indexed:
        find_all(data)
    path = data / "journal" / "seg-000000000001.jsonl"
    lines = split_lines(path.read_bytes())[0]
    lines[8] = lines[8].replace(b"job-created", b"job-crested")
    path.write_bytes(b"".join(lines))
    with pytest.raises(DamagedData, match=r"seg-000000000001\.jsonl:9: checksum"):
        list(Index(data).find([JOB1]))


def test_a_frame_that_was_exchanged_with_its_checksum_is_told_too(data: Path) -> None:
    find_all(data)
    path = data / "journal" / "seg-000000000001.jsonl"
    lines = split_lines(path.read_bytes())[0]
    frame = next(extract(data / "journal", 9))
    forged = make_frame(9, frame.kind, frame.stamp, {**frame.data, "job": "0000000f"}, ZERO_HEAD)
    lines[8] = forged.line
    path.write_bytes(b"".join(lines))
    with pytest.raises(DamagedData, match=r":9: hash chain"):
        list(Index(data).find([JOB1]))


def test_a_missing_segment_is_told(data: Path) -> None:
    find_all(data)
    (data / "journal" / "seg-000000000017.jsonl").unlink()
    with pytest.raises(DamagedData, match="a segment is missing"):
        list(Index(data).find([JOB1]))
    with pytest.raises(UsageError, match="no journal"):
        list(Index(data / "nowhere").find([JOB1]))


# A life.

FED = {"step": "feed", "printer": "K", "fed": 0, "panels": 0, "panels_due": 5}
BAD = "04000000000001"
SECOND = "04000000000002"


def step(job: str, done: str, begins: str = "", **more: Any) -> tuple[str, dict[str, Any]]:
    intent = {"intent": {**FED, "step": begins}} if begins else {}
    uid = {"uid": more.pop("uid")} if "uid" in more else {}
    return "step", {
        "job": job,
        "outcome": {"step": done, "result": more.pop("result", "done"), **uid},
        **intent,
        **more,
    }


STORY: list[tuple[str, dict[str, Any]]] = [
    ("records", {"records": [{"ref": REF}, {"ref": REF2}], "refused": [], "cursor": "1"}),
    ("job-created", {"job": J1, "ref": REF}),
    ("step", {"job": J1, "intent": FED}),  # 3: the first card, whose chip is bad
    step(J1, "feed", "identify"),
    step(J1, "identify", "encode", uid=BAD),
    ("job-created", {"job": "0000000c", "ref": REF2}),
    step(J1, "encode", "eject", result="refused"),
    step(J1, "eject", "feed", result="ended", end="factory-defect"),  # 8: ends one card and feeds the next
    step(J1, "feed", "identify"),
    step(J1, "identify", "encode", uid=UID),
    ("job-ended", {"job": J1, "ref": REF, "uid": UID, "state": "completed", "end": "printed"}),
    ("reprint", {"job": J2, "ref": REF, "reprint_of": J1, "reason": "misprint"}),  # 12
    ("step", {"job": J2, "intent": FED}),
    step(J2, "feed", result="not-done"),
    ("step", {"job": J2, "intent": FED}),
    step(J2, "feed", "identify"),
    step(J2, "identify", "encode", uid=SECOND),
    ("job-ended", {"job": J2, "ref": REF, "uid": SECOND, "state": "completed", "end": "printed"}),
    ("handed-over", {"job": J2, "ref": REF, "uid": SECOND}),  # 19
]
LIVES = [
    (RECORD, [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]),
    (JOB1, [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12]),
    (JOB2, [1, 12, 13, 14, 15, 16, 17, 18, 19]),
    (Key(Subject.CHIP, BAD), [1, 2, 3, 4, 5, 7, 8]),
    (CHIP, [1, 2, 8, 9, 10, 11, 12]),
    (Key(Subject.CHIP, SECOND), [1, 12, 15, 16, 17, 18, 19]),
    (Key(Subject.CHIP, "04FFFFFFFFFFFF"), []),
]


@pytest.mark.parametrize(("key", "seqs"), LIVES, ids=[f"{key.subject} {key.value[:14]}" for key, _ in LIVES])
def test_a_life(key: Key, seqs: list[int]) -> None:
    frames = list(chained(STORY))

    def find(keys: Iterable[Key]) -> list[Frame]:
        wanted = set(keys)
        return [frame for frame in frames if keys_of(frame) & wanted]

    found = life(find, key)
    assert [frame.seq for frame in found] == seqs
    assert records_of(key, found) == ({REF} if seqs else set())


def test_the_life_of_a_lot_ends_with_its_reversal() -> None:
    frames = list(chained([
        ("stock", {"movement": "receive", "document": LOT, "moves": MOVE}),
        ("stock", {"movement": "receive", "document": "BAST-2", "moves": [["wni", "BAST-2", "vault", "shift", 1]]}),
        ("stock", {"movement": "destroy", "document": "BA-7", "moves": MOVE}),
        ("stock", {"movement": "reverse", "reverses": 3, "moves": MOVE}),
    ]))  # fmt: skip
    for word, seqs in ((LOT, [1, 3, 4]), ("BAST-2", [2]), ("BA-7", [3, 4])):
        found = life(lambda keys: [f for key in list(keys) for f in frames if key in keys_of(f)], guesses(word)[-1])
        assert [frame.seq for frame in found] == seqs


@pytest.mark.parametrize(
    ("word", "subjects"),
    [
        ("8707d66d", ["job", "chip"]),
        ("8707D66D", ["job", "chip"]),
        ("04:2b:90:2f:89:18:18", ["chip"]),
        ("0485C924C364C4", ["chip"]),
        (REF, ["record"]),
        ("2018-08-14/001", ["call-back"]),
        ("BAST-471/2018", []),
        ("4711", []),
    ],
)
def test_the_form_of_a_word_tells_what_it_may_be(word: str, subjects: list[str]) -> None:
    found = guesses(f" {word} ")
    assert [key.subject.value for key in found] == [*subjects, "document"]
    assert found[-1].value == word
    assert all(key.value in (word, word.lower(), word.replace(":", "").upper()) for key in found)


def test_frames_and_days() -> None:
    assert [as_sequence(word) for word in ("4711", "#4711", "47a", "", "1" * 13)] == [4711, 4711, None, None, None]
    assert as_day("2018-08-14") == date(2018, 8, 14)
    assert [as_day(word) for word in ("2018-02-30", "14-08-2018", "20180814", "2018-W01-1")] == [None] * 4


# A stretch.


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """25 frames in segments of 10: frame n is recorded at n seconds."""
    write(tmp_path / "journal", chained([("step", {"job": J1})] * 25), 10)
    return tmp_path / "journal"


@pytest.mark.parametrize(
    ("first", "last"), [(1, None), (1, 25), (10, 11), (11, 20), (21, 99), (25, 25), (7, 6), (26, 30)]
)
def test_a_stretch_is_what_lies_between(long: Path, first: int, last: int | None) -> None:
    assert [frame.seq for frame in extract(long, first, last)] == list(range(first, min(last or 25, 25) + 1))


def test_a_time_is_found(long: Path) -> None:
    for time_ms in range(0, 26_500, 500):
        assert sequence_at(long, time_ms) == max(1, -(-time_ms // 1_000))


def test_frames_of_one_instant_in_two_segments_are_all_found(tmp_path: Path) -> None:
    head, frames = ZERO_HEAD, []
    for seq, time_ms in enumerate([1, 2, 5, 5, 5, 5, 8], start=1):
        frames.append(make_frame(seq, "step", Stamp(time_ms, "b", seq, "t"), {}, head))
        head = frames[-1].head
    write(tmp_path / "journal", frames, 2)
    assert [sequence_at(tmp_path / "journal", time_ms) for time_ms in (1, 5, 6, 9)] == [1, 3, 7, 8]


def test_a_live_segment_may_be_unfinished_or_empty_and_a_sealed_one_not(long: Path) -> None:
    live = long / "seg-000000000021.jsonl"
    live.write_bytes(live.read_bytes() + b'{"c":1')
    assert [frame.seq for frame in extract(long)] == list(range(1, 26))
    live.write_bytes(b"")
    assert (sequence_at(long, 99_000), [frame.seq for frame in extract(long, 15)]) == (21, [15, 16, 17, 18, 19, 20])
    sealed = long / "seg-000000000011.jsonl"
    sealed.write_bytes(sealed.read_bytes()[:-1])
    with pytest.raises(DamagedData, match="does not end in a complete frame"):
        list(extract(long, 1))


def test_damage_is_told_after_the_good_frames_before_it(long: Path) -> None:
    path = long / "seg-000000000011.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"s":14,', b'"s":41,'))
    seen: list[int] = []
    with pytest.raises(DamagedData, match=r"seg-000000000011\.jsonl:4: checksum"):
        seen.extend(frame.seq for frame in extract(long, 5))
    assert [frame.seq for frame in extract(long, 21)] == [21, 22, 23, 24, 25]


def peak_bytes(frames: Iterable[object], *, kept: bool = False) -> int:
    tracemalloc.start()
    try:
        rest = list(frames) if kept else sum(1 for _ in frames)
        return tracemalloc.get_traced_memory()[1] if rest else 0
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_journal(tmp_path: Path) -> None:
    for count in (500, 2_500):
        write(tmp_path / str(count), chained([("step", {"job": J1, "pad": "x" * 300})] * count), 1_000)
    small, large = (peak_bytes(extract(tmp_path / str(count))) for count in (500, 2_500))
    assert large < small + 50_000 < 400_000
    assert peak_bytes(extract(tmp_path / "2500"), kept=True) > 2_000_000
