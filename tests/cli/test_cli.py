"""The command line as a person meets it: one line on failure, the documented exit codes, JSON on request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from kiosk.cli.context import common_first
from tests.office import Office


def keping(*words: str) -> Result:
    return CliRunner().invoke(main, list(words), standalone_mode=True)


def on(office: Office, *words: str) -> Result:
    return keping("--data", str(office.data), *words)


def test_common_options_may_stand_anywhere() -> None:
    assert common_first(["jobs", "list", "--json", "--data", "x", "--config=c"]) == [
        "--json", "--data", "x", "--config=c", "jobs", "list",
    ]  # fmt: skip
    assert common_first(["a", "--", "--json"]) == ["a", "--", "--json"]


def test_a_wrong_config_is_one_line_with_exit_2(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("printer:\n  prot: x\n")
    result = keping("--config", str(config), "stock", "balance")
    assert result.exit_code == 2
    assert result.stderr == f"keping: {config}:2: printer.prot: unknown key (did you mean 'port'?)\n"


def test_no_station_yet_says_what_to_do(tmp_path: Path) -> None:
    result = keping("--data", str(tmp_path / "new"), "jobs", "run")
    assert result.exit_code == 2
    assert "enrol" in result.stderr
    assert result.stderr.count("\n") == 1


def test_commands_reach_a_running_station(office: Office) -> None:
    office.bring_records(2)
    made = on(office, "--json", "jobs", "run", "--next", "2")
    assert made.exit_code == 0, made.stderr
    first, second = json.loads(made.stdout)
    office.until(lambda: office.state(second) == "completed")
    listed = json.loads(on(office, "jobs", "list", "--json").stdout)
    assert {job["id"]: job["state"] for job in listed} == {first: "completed", second: "completed"}
    shown = on(office, "jobs", "show", first)
    assert "completed" in shown.stdout
    balance = json.loads(on(office, "stock", "balance", "--json").stdout)
    assert balance == {"wni": {"supplier": -12, "hopper": 10, "printed": 2}}


def test_a_stopped_job_has_the_code_of_its_fault(office: Office) -> None:
    office.world.jam("print", 2)
    office.bring_records(1)
    [job] = office.station.desk.run_jobs("test")
    office.until(lambda: office.state(job) == "processing-stopped")
    assert "media-jam (P-03), outcome-unknown, printer-stopped" in on(office, "jobs", "list").stdout
    [listed] = json.loads(on(office, "jobs", "list", "--json").stdout)
    shown = json.loads(on(office, "jobs", "show", job, "--json").stdout)
    assert listed["code"] == shown["code"] == ["P-03"]


def test_a_job_without_a_fault_has_no_code(office: Office) -> None:
    job = office.print_one()["id"]
    assert json.loads(on(office, "jobs", "show", job, "--json").stdout)["code"] == []


def test_refusals_are_one_line_with_exit_1(office: Office) -> None:
    for words in (["jobs", "run"], ["jobs", "cancel", "nope"], ["stock", "load", "--sku", "wna", "--qty", "1"]):
        result = on(office, *words)
        assert result.exit_code == 1, words
        assert result.stderr.startswith("keping: ")
        assert result.stderr.count("\n") == 1


def test_hold_release_and_cancel(office: Office) -> None:
    office.station.stock.move("test", "unload", "wni", 12)
    office.bring_records(1)
    [job] = json.loads(on(office, "jobs", "run", "--json").stdout)
    for verb, state in (("hold", "pending-held"), ("release", "pending"), ("cancel", "canceled")):
        answer = on(office, "jobs", verb, job, "--json")
        assert json.loads(answer.stdout) == {"job": job, "state": state}
    assert json.loads(on(office, "jobs", "run", "--json").stdout) != [job]


def test_without_a_running_station_the_command_takes_the_lock_itself(office: Office) -> None:
    office.station.close()
    moved = on(office, "stock", "unload", "--sku", "wni", "--qty", "2", "--json")
    assert moved.exit_code == 0, moved.stderr
    assert json.loads(moved.stdout) == [["wni", "BAST-1", "hopper", "shift", 2]]
    assert on(office, "ledger", "verify").exit_code == 0


def test_a_damaged_journal_is_exit_3_and_names_the_line(office: Office) -> None:
    office.station.close()
    segment = sorted((office.data / "journal").iterdir())[0]
    content = bytearray(segment.read_bytes())
    content[300] ^= 1
    segment.write_bytes(content)
    for words in (["ledger", "verify"], ["stock", "balance"], ["jobs", "run"]):
        result = on(office, *words)
        assert result.exit_code == 3, result.stderr
        assert f"{segment}:" in result.stderr
        assert result.stderr.count("\n") == 1


def test_tail_is_the_stored_frames(office: Office) -> None:
    result = on(office, "ledger", "tail", "--lines", "2")
    segment = sorted((office.data / "journal").iterdir())[-1]
    assert result.stdout.splitlines() == segment.read_text().rstrip("\0").splitlines()[-2:]


def test_sync_now_without_a_centre_is_refused(office: Office) -> None:
    result = on(office, "sync", "now")
    assert (result.exit_code, "hub.url" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("jam", "write KIND@N"),
        ("earthquake@3", "kinds are"),
        ("jam@0", "write KIND@N"),
        ("kill@3:lunch", "steps are feed"),
        ("chip-dead@3-5", "only hub-down"),
        ("hub-down@9-3", "from the lower"),
        ("chip-dead@3:print", "takes no step"),
        ("jam@3:verify", "feed, print or eject"),
    ],
)
def test_a_wrong_fault_says_what_is_right(spec: str, why: str) -> None:
    result = keping("demo", "--fault", spec)
    assert result.exit_code == 2
    assert why in result.stderr


def test_a_fault_needs_a_rehearsal() -> None:
    result = keping("demo", "--fault", "jam@3")
    assert (result.exit_code, "--fault needs --cards" in result.stderr) == (2, True)
