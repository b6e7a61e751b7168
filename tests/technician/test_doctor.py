"""The doctor finds each trouble that can be made and changes nothing, whether the station runs or not."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from drivers.errors import Stopped
from drivers.sim.cards import Ribbon
from kiosk.cli import main
from kiosk.config import Config, DiskConfig, HubConfig, PrinterConfig, ReaderConfig, VaultConfig, WebConfig
from kiosk.control import ControlServer
from kiosk.crypto.keyfile import KeyFile, Lock
from kiosk.doctor import SITUATIONS, Finding, Report, examine, reached
from kiosk.doctor import Result as Level
from kiosk.doctor.look import Look
from kiosk.doctor.situations import REACHED, STORED
from kiosk.errors import Rejected, Unavailable, UsageError
from kiosk.journal import Clock
from kiosk.journal.clock import machine_clocks
from kiosk.journal.segments import list_segments
from tests.docs.pages import page, table
from tests.office import Office
from tests.technician.command import keping

PCSC = ReaderConfig(name="encoder", sam="slot", desk="on the desk")


def config_of(office: Office) -> Config:
    printer = PrinterConfig(port=office.line.path, reply_timeout=1.0)
    return Config(printer=printer, reader=office.reader(), web=WebConfig(port=0), disk=DiskConfig(warn=2, refuse=1))


def ask(office: Office, **changes: object) -> Report:
    return examine(replace(config_of(office), **changes), "test", office.data)  # type: ignore[arg-type]


def found(report: Report) -> dict[str, str]:
    return {each.check: each.situation.partition(".")[2] for each in report.findings}


def troubles(report: Report) -> set[str]:
    return {each.situation for each in report.troubles} - {"browser.missing"}


def until_seen(office: Office) -> None:
    office.until(lambda: office.station.printer_status is not None)


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_station_that_runs_is_asked_and_its_port_is_left_alone(office: Office) -> None:
    until_seen(office)
    report = ask(office)
    assert troubles(report) == set()
    assert found(report)["service"] == "running"
    assert report.exit_code == 0
    assert (report.seq, report.head) == (office.station.books.seq, office.station.books.head[:16])
    [printer] = [each for each in report.findings if each.check == "printer"]
    assert f"{office.line.path} is held by the station" in printer.detail
    assert report.printer[0] == "Primacy"


def test_a_station_that_stands_still_is_looked_at_and_nothing_is_written(stopped: Office) -> None:
    before = everything(stopped.data)
    report = ask(stopped)
    assert troubles(report) == set()
    assert found(report)["service"] == "stopped"
    assert len(report.printer) == 3
    assert everything(stopped.data) == before


def test_a_halt_is_told_with_its_code(office: Office) -> None:
    office.world.hopper.clear()
    office.bring_records(1)
    office.station.desk.run_jobs("test")
    assert office.until_held_up() == {"media-empty"}
    report = ask(office)
    assert {"work.halted", "printer.stopped"} <= troubles(report)
    assert report.reasons == ("media-empty",)
    assert "P-01" in next(each.detail for each in report.findings if each.check == "work")
    assert report.exit_code == 4


def refuse(command: str, arguments: object, by: str) -> None:
    raise Rejected("the vault is locked", "vault-locked")


def fall_silent(command: str, arguments: object, by: str) -> None:
    raise Unavailable("busy")


@pytest.mark.parametrize(("answer", "situation"), [(refuse, "service.locked"), (fall_silent, "service.silent")])
def test_a_station_that_waits_or_does_not_answer(
    stopped: Office, answer: Callable[..., None], situation: str
) -> None:
    server = ControlServer(stopped.data, answer)
    try:
        assert troubles(ask(stopped)) == {situation}
    finally:
        server.close()


# What lies in DATA.


def break_journal(office: Office) -> None:
    path = list_segments(office.data / "journal")[-1].path
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)


def lock_key(office: Office) -> None:
    file = KeyFile.open(office.data / "keys" / "vault.key")
    file.replace(file.key, Lock.of("a long enough passphrase"))


DAMAGES: dict[str, Callable[[Office], object]] = {
    "journal.damaged": break_journal,
    "keys.open": lambda office: (office.data / "keys" / "signing.jwk").chmod(0o644),
    "keys.missing": lambda office: (office.data / "keys" / "hub.json").unlink(),
    "vault.damaged": lambda office: (office.data / "keys" / "vault.key").write_bytes(b"x"),
    "vault.mismatch": lock_key,
    "reserve.missing": lambda office: (office.data / "reserve").write_bytes(b""),
}


@pytest.mark.parametrize("situation", DAMAGES)
def test_each_damage_is_found_and_no_other(stopped: Office, situation: str) -> None:
    (stopped.data / "reserve").write_bytes(b"\1" * (8 << 20))
    assert troubles(ask(stopped)) == set()
    DAMAGES[situation](stopped)
    report = ask(stopped)
    assert troubles(report) == {situation}
    assert report.exit_code == (0 if SITUATIONS[situation].result is Level.WARN else 3)


def test_a_failed_audit_stays_found(stopped: Office) -> None:
    (stopped.data / "audit.json").write_text('{"damage": "x"}')
    assert troubles(ask(stopped)) >= {"journal.damaged"}


def test_a_passphrase_that_is_set_is_well(stopped: Office) -> None:
    lock_key(stopped)
    assert found(ask(stopped, vault=VaultConfig(unlock="passphrase")))["vault"] == "ok"


@pytest.mark.parametrize(("disk", "level"), [((1_000_000, 1), "filling"), ((1_000_000, 1_000_000), "full")])
def test_a_disk_that_fills(stopped: Office, disk: tuple[int, int], level: str) -> None:
    assert found(ask(stopped, disk=DiskConfig(*disk)))["data"] == level


def test_a_clock_behind_the_newest_frame(stopped: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 946_684_800 * 10**9)
    report = ask(stopped)
    assert found(report)["clock"] == "doubtful"
    [finding] = [each for each in report.findings if each.check == "clock"]
    assert "it shows 2000-01-01" in finding.detail
    assert f"timedatectl set-time '{datetime.now().astimezone():%Y-%m-%d}" in finding.detail


def test_a_clock_that_the_centre_knows_better(stopped: Office) -> None:
    now = machine_clocks()
    Clock(stopped.data, lambda: now).heard(now.wall_ms + 7_200_000)
    assert found(ask(stopped))["clock"] == "wrong"


def test_the_second_medium(stopped: Office, tmp_path: Path) -> None:
    assert found(ask(stopped, mirror=str(tmp_path)))["mirror"] == "ok"
    assert found(ask(stopped, mirror=str(tmp_path / "away")))["mirror"] == "missing"


def test_no_station_at_all(stopped: Office, tmp_path: Path) -> None:
    report = examine(config_of(stopped), "test", tmp_path / "nowhere")
    assert troubles(report) == {"data.missing", "journal.none"}
    assert (report.seq, report.exit_code) == (0, 3)


def test_a_config_that_cannot_be_read_is_all_there_is() -> None:
    report = examine(UsageError("config.yaml:3: unknown key"), "", None)
    assert [(each.situation, each.detail) for each in report.findings] == [
        ("config.broken", "config.yaml:3: unknown key")
    ]
    assert report.exit_code == 1


# What must answer.


def test_a_port_that_is_not_there(stopped: Office, tmp_path: Path) -> None:
    report = ask(stopped, printer=PrinterConfig(port=str(tmp_path / "ttyUSB0")))
    assert found(report)["printer"] == "missing"
    assert report.exit_code == 4


def test_a_driver_that_is_not_there(stopped: Office) -> None:
    assert found(ask(stopped, printer=PrinterConfig(driver="typo", port=stopped.line.path)))["printer"] == "no-driver"


def test_a_printer_that_says_nothing(stopped: Office) -> None:
    master, slave = os.openpty()
    try:
        silent = PrinterConfig(port=os.ttyname(slave), reply_timeout=1.0)
        assert found(ask(stopped, printer=silent))["printer"] == "silent"
    finally:
        os.close(master)
        os.close(slave)


@contextmanager
def holding(port: str) -> Iterator[int]:
    code = "import os, sys; os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, port], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        yield process.pid


def test_who_holds_the_port_is_said_and_it_is_not_opened(stopped: Office) -> None:
    with holding(stopped.line.path) as pid:
        [printer] = [each for each in ask(stopped).findings if each.check == "printer"]
    assert printer.situation == "printer.held"
    assert f"process {pid} (" in printer.detail
    assert found(ask(stopped))["printer"] == "ok"


def test_a_ribbon_that_runs_low_is_a_warning(stopped: Office) -> None:
    stopped.world.replace_ribbon(Ribbon(sets_left=1))
    report = ask(stopped)
    assert troubles(report) == {"printer.warns"}
    assert report.reasons == ("marker-supply-low",)


def listed(*names: str) -> Callable[[], list[str]]:
    return lambda: list(names)


def no_pcscd() -> list[str]:
    raise Stopped("no pcscd", frozenset({"reader-missing"}))


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (listed("encoder", "slot", "on the desk"), ["reader.ok", "desk.ok", "sam.ok"]),
        (listed("encoder"), ["reader.ok", "desk.missing", "sam.missing"]),
        (listed(), ["reader.missing", "desk.missing", "sam.missing"]),
        (no_pcscd, ["reader.no-service"]),
    ],
)
def test_readers(there: Callable[[], list[str]], expected: list[str], tmp_path: Path) -> None:
    look = Look(Config(reader=PCSC), tmp_path, None, 0, there)
    assert [each.situation for each in reached.readers(look)] == expected


def test_a_centre_that_is_not_there(stopped: Office) -> None:
    report = ask(stopped, hub=HubConfig(url="http://127.0.0.1:9"))
    assert found(report)["hub"] == "silent"
    assert report.exit_code == 0, "the station works without"


@pytest.mark.parametrize(
    ("state", "situation"),
    [
        ({"online": True, "unsent": 0, "alarm": "", "last_error": ""}, "hub.ok"),
        ({"online": False, "unsent": 7, "alarm": "", "last_error": "no route"}, "hub.silent"),
        ({"online": True, "unsent": 7, "alarm": "a fork", "last_error": ""}, "hub.refused"),
    ],
)
def test_the_link_of_a_station_that_runs(state: dict[str, object], situation: str, tmp_path: Path) -> None:
    look = Look(Config(hub=HubConfig(url="https://centre.example")), tmp_path, {"sync": state}, 0, listed())
    assert reached.hub(look).situation == situation


def test_a_touchscreen_port_that_another_program_has(stopped: Office) -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert found(ask(stopped, web=WebConfig(port=other.getsockname()[1])))["screen"] == "taken"


def test_a_touchscreen_that_does_not_answer(office: Office) -> None:
    assert found(ask(office, web=WebConfig(port=9)))["screen"] == "silent"


# The words.


def test_every_trouble_has_a_cause_and_a_remedy_in_both_languages() -> None:
    for name, words in SITUATIONS.items():
        for text in words[1:]:
            assert bool(re.fullmatch(r".+\. .+\.", text)) == (words.result is not Level.OK), (name, text)
        assert words.result is Level.OK or words.local != words.english


def test_the_page_has_every_check() -> None:
    checks = {name.partition(".")[0] for name in SITUATIONS}
    assert {row[0].strip("`") for row in table(page("technician.md"), "The doctor")} == checks
    assert checks >= STORED | REACHED


@pytest.mark.parametrize(
    ("situations", "code"),
    [
        (["printer.ok", "mirror.missing"], 0), (["printer.silent"], 4), (["journal.damaged", "printer.silent"], 3),
        (["screen.taken"], 1), (["screen.taken", "hub.refused"], 4),
    ],
)  # fmt: skip
def test_exit_codes(situations: list[str], code: int) -> None:
    report = Report("", "", 0, 0, "", (), (), tuple(map(Finding, situations)))
    assert report.exit_code == code


# As a command.


def test_the_command_and_what_it_reads_back(stopped: Office) -> None:
    here = keping(stopped, "doctor", "--json")
    answer = json.loads(here.stdout)
    assert (here.exit_code, answer["exit_code"]) == (0, 0)
    there = CliRunner().invoke(main, ["doctor", "--decode", answer["code"], "--json"])
    again = json.loads(there.stdout)
    assert again["lines"] == answer["lines"]
    assert [each["situation"] for each in again["checks"]] == [each["situation"] for each in answer["checks"]]


def test_the_text_says_what_to_do(stopped: Office) -> None:
    (stopped.data / "keys" / "signing.jwk").chmod(0o640)
    done = keping(stopped, "doctor")
    assert done.exit_code == 3
    assert "FAIL  keys.open" in done.stdout
    assert "Orang lain dapat membaca kunci." in done.stdout
    assert "Others can read a key." in done.stdout
    assert "6  keys.open" in done.stdout


def test_a_broken_config_is_told_by_the_doctor_itself(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("printr: {}\n")
    done = CliRunner().invoke(main, ["--config", str(path), "doctor"])
    assert done.exit_code == 1
    assert "config.broken" in done.stdout
    assert "printr" in done.stdout


def test_garbage_is_one_clear_error() -> None:
    done = CliRunner().invoke(main, ["doctor", "--decode", "KEPING1AAAA"])
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert "a letter is wrong or missing" in done.stderr
