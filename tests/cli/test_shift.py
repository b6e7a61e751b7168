"""`keping --as`, `keping user` and `keping shift` as a person meets them, with a running station and without."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from tests.office import Office

YOSEP, MARIA = "135791", "246810"
ALL = [f"{place}/{sku}={n}" for place, sku, n in
       (("shift", "wni", 0), ("hopper", "wni", 12), ("bench", "wni", 0),
        ("shift", "wna", 0), ("hopper", "wna", 0), ("bench", "wna", 0))]  # fmt: skip


class Shell:
    def __init__(self, office: Office) -> None:
        self.office = office

    def run(self, *words: str, pin: str = "", typed: str = "") -> Result:
        environment = {"KEPING_PIN": pin} if pin else {}
        return CliRunner().invoke(main, ["--data", str(self.office.data), *words], env=environment, input=typed)

    def answer(self, *words: str, pin: str = "") -> Any:
        done = self.run(*words, "--json", pin=pin)
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def shell(office: Office, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.delenv("KEPING_PIN", raising=False)
    return Shell(office)


@pytest.fixture
def staffed(shell: Shell) -> Shell:
    shell.answer("user", "add", "yosep", "--name", "Yosep Bria", "--role", "supervisor", "--pin", YOSEP)
    shell.answer("--as", "yosep", "user", "add", "maria", "--name", "Maria Taek", "--pin", MARIA, pin=YOSEP)
    return shell


def test_a_station_gets_its_first_people(shell: Shell) -> None:
    early = shell.run("user", "add", "maria", "--name", "Maria", "--pin", MARIA)
    assert (early.exit_code, "ask a supervisor" in early.stderr) == (1, True)
    first = shell.run("user", "add", "yosep", "--name", "Yosep", "--role", "supervisor", "--pin", YOSEP)
    codes = first.stdout.splitlines()[-8:]
    assert (first.exit_code, {len(code) for code in codes}) == (0, {14})
    second = shell.run("--as", "yosep", "user", "add", "maria", "--name", "Maria", "--pin", MARIA, typed=f"{YOSEP}\n")
    assert second.exit_code == 0, second.stderr
    assert YOSEP not in second.stdout + second.stderr
    lost = shell.run("user", "recover", "yosep", "--code", codes[0], "--pin", "112358")
    assert "7 of 8 codes are left" in lost.stdout
    assert shell.run("user", "recover", "yosep", "--code", codes[0], "--pin", "112358").exit_code == 1
    assert shell.run("--as", "yosep", "user", "codes", pin="112358").exit_code == 0


def test_people_change(staffed: Shell) -> None:
    as_yosep = ("--as", "yosep", "user")
    assert staffed.run(*as_yosep, "acting", "maria", "--to", "tomorrow", pin=YOSEP).exit_code == 2
    today = staffed.office.station.books.today.isoformat()
    term = ("--from", today, "--to", today, "--document", "SP-7/2026")
    assert "is acting supervisor from" in staffed.run(*as_yosep, "acting", "maria", *term, pin=YOSEP).stdout
    assert staffed.answer("user", "list")[0]["acting"] == today
    assert "acts no more" in staffed.run(*as_yosep, "acting", "maria", "--end", pin=YOSEP).stdout
    assert "is auditor" in staffed.run(*as_yosep, "role", "maria", "auditor", pin=YOSEP).stdout
    for verb in ("deactivate", "activate"):
        assert staffed.run(*as_yosep, verb, "maria", pin=YOSEP).exit_code == 0
    assert staffed.run("--as", "maria", "user", "pin", "--pin", "112358", pin=MARIA).exit_code == 0
    assert staffed.run("--as", "yosep", "user", "reset-pin", "maria", "--pin", MARIA, pin=YOSEP).exit_code == 0
    denied = staffed.run("--as", "maria", "stock", "load", "--sku", "wni", "--qty", "1", pin=MARIA)
    assert (denied.exit_code, "ask an operator, supervisor, technician or box" in denied.stderr) == (1, True)


def test_a_shift_from_open_to_slip(staffed: Shell) -> None:
    nameless = staffed.run("shift", "open")
    assert (nameless.exit_code, "keping --as ID" in nameless.stderr) == (1, True)
    maria = ("--as", "maria", "shift")
    assert "S0001 is open" in staffed.run(*maria, "open", pin=MARIA).stdout
    assert staffed.office.frames()[-1].stamp.by == "op:maria"
    assert "still to count: " in staffed.run("shift", "show").stdout
    assert "still to count: hopper/wni" in staffed.run(*maria, "count", *ALL[:1], *ALL[2:], pin=MARIA).stdout
    assert "all is counted" in staffed.run(*maria, "count", "hopper/wni=11", pin=MARIA).stdout
    differs = staffed.run(*maria, "close", pin=MARIA)
    assert (differs.exit_code, "hopper of wni: not as in the books" in differs.stderr) == (1, True)
    why = ("--reason", "one is lost", "--second", "yosep")
    slip = staffed.run(*maria, "close", *why, pin=MARIA, typed=f"{YOSEP}\n")
    assert slip.exit_code == 0, slip.stderr
    assert "SHIFT S0001" in slip.stdout
    assert "approved by op:yosep" in slip.stdout
    shown = staffed.answer("shift", "show", "S0001")
    assert shown["equation"]["wni"]["missing"] == 1
    assert shown["checkpoint"] in slip.stdout
    told = staffed.run("ledger", "trace", str(shown["seq"])).stdout
    assert "shift S0001 is closed" in told
    assert "difference: one is lost, approved by op:yosep" in told


def test_without_a_running_station_the_shell_asks_the_same(staffed: Shell) -> None:
    staffed.office.station.close()
    try:
        assert staffed.run("shift", "open").exit_code == 1
        wrong = staffed.run("--as", "maria", "shift", "open", pin="999999")
        assert (wrong.exit_code, "maria: not that PIN" in wrong.stderr) == (1, True)
    finally:
        staffed.office.reopen()
