"""The stick by commands, between a whole station and a centre: export, carry, import, answer, import."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from kiosk.people import People, Role
from tests.office import Office
from tests.office_centre import Centre


def keping(*words: Any) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def centre(office: Office, tmp_path: Path) -> Iterator[Centre]:
    made = Centre(office, tmp_path / "hub")
    yield made
    made.store.close()


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    root = tmp_path / "stick"
    root.mkdir()
    return root


def at_station(office: Office, *words: Any) -> Result:
    return keping("--data", office.data, "sync", *words)


def at_centre(centre: Centre, *words: Any) -> Result:
    return keping("--data", centre.directory, "hub", *words)


def test_a_trip_with_a_running_station(office: Office, centre: Centre, stick: Path) -> None:
    office.print_one()
    _printed, *refs = centre.issue(4)
    written = at_station(office, "export", stick)
    assert written.exit_code == 0, written.output
    frames = office.station.books.seq
    assert written.output.startswith(f"frames 1 to {frames}, {frames} of them, 0.0 MB as keping-kupang-01-journal-")
    taken = at_centre(centre, "import", stick)
    assert (taken.exit_code, taken.output) == (0, f"kupang-01: {frames} new, frame {frames} is held\n")
    answered = at_centre(centre, "export", stick)
    assert answered.exit_code == 0
    came = at_station(office, "import", stick)
    assert (came.exit_code, came.output) == (
        0, f"the centre has frame {frames}, {frames} more than was known here; 3 new records\n",
    )  # fmt: skip
    with office.station.books.transaction() as view:
        assert {ref for ref in refs if view.read("records", ref)} == set(refs)
    assert json.loads((office.data / "sync" / "ack.json").read_bytes())["seq"] == frames
    again = at_centre(centre, "import", stick)
    assert again.output == f"kupang-01: nothing new, frame {frames} is held\n"
    assert at_station(office, "import", stick).output.endswith("0 more than was known here; 0 new records\n")


def test_a_trip_without_a_running_station(office: Office, centre: Centre, stick: Path) -> None:
    centre.issue(2)
    office.station.close()
    assert at_station(office, "export", stick).exit_code == 0
    assert at_centre(centre, "import", stick).exit_code == 0
    assert at_centre(centre, "export", stick).exit_code == 0
    came = keping("--data", office.data, "--json", "sync", "import", stick)
    assert came.exit_code == 0, came.output
    found = json.loads(came.output)
    assert (found["records"], found["unused"]) == (2, [])
    status = json.loads(keping("--data", office.data, "--json", "sync", "status").output)
    assert status["acknowledged"] == found["acknowledged"] == found["confirmed"]


def test_the_receipt_of_a_stick_destroys_what_is_not_needed(office: Office, centre: Centre, stick: Path) -> None:
    """As one that came over the link: the hand-over is there, so the biometrics go."""
    job = office.print_one()
    office.station.counter.hand_over("test", job["id"], taker="holder", verified="ktp-lama")
    assert office.station.vault.has_biometrics(job["ref"])
    for step in (lambda: at_station(office, "export", stick), lambda: at_centre(centre, "import", stick)):
        assert step().exit_code == 0
    assert at_centre(centre, "export", stick).exit_code == 0
    assert office.station.vault.has_biometrics(job["ref"])
    assert at_station(office, "import", stick).exit_code == 0
    assert not office.station.vault.has_biometrics(job["ref"])


def test_what_is_refused_is_one_line_with_exit_1(office: Office, centre: Centre, stick: Path) -> None:
    assert at_station(office, "export", stick).exit_code == 0
    [parcel] = stick.iterdir()
    chunk = parcel / "000001.jwe"
    content = chunk.read_bytes()
    chunk.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    refused = at_centre(centre, "import", stick)
    assert refused.exit_code == 1
    assert refused.output.count("\n") == 1
    assert "kupang-01: refused, chunk-altered: " in refused.output
    chunk.write_bytes(content)
    assert at_centre(centre, "import", stick).exit_code == 0
    nothing = at_station(office, "import", stick)
    assert (nothing.exit_code, nothing.output) == (
        1, f"keping: {stick}: nothing of the centre's for kupang-01\n",
    )  # fmt: skip


def test_there_is_no_stick(office: Office, centre: Centre, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    assert "is the stick mounted?" in at_station(office, "export", nowhere).output
    assert at_centre(centre, "import", nowhere).exit_code == 4
    assert not nowhere.exists()
    assert at_centre(centre, "export", tmp_path).exit_code == 2
    assert "kupang-99 is not enrolled" in at_centre(centre, "export", tmp_path, "--station", "kupang-99").output


def test_two_at_once_are_told_apart(office: Office, stick: Path) -> None:
    assert office.station.sticks._turn.acquire(blocking=False)
    busy = at_station(office, "export", stick)
    assert (busy.exit_code, busy.output) == (1, "keping: somebody is at work with a stick: wait for its end\n")
    office.station.sticks._turn.release()


def test_an_auditor_carries_nothing(office: Office, stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    People(office.data).add("agus", "Agus", Role.AUDITOR, "135790")
    monkeypatch.setenv("KEPING_PIN", "135790")
    refused = keping("--data", office.data, "--as", "agus", "sync", "export", stick)
    assert refused.exit_code == 1
    assert "carry" in refused.output
    assert list(stick.iterdir()) == []
