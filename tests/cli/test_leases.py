"""Records that come, go back, and go elsewhere, by the commands of the centre and of a station."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result

from kiosk.cli.telling import tell
from kiosk.core.authority import Caps
from kiosk.crypto import keys
from kiosk.hub import stations
from kiosk.hub.store import Store
from kiosk.people import People, Role
from tests.cli.test_cli import keping, on
from tests.office import Office

PIN = "135791"
LIST = "nik,nama\n1,x\n"


def centre(directory: Path, *words: str) -> Result:
    return keping("--data", str(directory), "--json", "hub", *words)


def enrolled(directory: Path) -> Path:
    store = Store.open(directory)
    code = stations.add_station(store, "kupang-01")
    stations.enrol(store, "kupang-01", code, keys.generate_signing(), keys.generate_encryption(), 0)
    store.close()
    return directory


def test_withdraw_and_declare_lost(tmp_path: Path) -> None:
    hub = enrolled(tmp_path / "hub")
    refs = json.loads(centre(hub, "issue", "--station", "kupang-01", "--invented", "2").stdout)
    taken = centre(hub, "withdraw", refs[0], "--reason", "moved")
    assert json.loads(taken.stdout) == {"ref": refs[0], "station": "kupang-01"}
    assert centre(hub, "withdraw", "ff" * 16, "--reason", "moved").exit_code == 2
    only_said = centre(hub, "declare-lost", "kupang-01")
    assert json.loads(only_said.stdout) == {"station": "kupang-01", "lost": False, "records": 2}
    assert json.loads(centre(hub, "status").stdout)[0]["lost_at"] is None
    done = centre(hub, "declare-lost", "kupang-01", "--yes")
    assert json.loads(done.stdout) == {"station": "kupang-01", "lost": True, "records": 2}
    assert json.loads(centre(hub, "status").stdout)[0]["records"] == {"revoked": 2}
    assert centre(hub, "declare-lost", "nobody").exit_code == 2


def test_a_wrong_list_signs_nothing_and_tells_every_fault(tmp_path: Path) -> None:
    hub = enrolled(tmp_path / "hub")
    (tmp_path / "list.csv").write_text(LIST)
    given = ("--from", str(tmp_path / "list.csv"), "--photos", str(tmp_path))
    result = centre(hub, "issue", "--station", "kupang-01", *given)
    assert result.exit_code == 2
    assert "list.csv:1: alamat: the column is missing" in result.stderr
    assert "list.csv:1: reason: the column is missing" in result.stderr
    assert json.loads(centre(hub, "status").stdout)[0]["records"] == {}
    assert centre(hub, "issue", "--station", "kupang-01", *given[:2]).exit_code == 2
    assert centre(hub, "issue", "--station", "kupang-01").exit_code == 2


def test_a_supervisor_lifts_the_limit_and_the_books_tell_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    People(office.data).add("yosep", "Yosep Bria", Role.SUPERVISOR, PIN)
    monkeypatch.setenv("KEPING_PIN", PIN)
    office.station.authority.caps = Caps(0, 60)
    assert json.loads(on(office, "--json", "sync", "status").stdout)["cards_left"] == 0
    office.station.authority.caps = Caps(5, 60)
    office.print_one()
    words = ("sync", "lift", "--cards", "5", "--reason", "stick-under-way")
    assert on(office, *words).exit_code == 1
    assert on(office, "--as", "yosep", *words[:4]).exit_code == 2
    assert on(office, "--as", "yosep", *words[:5], "hurry").exit_code == 2
    lifted = on(office, "--as", "yosep", *words)
    assert lifted.stdout == "5 cards and 59 days are left without the centre\n"
    office.station.close()
    again = on(office, "--as", "yosep", "sync", "lift", "--cards", "9000", "--reason", "other")
    assert (again.exit_code, "9999 cards" in again.stderr) == (1, True)  # the config's, in a process of its own
    last = json.loads(on(office, "ledger", "tail").stdout.splitlines()[-1])["r"]
    assert last["k"] != "limit-lifted"
    [frame] = [frame for frame in office.frames() if frame.kind == "limit-lifted"]
    assert "the station may go on for 5 more cards, 0 more days (stick-under-way)" in tell(frame)
    office.reopen()


def test_a_station_gives_records_back(office: Office) -> None:
    first, second = office.bring_records(2)
    assert on(office, "sync", "release", "--reason", "x").exit_code == 2
    assert on(office, "sync", "release", first, "--all-waiting", "--reason", "x").exit_code == 2
    gone = on(office, "--json", "sync", "release", first, "--reason", "the village is served by kupang-02")
    assert json.loads(gone.stdout) == [first]
    assert on(office, "sync", "release", first, "--reason", "x").exit_code == 1
    rest = on(office, "--json", "sync", "release", "--all-waiting", "--reason", "moving")
    assert json.loads(rest.stdout) == [second]
    last = json.loads(on(office, "ledger", "tail").stdout.splitlines()[-1])["r"]
    assert (last["k"], last["d"]) == ("released", {"refs": [second], "said": "moving"})
    told = on(office, "ledger", "trace", first).stdout
    assert f"given back to the centre: the village is served by kupang-02: record {first}" in told
