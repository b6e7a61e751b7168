"""The counter from the command line, beside a running station."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from kiosk.cli import main
from kiosk.people import People, Role
from tests.office import Office
from tests.station.test_handover import printed, tray


@pytest.fixture
def keping(office: Office, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("KEPING_CONFIG", raising=False)
    People(office.data).add("yosep", "Yosep Bria", Role.SUPERVISOR, "135791")

    def call(*arguments: str, exit_code: int = 0, typed: str = "") -> Any:
        done = CliRunner().invoke(main, ["--data", str(office.data), "--json", *arguments], input=typed)
        assert done.exit_code == exit_code, done.output
        return json.loads(done.stdout.splitlines()[-1]) if exit_code == 0 else done.stderr

    return call


def test_hand_over(office: Office, keping: Any) -> None:
    first, second = printed(office, 2)
    office.desk.lay(tray(office, first))
    plain = ("--taker", "holder", "--verified", "ktp-lama")
    assert "wrong-card" in keping("jobs", "hand-over", second, *plain, "--chip", "read", exit_code=1)
    assert keping("jobs", "hand-over", first, *plain, "--chip", "read", "--old-card", "taken")["end"] == "issued"
    assert "handed over already" in keping("jobs", "hand-over", first, *plain, exit_code=1)
    named = ("--taker", "representative", "--verified", "kk")
    assert "--name" in keping("jobs", "hand-over", second, *named, exit_code=2)


def test_reprint_asks_for_the_pin(office: Office, keping: Any) -> None:
    [job] = printed(office)
    lost = ("jobs", "reprint", job, "--reason", "lost-before-hand-over")
    assert "supervisor" in keping(*lost, exit_code=1)
    assert "no supervisor" in keping(*lost, "--supervisor", "yosep", "--pin", "111112", exit_code=1)
    assert keping(*lost, "--supervisor", "yosep", typed="135791\n")["reprint_of"] == job


def test_calls(office: Office, keping: Any) -> None:
    nik = office.residents[0].fields.nik
    number = keping("calls", "add", "--nik", nik, "--phone", "081234567890", "--reason", "no-record")["number"]
    [row] = keping("calls", "list")
    assert (row["number"], row["ready"]) == (number, False)
    assert keping("calls", "close", number) == {"number": number}
    assert "no open call-back" in keping("calls", "close", number, exit_code=1)
    wrong = keping("calls", "add", "--nik", "123", "--phone", "081234567890", "--reason", "other", exit_code=2)
    assert "NIK: 16 digits" in wrong
