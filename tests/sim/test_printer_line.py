"""The wire: speed, cuts at every byte, hosts that die, replies that come wrong, and nothing left behind."""

from __future__ import annotations

import math
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial

from drivers.sim.cards import Card, Place, blanks
from drivers.sim.clock import SimClock
from drivers.sim.firmware import Firmware
from drivers.sim.line import CHUNK, PtyLine, TcpLine
from drivers.sim.world import World
from tests.sim.printer_bench import download

PATIENCE_S = 60.0
RSN, SERIAL = b"\x1bRsn\r", b"KP000123\x00"


class Host:
    """A program at the other end of the pty."""

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY)

    def write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._fd, data) :]

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes."""
        data = b""
        while len(data) < size:
            ready, _, _ = select.select([self._fd], [], [], PATIENCE_S)
            assert ready, f"only {data!r} came"
            data += os.read(self._fd, size - len(data))
        return data

    def ask(self, command: str) -> bytes:
        self.write(f"\x1b{command}\r".encode())
        reply = b""
        while not reply.endswith(b"\x00"):
            reply += self.read(1)
        return reply[:-1]

    def die(self) -> None:
        os.close(self._fd)


class Rig:
    def __init__(self, speed: float = math.inf, baud: int = 115200) -> None:
        self.clock = SimClock(speed)
        self.world = World(self.clock, blanks([object()] * 3))
        self.events: list[tuple[str, str]] = []
        self.world.observe(lambda event, card, detail: self.events.append((event, detail)))
        self.line = PtyLine(Firmware(self.world), self.clock, baud)
        self.host = Host(self.line.path)

    def event(self, name: str, act: Callable[[], object] = lambda: None) -> threading.Event:
        """Set when `name` next happens, after `act` was done in the simulator thread."""
        happened = threading.Event()

        def watch(event: str, card: Card | None, detail: str) -> None:
            if event == name and not happened.is_set():
                act()
                happened.set()

        self.world.observe(watch)
        return happened

    def commands(self) -> list[str]:
        return [detail for event, detail in self.events if event == "command"]


@contextmanager
def rig(speed: float = math.inf, baud: int = 115200) -> Iterator[Rig]:
    built = Rig(speed, baud)
    try:
        yield built
    finally:
        built.host.die()
        built.line.close()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.001)


def descriptors() -> set[str]:
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


def test_a_card_over_the_wire() -> None:
    with rig() as printer:
        assert printer.host.ask("Sic") == b"OK"
        assert printer.host.ask("Ss") == b"OK"
        for panel in "yko":
            printer.host.write(download(panel))
            assert printer.host.read(3) == b"OK\x00"
        assert printer.host.ask("Se") == b"OK"
        assert [panel.name for panel in printer.world.output[0].panels] == ["y", "k", "o"]


def test_pyserial_opens_it_again_and_again() -> None:
    with rig() as printer:
        for _ in range(3):
            with serial.serial_for_url(printer.line.path, timeout=PATIENCE_S, exclusive=True) as port:
                port.write(RSN)
                assert port.read_until(b"\x00") == SERIAL


def test_wire_time_is_bytes_over_baud() -> None:
    """10 bits a byte, replies too, exactly, however fast the host wrote."""
    with rig() as printer:
        printer.host.ask("Ss")
        data = download("k")
        printer.host.write(data)
        printer.host.read(3)
        until(lambda: printer.line.host_bytes == 4 + len(data))
        assert printer.clock.busy_seconds == pytest.approx((4 + 3 + len(data) + 3) * 10 / 115200)


def test_panel_printing_overlaps_the_download_on_the_wire() -> None:
    """A resin panel of 2 s is done long before the next, 7.1 s long, has come in; busy time counts both once."""
    with rig() as printer:
        printer.host.ask("Si")
        printer.host.ask("Ss")
        for panel in "ko":
            printer.host.write(download(panel))
            printer.host.read(3)
        order = [event for event, _ in printer.events if event.startswith(("panel", "download"))]
        assert order == [
            "download-started", "download-finished", "download-started", "panel-started", "panel-printed",
            "download-finished",
        ]  # fmt: skip
        assert printer.clock.busy_seconds == pytest.approx(printer.clock.now)


@pytest.mark.parametrize("baud", [9600, 115200])
def test_never_ahead_of_the_credit(baud: int) -> None:
    """At any moment: bytes taken <= baud / 10 * simulated seconds + one chunk, though the pty would take all."""
    with rig(speed=20 * 115200 / baud, baud=baud) as printer:
        printer.host.ask("Ss")
        data = download("k")[:40_000]
        writer = threading.Thread(target=printer.host.write, args=[data])
        writer.start()
        samples = 0
        while printer.line.host_bytes < len(data):
            taken = printer.line.host_bytes
            assert taken <= printer.clock.now * baud / 10 + CHUNK
            samples += 1
            threading.Event().wait(0.002)
        writer.join()
        assert samples > 5


@pytest.mark.parametrize("passed", range(len(RSN) + 1))
def test_cut_at_each_byte_of_a_command(passed: int) -> None:
    with rig() as printer:
        printer.line.cut(after_host_bytes=passed)
        executed = printer.event("command")
        printer.host.write(RSN)
        until(lambda: printer.line.severed)
        if passed == len(RSN):
            assert executed.wait(PATIENCE_S)
        until(lambda: printer.line.host_bytes == passed)
        printer.host.write(b"\x1bSi\r")
        printer.line.restore()
        assert printer.host.ask("Rlr;p") == b"OK", "neither the lost reply nor what was written meanwhile"
        assert printer.commands() == ["Rsn"] * (passed == len(RSN)) + ["Rlr;p"]


@pytest.mark.parametrize("passed", range(len(SERIAL) + 1))
def test_cut_at_each_byte_of_a_reply(passed: int) -> None:
    with rig() as printer:
        printer.line.cut(after_reply_bytes=passed)
        printer.host.write(RSN)
        assert printer.host.read(passed) == SERIAL[:passed]
        until(lambda: printer.line.severed)
        printer.host.write(b"\x1bSi\r")
        printer.line.restore()
        assert printer.host.ask("Rlr;p") == b"OK"
        assert "Si" not in printer.commands()


def test_cut_at_once_and_in_the_middle_of_a_download() -> None:
    with rig() as printer:
        printer.line.cut()
        assert printer.line.severed
        printer.line.restore()
        assert printer.host.ask("Ss") == b"OK"
        printer.line.cut(after_host_bytes=50_000)
        printer.host.write(download("k"))
        until(lambda: printer.line.host_bytes == 4 + 50_000)
        printer.line.restore()
        assert printer.host.read(15) == b"ERROR TIME OUT\x00", "after a second of silence the rest is given up"
        assert printer.host.ask("Se") == b"OK"
        assert printer.world.output == []


@pytest.mark.parametrize("count", [1, 3, CHUNK + 1, 40_000])
def test_something_happens_at_an_exact_byte(count: int) -> None:
    with rig() as printer:
        assert printer.host.ask("Ss") == b"OK"
        seen: list[int] = []
        printer.line.at_byte(count, lambda: seen.append(printer.line.host_bytes - 4))
        printer.host.write(download("k"))
        printer.host.read(3)
        assert seen == [count]


def test_a_dead_hosts_bytes_still_arrive() -> None:
    with rig() as printer:
        fed = printer.event("fed")
        victim = Host(printer.line.path)
        victim.write(b"\x1bSi\r")
        victim.die()
        assert fed.wait(PATIENCE_S)
        assert printer.world.place is Place.PRINT


def test_what_a_dead_host_did_not_finish_is_given_up() -> None:
    with rig() as printer:
        victim = Host(printer.line.path)
        victim.write(b"\x1bDb;k;2;" + bytes(1000))
        victim.die()
        assert printer.host.read(15) == b"ERROR TIME OUT\x00"
        assert printer.host.ask("Rok") == b"OK"


def test_killing_the_host_at_a_precise_point() -> None:
    """The printer goes on alone: the card is printed and ejected, and nobody hears of it."""
    with rig() as printer:
        victim = Host(printer.line.path)
        printer.event("panel-started", victim.die)
        ejected = printer.event("ejected")
        victim.write(b"\x1bSs\r\x1bSr\r" + download("k") + b"\x1bSe\r")
        assert ejected.wait(PATIENCE_S)
        assert [len(card.panels) for card in printer.world.output] == [1]


def test_replies_that_come_wrong() -> None:
    with rig() as printer:
        host, line = printer.host, printer.line
        line.garble_next_reply(b"O?\x00")
        assert host.ask("Rok") == b"O?"
        line.drop_next_reply()
        host.write(b"\x1bRok\r")
        assert host.ask("Rtp") == b"Primacy", "the reply before it never came"
        line.double_next_reply()
        host.write(b"\x1bRok\r\x1bRtp\r")
        assert host.read(14) == b"OK\x00OK\x00Primacy\x00"
        line.split_next_reply(3, gap_s=7.0)
        before = printer.clock.now
        assert host.ask("Rsn") == b"KP000123"
        line.delay_next_reply(5.0)
        assert host.ask("Rsn") == b"KP000123"
        assert 12.0 < printer.clock.now - before < 12.1
        assert host.ask("Rsn") == b"KP000123"


def test_a_split_reply_comes_in_two_pieces() -> None:
    with rig(speed=1) as printer:
        printer.line.split_next_reply(2, gap_s=0.1)
        printer.host.write(b"\x1bRsn\r")
        assert printer.host.read(2) == b"KP"
        began = time.monotonic()
        assert printer.host.read(7) == b"000123\x00"
        assert time.monotonic() - began > 0.05


def test_power_off_stops_a_move_at_once() -> None:
    """From another thread, in real time: the feed of 2.5 s is caught in the middle."""
    with rig(speed=1) as printer:
        began = printer.event("command")
        printer.host.write(b"\x1bSi\r")
        assert began.wait(PATIENCE_S)
        until(lambda: printer.world.path is not None)
        printer.world.power_off()
        assert printer.world.place is Place.BETWEEN
        assert printer.clock.now < 2.0
        assert ("fed", "") not in printer.events


def test_deaf_while_it_boots() -> None:
    with rig(speed=5) as printer:
        assert printer.host.ask("Rok") == b"OK"
        printer.world.power_off()
        printer.world.power_on()
        printer.host.write(b"\x1bSi\r")
        until(lambda: printer.line.host_bytes == 5 + 4)
        assert not printer.world.ready
        until(lambda: printer.world.ready)
        assert printer.host.ask("Rlr;p") == b"OK"
        assert "Si" not in printer.commands()


def test_background_panel_ends_while_the_host_is_silent() -> None:
    with rig() as printer:
        printed = printer.event("panel-printed")
        printer.host.write(b"\x1bSs\r" + download("k") + download("o"))
        assert printed.wait(PATIENCE_S)


def test_self_made_reprint_needs_no_host() -> None:
    with rig() as printer:
        printer.world.jam("print")
        printer.host.write(b"\x1bSs\r" + download("k"))
        assert printer.host.read(6) == b"OK\x00OK\x00"
        assert printer.host.ask("Se") == b"ERROR MECA"
        ejected = printer.event("ejected")
        printer.world.take_card()
        assert ejected.wait(PATIENCE_S)


def test_tcp_long_lived_and_half_closed() -> None:
    clock = SimClock(math.inf)
    world = World(clock, blanks([None] * 2))
    with TcpLine(Firmware(world), clock) as line:
        with socket.create_connection(("127.0.0.1", line.port), PATIENCE_S) as host:
            for _ in range(3):
                host.sendall(RSN)
                assert received(host, len(SERIAL)) == SERIAL
        for command, reply in ((b"\x1bSi\r\x00", b"OK\x00"), (b"\x1bRlr;p\r\x00", b"CARD\x00")):
            with socket.create_connection(("127.0.0.1", line.port), PATIENCE_S) as host:
                host.sendall(command)
                host.shutdown(socket.SHUT_WR)
                assert received(host, 100) == reply
        with socket.create_connection(("127.0.0.1", line.port), PATIENCE_S) as host:
            host.sendall(RSN + b"\x1bSer\r")
            host.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        with socket.create_connection(("127.0.0.1", line.port), PATIENCE_S) as host:
            host.sendall(RSN)
            assert received(host, len(SERIAL)) == SERIAL, "a reset connection hurts nobody"


def received(host: socket.socket, size: int) -> bytes:
    """Up to `size` bytes, or all there are before the end."""
    data = b""
    while len(data) < size and (part := host.recv(size - len(data))):
        data += part
    return data


def test_nothing_is_left_behind() -> None:
    """Closing in the middle of a slow move too: at once, with no thread and no descriptor left."""
    before, threads = descriptors(), threading.active_count()
    with rig(speed=0.01) as printer:
        began = printer.event("command")
        printer.host.write(b"\x1bSi\r")
        assert began.wait(PATIENCE_S)
        assert threading.active_count() == threads + 1
    printer.line.close()
    clock = SimClock(math.inf)
    with TcpLine(Firmware(World(clock)), clock) as line:
        assert len(descriptors()) > len(before)
        socket.create_connection(("127.0.0.1", line.port), PATIENCE_S).close()
    assert descriptors() == before
    assert threading.active_count() == threads


def test_another_line_takes_the_printer_over() -> None:
    clock = SimClock(math.inf)
    world = World(clock, blanks([None]))
    firmware = Firmware(world)
    for answer in (b"OK", b"CARD"):
        with PtyLine(firmware, clock) as line:
            host = Host(line.path)
            assert host.ask("Rlr;p") == answer
            host.ask("Si")
            host.die()
