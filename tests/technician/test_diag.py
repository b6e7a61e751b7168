"""One device at a time, while the station stands still."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.sim.cards import Card
from drivers.sim.chip import Chip, contactless_atr
from kiosk.diagnosis import atr_in_words, histogram, reads_only, summary
from tests.office import Office
from tests.technician.command import answer, keping

SELECT_DF, SELECT_CONTROL, READ_LENGTH = "00A40000027F0A", "00A40000026FF0", "00B0000002"
WRITE = "00D60000020001"


@pytest.fixture
def stopped(office: Office) -> Office:
    office.station.close()
    return office


@pytest.fixture
def chip(stopped: Office) -> Chip:
    card: Card = stopped.world.hopper[0]
    assert isinstance(card.chip, Chip)
    stopped.antenna.enter(card.chip)
    return card.chip


@pytest.mark.parametrize("verb", [["readers"], ["printer"], ["chip"], ["apdu", SELECT_DF]])
def test_a_station_that_runs_keeps_its_devices(office: Office, verb: list[str]) -> None:
    done = keping(office, "diag", *verb)
    assert done.exit_code == 4
    assert "is in use by process" in done.stderr
    assert done.stdout == ""


def test_the_lock_is_given_back(stopped: Office) -> None:
    keping(stopped, "diag", "chip")
    stopped.reopen()


def test_the_printer(stopped: Office) -> None:
    found = answer(stopped, "diag", "printer")
    assert found["model"] == "Primacy"
    assert (found["position"], found["cards_fed"], found["stopping"]) == ("none", 0, [])
    assert sum(count for _, count in found["histogram"]) == 50
    times = found["status_ms"]
    assert times["min"] <= times["median"] <= times["p95"] <= times["max"]
    text = keping(stopped, "diag", "printer").stdout
    assert "serial" in text
    assert "ribbon 200 cards left" in text
    assert "#" in text


def test_a_printer_that_is_away(stopped: Office) -> None:
    stopped.line.close()
    done = keping(stopped, "diag", "printer")
    assert done.exit_code == 4
    assert "not-started" in done.stderr


def test_an_empty_reader(stopped: Office) -> None:
    [found] = answer(stopped, "diag", "readers")
    assert (found["used_as"], found["error"]) == ("reader.name", "chip-silent")
    done = keping(stopped, "diag", "chip")
    assert done.exit_code == 4
    assert "chip-silent" in done.stderr


def test_what_lies_on_the_reader(stopped: Office, chip: Chip) -> None:
    found = answer(stopped, "diag", "chip")
    assert found["uid"] == chip.uid.hex().upper()
    assert found["holds_data"] is False
    assert "convention, T=" in keping(stopped, "diag", "chip").stdout
    [listed] = answer(stopped, "diag", "readers")
    assert listed["atr"] == found["atr"]


def test_commands_to_one_chip_in_one_session(stopped: Office, chip: Chip) -> None:
    found = answer(stopped, "diag", "apdu", SELECT_DF, SELECT_CONTROL, READ_LENGTH)
    assert [each["sw"] for each in found] == ["9000 success"] * 3
    assert found[-1]["data"] == "0000"


def test_what_may_write_is_refused_before_anything_is_sent(stopped: Office, chip: Chip) -> None:
    done = keping(stopped, "diag", "apdu", SELECT_DF, SELECT_CONTROL, WRITE)
    assert done.exit_code == 1
    assert "00D60000 may write" in done.stderr
    assert answer(stopped, "diag", "chip")["holds_data"] is False
    written = answer(stopped, "diag", "apdu", "--allow-write", SELECT_DF, SELECT_CONTROL, WRITE)
    assert written[-1]["sw"] == "9000 success"
    assert answer(stopped, "diag", "chip")["holds_data"] is True


@pytest.mark.parametrize(("text", "message"), [("00A4", "no command APDU"), ("zz", "not hexadecimal")])
def test_what_is_no_command_is_refused(stopped: Office, text: str, message: str) -> None:
    done = keping(stopped, "diag", "apdu", text)
    assert done.exit_code == 2
    assert message in done.stderr


def test_a_reader_that_the_config_does_not_name(stopped: Office) -> None:
    done = keping(stopped, "diag", "apdu", "--on", "sam", SELECT_DF)
    assert done.exit_code == 2
    assert "reader.sam is empty" in done.stderr


@pytest.mark.parametrize(
    ("header", "reads"),
    [
        ("00A40000", True), ("0CB00000", True), ("00CA0000", True), ("FFCA0000", True),
        ("00D60000", False), ("00D70000", False), ("00DC0000", False), ("00D00000", False), ("00E20000", False),
        ("000E0000", False), ("00E40000", False), ("00200001", False), ("00820000", False), ("00240000", False),
        ("80B00000", False), ("80CA0000", False), ("FFD60004", False), ("FF000000", False),
    ],
)  # fmt: skip
def test_what_reads(header: str, reads: bool) -> None:
    assert reads_only(bytes.fromhex(header)) is reads


def test_an_atr_in_words() -> None:
    found = atr_in_words(bytes.fromhex("3B86014B5053414D01C2"))
    assert (found["convention"], found["protocols"]) == ("direct", ["T=1"])
    contactless = atr_in_words(contactless_atr(b"TOY"))
    assert contactless["protocols"] == ["T=0", "T=1"]
    assert "TOY" in contactless["text"]
    assert atr_in_words(b"\x3b\xff")["error"] == "protocol-violation"


@given(st.lists(st.floats(0.001, 60_000), min_size=2))
def test_the_histogram_counts_every_reading_once(times_ms: list[float]) -> None:
    bars = histogram(times_ms)
    assert sum(count for _, count in bars) == len(times_ms)
    assert bars[0][1]
    assert bars[-1][1]
    found = summary(times_ms)
    assert bars[-1][0] >= found["max"] - 0.01
