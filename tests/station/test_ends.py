"""However it is ended the card is in a tray and booked, or where it is and known; after the next start books = world.

SIGTERM waits for the card in the machine alone: what a person or a device keeps back is left as the books have it.
"""

from __future__ import annotations

import contextlib
import resource
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from kiosk.control import call
from kiosk.core.frames import Frame
from kiosk.core.permissions import Role
from kiosk.core.plan import Plan
from kiosk.people import People
from kiosk.rig.process import StationProcess
from kiosk.rig.world_check import good_cards
from tests.office import Office
from tests.station.test_in_doubt import answer_truly
from tests.web.conftest import PIN, Visitor

AT_ONCE_S = 5.0
"""Beside what a device may still take: none of these devices takes any time, and `reply_timeout` is 1 s."""

CONFIG = """\
station: {{id: kupang-01}}
printer: {{port: "{port}", reply_timeout: 1.0}}
reader: {{link: in-process, name: "{name}", desk: "{desk}", appear_timeout: 0.3}}
web: {{port: 0}}
"""


def close_at(office: Office, step: str) -> None:
    """SIGTERM's way out of the station, while the intent of `step` is open."""
    worker = office.station.worker
    assert worker is not None
    there, inner = threading.Event(), office.station.books.on_commit

    def hear(frame: Frame) -> None:
        inner(frame)
        if (frame.data.get("intent") or {}).get("step") == step:
            there.set()
            worker._stop_after_card.wait(5)

    office.station.books.on_commit = hear
    assert there.wait(20)
    timed_close(office)


def timed_close(office: Office) -> None:
    begun = time.monotonic()
    office.station.close()
    assert time.monotonic() - begun < AT_ONCE_S


@pytest.mark.parametrize("step", Plan.INLINE.steps)
def test_told_to_end_in_any_step_it_finishes_that_card_and_begins_no_other(office: Office, step: str) -> None:
    office.bring_records(2)
    first, second = office.station.desk.run_jobs("test", count=2)
    close_at(office, step)
    assert (office.world.path, len(office.world.output)) == (None, 1)
    assert office.frames()[-1].kind == "stopped"
    office.reopen()
    assert office.state(first) == "completed"
    office.until(lambda: office.state(second) == "completed")
    assert office.station.interruption is None
    office.agree()


def test_told_to_end_while_a_person_is_asked_it_asks_again(office: Office) -> None:
    office.world.jam("print", 2)
    office.bring_records(1)
    [job] = office.station.desk.run_jobs("test")
    office.until(lambda: "outcome-unknown" in office.reasons(job))
    timed_close(office)
    assert office.world.path is not None
    office.reopen()
    office.until(lambda: "outcome-unknown" in office.reasons(job))
    answer_truly(office, job)
    office.until(lambda: office.state(job) == "completed")
    office.agree()


@pytest.mark.parametrize("when", ["before the card", "in the print", "at the eject"])
def test_told_to_end_while_the_printer_is_gone_it_leaves_the_card_as_the_books_have_it(
    office: Office, when: str
) -> None:
    def cut(event: str, card: object, detail: str) -> None:
        if (when, event) == ("in the print", "panel-started") or (when, detail) == ("at the eject", "Sce"):
            office.line.cut()

    forget = office.world.observe(cut)
    if when == "before the card":
        office.line.cut()
    office.bring_records(1)
    [job] = office.station.desk.run_jobs("test")
    assert "connecting-to-device" in office.until_held_up()
    timed_close(office)
    forget()
    office.line.restore()
    office.reopen()
    office.until(lambda: office.is_settled(job))
    if office.state(job) != "completed":
        answer_truly(office, job)
        office.until(lambda: office.state(job) == "completed")
    office.agree()
    assert len(good_cards(office.world)) == 1


def test_told_to_end_while_a_supply_is_waited_for_it_begins_nothing(office: Office) -> None:
    office.world.end_ribbon()
    office.bring_records(1)
    [job] = office.station.desk.run_jobs("test")
    office.until_held_up()
    timed_close(office)
    office.reopen()
    assert office.state(job) == "pending"
    assert len(office.world.hopper) == 12


# The same of the process itself.


@contextlib.contextmanager
def served(office: Office, directory: Path) -> Iterator[StationProcess]:
    """The office's station as a process; it is gone at the end, and the office's own is open again."""
    people = People(office.data)
    people.add("maria", "Maria Taek", Role.OPERATOR, PIN)
    office.station.close()
    config = directory / "config.yaml"
    reader = office.reader()
    config.write_text(CONFIG.format(port=office.port, name=reader.name, desk=reader.desk), encoding="utf-8")
    process = StationProcess(config, office.data, directory / "log", {})
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        office.reopen()


def pid_of(process: StationProcess) -> int:
    assert process._process is not None
    return process._process.pid


def fill_up(office: Office, process: StationProcess) -> None:
    """From now on the kernel refuses each byte more of the journal."""
    size = len(sorted((office.data / "journal").iterdir())[-1].read_bytes().rstrip(b"\0"))
    resource.prlimit(pid_of(process), resource.RLIMIT_FSIZE, (size, size))


def line_of(log: Path, words: str) -> str:
    """The line of the log with these words, as soon as it is there."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for line in log.read_text().splitlines():
            if words in line:
                return line
    raise AssertionError(log.read_text())


def screen_of(log: Path) -> Visitor:
    visitor = Visitor(line_of(log, "touchscreen at").split()[-1])
    assert visitor.sign_in().status_code == 303
    return visitor


def when_printing(office: Office, act: Any) -> threading.Event:
    done = threading.Event()

    def watch(event: str, card: object, detail: str) -> None:
        if event == "panel-started" and not done.is_set():
            act()
            done.set()

    office.world.observe(watch)
    return done


def test_sigterm_ends_the_process_with_the_card_in_the_tray(office: Office, tmp_path: Path) -> None:
    office.bring_records(2)
    with served(office, tmp_path) as process:

        def terminate() -> None:
            assert process._process is not None
            process._process.terminate()
            line_of(tmp_path / "log", "no card is begun any more")

        told = when_printing(office, terminate)
        first, second = call(office.data, "jobs.run", {"count": 2, "refs": []})
        assert told.wait(20)
        assert process.wait() == 0
        assert (office.world.path, len(office.world.output)) == (None, 1)
    assert office.state(first) == "completed"
    office.until(lambda: office.state(second) == "completed")
    office.agree()


def test_a_store_that_fails_leaves_the_card_says_so_and_is_reconciled_at_the_next_start(
    office: Office, tmp_path: Path
) -> None:
    office.bring_records(1)
    with served(office, tmp_path) as process:
        visitor = screen_of(tmp_path / "log")
        failed = when_printing(office, lambda: fill_up(office, process))
        [job] = call(office.data, "jobs.run", {"count": 1, "refs": []})
        assert failed.wait(20)
        shown = ""
        while process.alive and "S-09" not in shown:
            with contextlib.suppress(httpx.HTTPError):
                shown = visitor.get("/now").text
        visitor.http.close()
        assert "S-09" in shown
        assert process.wait() == 3
        assert office.world.path is not None, "the card was moved though the books could not say so"
        assert "restart it after the cause is gone" in (tmp_path / "log").read_text()
    assert office.station.interruption is not None
    office.until(lambda: office.is_settled(job))
    assert office.state(job) == "completed"
    office.agree()
    assert len(good_cards(office.world)) == 1
