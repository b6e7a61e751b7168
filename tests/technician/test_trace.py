"""The trace of the wires: enough to see what went wrong, bounded, and nothing of a person."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from drivers.errors import Cause, NotStarted, OutcomeUnknown, ProtocolViolation, Refused, Stopped
from drivers.sim.chip import Behaviour
from kiosk.render import render_face
from kiosk.wire_trace import LONGEST_TEXT, MOST_BYTES, MOST_ENTRIES, MOST_FILES, SAME_FAULT_MS, Trace, code_of, files
from tests.office import Office
from tests.privacy.life import secrets_of, telling_part
from tests.privacy.search import Needles, Secret, search


class Clock:
    """Both clocks, moved by hand."""

    def __init__(self) -> None:
        self.ms = 0.0

    def monotonic_ms(self) -> float:
        return self.ms

    def now(self) -> datetime:
        return datetime.fromtimestamp(1_534_204_800 + self.ms / 1000, UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def trace(tmp_path: Path, clock: Clock) -> Trace:
    return Trace(tmp_path / "trace", clock.monotonic_ms, clock.now)


def entries(trace: Trace) -> list[dict[str, Any]]:
    return [json.loads(line) for line in trace.lines]


def test_a_short_command_and_its_reply_are_kept_as_they_are(trace: Trace, clock: Clock) -> None:
    wire = trace.wire("tty")
    wire.sent(b"\x1bRco;c\r")
    clock.ms = 1.5
    wire.received(b"1204\r\0")
    assert entries(trace) == [
        {"ms": 0.0, "on": "tty", "dir": "sent", "name": "Rco", "bytes": 7, "text": "Rco;c"},
        {"ms": 1.5, "on": "tty", "dir": "received", "bytes": 6, "text": "1204"},
    ]


def test_an_exchange_with_a_chip_is_its_header_and_its_lengths(trace: Trace) -> None:
    trace.link("reader").exchanged(b"\x00\xd6\x01\x02", 200, 0, 0x9000, 1.25)
    trace.link("reader").exchanged(b"\x80\x5a\x00\x00", 0, 16, 0x6982, 0.5)
    assert [tuple(each.values())[3:] for each in entries(trace)] == [
        ("UPDATE BINARY", "00D60102", 200, 0, "9000", 1.25),
        ("INS 5A", "805A0000", 0, 16, "6982", 0.5),
    ]


@pytest.mark.parametrize("data", [b"SITI" * 30, b"\x1bDb;y;32;" + bytes(range(256)), b"\xff\x00S", "é".encode()])
def test_of_anything_else_there_is_a_digest_that_nobody_can_try_out(
    trace: Trace, tmp_path: Path, data: bytes
) -> None:
    kept, again, elsewhere = trace.seen(data), trace.seen(data), Trace(tmp_path).seen(data)
    assert kept == again
    assert "text" not in kept
    assert len(kept["digest"]) == 12
    assert kept["digest"] != elsewhere["digest"]
    assert kept["digest"] != trace.seen(data + b"x")["digest"]


def test_text_at_its_limit(trace: Trace) -> None:
    assert "text" in trace.seen(b"x" * LONGEST_TEXT)
    assert "digest" in trace.seen(b"x" * (LONGEST_TEXT + 1))


def test_it_is_bounded_in_entries(trace: Trace) -> None:
    for number in range(MOST_ENTRIES + 5):
        trace.note(number=number)
    found = entries(trace)
    assert (len(found), found[0]["number"], found[-1]["number"]) == (MOST_ENTRIES, 5, MOST_ENTRIES + 4)


def test_it_is_bounded_in_bytes(trace: Trace) -> None:
    for _ in range(20):
        trace.note(filler="x" * (MOST_BYTES // 10))
    assert sum(map(len, trace.lines)) <= MOST_BYTES
    assert len(trace.lines) == 9


def test_a_fault_writes_what_was_before_it(trace: Trace, clock: Clock) -> None:
    trace.wire("tty").sent(b"\x1bSic\r")
    clock.ms = 2_000.0
    path = trace.fault(Stopped("jam", frozenset({"media-jam"})))
    assert path is not None
    assert path.name == "20180814T000002Z-media-jam.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    head, entry = map(json.loads, path.read_text().splitlines())
    assert head == {"v": 1, "utc": "2018-08-14T00:00:02+00:00", "ms": 2000.0, "fault": "media-jam"}
    assert entry["text"] == "Sic"


def test_a_fault_that_goes_on_is_written_once(trace: Trace, clock: Clock) -> None:
    fault = NotStarted("no answer")
    assert trace.fault(fault)
    for _ in range(5):
        clock.ms += SAME_FAULT_MS - 1
        assert trace.fault(fault) is None
    assert trace.fault(OutcomeUnknown("another one"))
    clock.ms += SAME_FAULT_MS
    assert trace.fault(fault)
    assert len(list((trace._directory).iterdir())) == 3


def test_the_oldest_files_go(trace: Trace, clock: Clock) -> None:
    made = []
    for _ in range(MOST_FILES + 3):
        made.append(trace.fault(NotStarted("no answer")))
        clock.ms += SAME_FAULT_MS
    assert files(trace._directory) == made[3:]


def test_a_clock_that_was_set_back_does_not_lose_the_newest(trace: Trace, clock: Clock) -> None:
    for _ in range(MOST_FILES):
        trace.fault(NotStarted("no answer"))
        clock.ms += SAME_FAULT_MS
    trace._now = lambda: datetime(2000, 1, 1, tzinfo=UTC)
    path = trace.fault(NotStarted("no answer"))
    assert path in files(trace._directory)
    assert len(files(trace._directory)) == MOST_FILES


def test_a_medium_that_refuses_stops_nothing(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").write_bytes(b"")
    trace = Trace(tmp_path / "file" / "trace", clock.monotonic_ms, clock.now)
    assert trace.fault(NotStarted("no answer")) is None


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (NotStarted(""), "not-started"),
        (OutcomeUnknown(""), "outcome-unknown"),
        (ProtocolViolation(""), "protocol-violation"),
        (Stopped("", frozenset()), "stopped"),
        (Stopped("", frozenset({"media-jam", "cover-open"})), "cover-open"),
        (Refused("", Cause.CHIP_SILENT), "chip-silent"),
    ],
)
def test_the_word_of_a_fault(fault: Any, code: str) -> None:
    assert code_of(fault) == code


# A whole station.


@pytest.fixture
def planted(office: Office) -> Callable[[int], Needles]:
    """Needles for what is known of a resident, for each panel of the card, and for each file of the chip."""

    def needles(index: int) -> Needles:
        record, _ = office.token(office.residents[index])
        assert office.station._devices is not None
        panels = office.station._devices.prepare(render_face(record)).downloads
        found = secrets_of(index, office.residents[index])
        found += [Secret(f"panel {at}", telling_part(each)) for at, each in enumerate(panels)]
        found += [Secret(f"file {name}", telling_part(each)) for name, each in record.chip.items() if len(each) > 48]
        return Needles(found)

    return needles


def test_nothing_of_a_person_is_in_the_ring_or_in_the_files(
    office: Office, planted: Callable[[int], Needles], tmp_path: Path
) -> None:
    office.spoil_chip(0, Behaviour(fail_write_at=4))
    job = office.print_one()
    office.until(lambda: office.state(job["id"]) == "completed")
    needles = planted(0)
    ring = b"\n".join(office.station.trace.lines)
    [written] = files(office.data / "trace")
    assert written.name.endswith("-chip-write-failed.jsonl")
    assert needles.find(ring) == set()
    assert search(office.data / "trace", needles)[0] == []
    seen = entries(office.station.trace)
    assert {"Sic", "Dbc", "Se", "Sce", "Ser", "SELECT", "UPDATE BINARY"} <= {each.get("name") for each in seen}

    record, _ = office.token(office.residents[0])
    naive = tmp_path / "naive"
    naive.mkdir()
    assert office.station._devices is not None
    (naive / "wire").write_bytes(b"".join(office.station._devices.prepare(render_face(record)).downloads))
    (naive / "chip").write_bytes(b"".join(record.chip.values()))
    found = {each.what.rpartition(" ")[0] for each in search(naive, needles)[0]}
    assert {"panel", "file"} <= found, "what a trace of all bytes would give away"


def test_a_printer_that_goes_away_leaves_one_trace(office: Office) -> None:
    office.bring_records(1)
    office.line.close()
    office.station.desk.run_jobs("test")
    assert office.until_held_up() == {"connecting-to-device"}
    assert [path.name.partition("-")[2] for path in files(office.data / "trace")] == ["not-started.jsonl"]
