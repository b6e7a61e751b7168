"""systemd is told that the station lives for as long as the thread that moves cards comes round."""

from __future__ import annotations

import os
import re
import select
import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from drivers.protocols import Prepared
from kiosk.notify import ALIVE, ENDING, READY, Alive, notify
from kiosk.web.serve import serve
from kiosk.web.server import THREADS, WebServer
from kiosk.worker.devices import Devices
from kiosk.worker.halt import Halt
from kiosk.worker.loop import IDLE_LOOK_S, Worker
from kiosk.worker.rounds import CARD_S, REST_S, Rounds
from tests.office import Office
from tests.patience import BUSY_S

UNIT = Path(__file__).parents[2] / "packaging/system/etc/systemd/system/keping.service"


class Manager:
    """systemd's end of NOTIFY_SOCKET."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.settimeout(BUSY_S)

    def heard(self) -> str:
        return self._socket.recv(4096).decode()

    def pending(self) -> bool:
        return bool(select.select([self._socket], [], [], 0)[0])

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(str(tmp_path / "notify"))
    yield made
    made.close()


def test_a_word_comes_over_a_path_and_over_an_abstract_name(tmp_path: Path, manager: Manager) -> None:
    notify(READY, {"NOTIFY_SOCKET": str(tmp_path / "notify")})
    assert manager.heard() == "READY=1"
    name = f"keping-test-{os.getpid()}"
    hidden = Manager(f"\0{name}")
    notify(ALIVE, {"NOTIFY_SOCKET": f"@{name}"})
    assert hidden.heard() == "WATCHDOG=1"
    hidden.close()


def test_without_a_manager_or_with_one_that_does_not_listen_nothing_is_said_and_nobody_waits(
    tmp_path: Path, manager: Manager
) -> None:
    notify(READY, {})
    notify(READY, {"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    for _ in range(10_000):  # its queue is full long before
        notify(ALIVE, {"NOTIFY_SOCKET": str(tmp_path / "notify")})
    assert manager.heard() == ALIVE


class Hand:
    """A clock that is moved by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_who_rests_is_expected_sooner_than_who_makes_a_card() -> None:
    hand = Hand()
    rounds = Rounds(hand)
    hand.now += REST_S
    assert not rounds.late()
    hand.now += 1
    assert rounds.late()
    rounds.making = True
    assert not rounds.late()
    hand.now += CARD_S
    assert rounds.late()
    rounds.come()
    assert not rounds.late()


def test_what_is_waited_for_is_longer_than_what_anything_takes() -> None:
    longest_print, longest_reply = 300, 120
    assert re.search(r"<= 5 min", (UNIT.parents[5] / "drivers/protocols.py").read_text(encoding="utf-8"))
    assert longest_print + longest_reply < CARD_S
    assert REST_S > 10 * IDLE_LOOK_S
    assert int(re.findall(r"^WatchdogSec=(\d+)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)[0]) >= BUSY_S


def test_who_is_late_is_silent_and_speaks_again_when_back(caplog: pytest.LogCaptureFixture) -> None:
    said: list[str] = []
    hand = Hand()
    rounds = Rounds(hand)
    alive = Alive(rounds.late, said.append)
    alive.look()
    hand.now += REST_S + 1
    alive.look()
    alive.look()
    assert said == [ALIVE]
    assert caplog.messages == ["the worker does not come round any more"]
    rounds.come()
    alive.look()
    assert said == [ALIVE, ALIVE]


def at_clock(office: Office) -> tuple[Rounds, Hand]:
    """The station's rounds, on a clock by hand. They come round once on it."""
    worker = office.station.worker
    assert worker is not None
    hand, rounds = Hand(), worker.rounds
    rounds._clock = hand
    worker.ask(lambda devices: rounds.come()).result(BUSY_S)
    return rounds, hand


def come_again(rounds: Rounds, came: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """`came` is set when it comes round."""
    inner = rounds.come

    def come() -> None:
        inner()
        came.set()

    monkeypatch.setattr(rounds, "come", come)


def test_a_worker_that_may_not_go_on_comes_round_all_the_same(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not even look at the printer then."""
    worker = office.station.worker
    assert worker is not None
    worker.barred = lambda: Halt("nothing is begun", frozenset({"journal-damaged"}))
    office.bring_records(1)
    office.station.desk.run_jobs("test")
    office.until_held_up()
    came = threading.Event()
    come_again(worker.rounds, came, monkeypatch)
    worker.wake()
    assert came.wait(BUSY_S)


def test_each_use_of_a_device_is_a_sign_of_life(office: Office) -> None:
    worker = office.station.worker
    assert worker is not None

    def used(devices: Devices) -> list[int]:
        counts, come = [0], devices.on_use
        devices.on_use = lambda: counts.append(counts[-1] + 1)
        seen = [len(counts) for act in (lambda: devices.printer, devices.status, lambda: devices.encoder) if act()]
        devices.on_use = come
        return seen

    assert worker.ask(used).result(BUSY_S) == [2, 3, 4]


def test_a_worker_at_rest_comes_round_and_one_that_hangs_does_not(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = office.station.worker
    assert worker is not None
    rounds, hand = at_clock(office)
    stuck, go_on, came = threading.Event(), threading.Event(), threading.Event()

    def hang(devices: Any) -> None:
        stuck.set()
        go_on.wait(BUSY_S)

    asked = worker.ask(hang)
    assert stuck.wait(BUSY_S)
    hand.now += REST_S + 1
    assert rounds.late()
    come_again(rounds, came, monkeypatch)
    go_on.set()
    asked.result(BUSY_S)
    worker.wake()
    assert came.wait(BUSY_S)
    assert not rounds.late()


def test_a_long_print_is_no_hang_and_one_without_end_is(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.bring_records(1)
    rounds, hand = at_clock(office)
    printing, go_on = threading.Event(), threading.Event()
    assert office.station._devices is not None
    printer = type(office.station._devices.printer)
    inner = printer.print_face

    def slow(self: Any, prepared: Prepared, letting: Callable[[int], object] = lambda panels: None) -> None:
        printing.set()
        go_on.wait(BUSY_S)
        inner(self, prepared, letting)

    monkeypatch.setattr(printer, "print_face", slow)
    [job] = office.station.desk.run_jobs("test")
    assert printing.wait(BUSY_S)
    hand.now += CARD_S - 1
    assert not rounds.late()
    hand.now += 2
    assert rounds.late()
    go_on.set()
    office.until(lambda: office.is_settled(job))
    assert not rounds.late()
    office.until(lambda: not rounds.making)  # between cards nobody waits as long as for one


def test_a_page_that_hangs_is_no_reason(
    office: Office, tmp_path: Path, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All threads of the web server wait, and systemd hears of the worker all the same."""
    office.station.close()
    office.station = office._open()
    hanging, go_on, ports = threading.Semaphore(0), threading.Event(), []

    def hang() -> None:
        hanging.release()
        go_on.wait(BUSY_S)

    def served(app: Flask, port: int) -> WebServer:
        app.before_request(hang)
        made = WebServer(app, port)
        ports.append(made.port)
        return made

    monkeypatch.setattr("kiosk.web.serve.WebServer", served)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with serving(office), freed(go_on):
        assert manager.heard().splitlines()[0] == READY
        asking = [threading.Thread(target=asked, args=(ports[0],)) for _ in range(THREADS)]
        for thread in asking:
            thread.start()
        for _ in asking:
            assert hanging.acquire(timeout=BUSY_S)
        while manager.pending():
            manager.heard()
        assert manager.heard() == ALIVE
    for thread in asking:
        thread.join(BUSY_S)


@contextmanager
def serving(office: Office) -> Iterator[threading.Event]:
    """The station at work in another thread, until the event is set or the block is left."""
    stopping = threading.Event()
    thread = threading.Thread(target=lambda: serve(office.station, stopping))
    thread.start()
    with freed(stopping):
        yield stopping
    thread.join(BUSY_S)


@contextmanager
def freed(waited_for: threading.Event) -> Iterator[None]:
    """A test that fails leaves nobody waiting."""
    try:
        yield
    finally:
        waited_for.set()


def asked(port: int) -> None:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=BUSY_S) as answer:
        answer.read()


def test_the_end_is_said_before_the_last_card_is_waited_for(
    office: Office, tmp_path: Path, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes longer than systemd waits for a sign of life."""
    office.station.close()
    office.station = office._open()
    told, inner = threading.Event(), Worker.finish

    def finish(worker: Worker) -> None:
        told.wait(BUSY_S)
        inner(worker)

    monkeypatch.setattr(Worker, "finish", finish)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with serving(office) as stopping, freed(told):
        manager.heard()
        stopping.set()
        while manager.heard() != ENDING:
            assert not told.is_set()


def test_the_station_says_ready_alive_and_ending(
    office: Office, tmp_path: Path, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.station.close()
    office.station = office._open()
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    stopping, ended = threading.Event(), []
    thread = threading.Thread(target=lambda: ended.append(serve(office.station, stopping)))
    thread.start()
    assert manager.heard().splitlines()[0] == READY
    assert [manager.heard(), manager.heard()] == [ALIVE, ALIVE]
    stopping.set()
    said = ALIVE
    while said == ALIVE:
        said = manager.heard()
    assert said == ENDING
    thread.join(BUSY_S)
    assert ended == [None]
