"""The door to pyserial: bounded waits, and every failure named for the caller's reaction."""

from __future__ import annotations

import os
import pty
import socket
import time
import tty
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from drivers.errors import NotStarted, OutcomeUnknown, ProtocolViolation
from drivers.serialport import SerialPort
from tests.patience import BUSY_S


@dataclass
class Recorder:
    out: list[bytes] = field(default_factory=list)
    back: list[bytes] = field(default_factory=list)

    def sent(self, data: bytes) -> None:
        self.out.append(data)

    def received(self, data: bytes) -> None:
        self.back.append(data)


@dataclass
class Line:
    """A pty: `far` is the device's end, `near` the path that the port opens."""

    far: int
    near: str
    open: bool = True

    def say(self, data: bytes) -> None:
        os.write(self.far, data)

    def hang_up(self) -> None:
        if self.open:
            os.close(self.far)
            self.open = False


@pytest.fixture
def line() -> Iterator[Line]:
    far, near = pty.openpty()
    tty.setraw(near)
    made = Line(far, os.ttyname(near))
    os.close(near)
    yield made
    made.hang_up()


@pytest.fixture
def tracer() -> Recorder:
    return Recorder()


@pytest.fixture
def port(line: Line, tracer: Recorder) -> Iterator[SerialPort]:
    opened = SerialPort.open(line.near, tracer=tracer)
    yield opened
    opened.close()


def soon(seconds: float = 0.05) -> float:
    return time.monotonic() + seconds


def test_asks_and_hears(line: Line, port: SerialPort, tracer: Recorder) -> None:
    port.write(b"\x1bRok\r", soon(1))
    assert os.read(line.far, 100) == b"\x1bRok\r"
    line.say(b"OK\x00next")
    assert port.read_until(b"\x00", soon(1)) == b"OK"
    assert tracer.out == [b"\x1bRok\r"]
    assert b"".join(tracer.back) == b"OK\x00next"


def test_reply_may_come_in_pieces_and_end_either_way(line: Line, port: SerialPort) -> None:
    line.say(b"O")
    line.say(b"K\r")
    assert port.read_until(b"\x00\r", soon(1)) == b"OK"


def test_what_came_unasked_can_be_dropped(line: Line, port: SerialPort) -> None:
    line.say(b"stale\x00")
    assert port.discard_input() == b"stale\x00"
    assert port.discard_input() == b""


def test_tracer_is_not_shown_a_picture(line: Line, port: SerialPort, tracer: Recorder) -> None:
    port.write(b"Db;k;secret", soon(1), shown=b"Db;k")
    assert tracer.out == [b"Db;k"]


@pytest.mark.parametrize("url", ["/nonexistent/tty", "/dev/null", "nosuch://x", "socket://127.0.0.1:1"])
def test_no_port_is_not_started(url: str) -> None:
    with pytest.raises(NotStarted):
        SerialPort.open(url)


def test_a_file_is_not_a_port(tmp_path: Path) -> None:
    (tmp_path / "tty").write_bytes(b"")
    with pytest.raises(NotStarted):
        SerialPort.open(str(tmp_path / "tty"))


@pytest.mark.usefixtures("port")
def test_port_belongs_to_one(line: Line) -> None:
    with pytest.raises(NotStarted, match="lock"):
        SerialPort.open(line.near)


def test_hang_up_before_the_first_byte_is_not_started(line: Line, port: SerialPort) -> None:
    line.hang_up()
    with pytest.raises(NotStarted):
        port.write(b"\x1bSic\r", soon())


def test_hang_up_after_a_byte_is_outcome_unknown(line: Line, port: SerialPort) -> None:
    port.write(b"\x1bSic\r", soon())
    line.hang_up()
    with pytest.raises(OutcomeUnknown) as caught:
        port.read_until(b"\x00", soon())
    assert isinstance(caught.value.__cause__, OSError)


def test_hang_up_when_nothing_was_asked_is_not_started(line: Line, port: SerialPort) -> None:
    line.hang_up()
    with pytest.raises(NotStarted):
        port.discard_input()


def test_silence_ends_at_the_deadline(port: SerialPort) -> None:
    port.write(b"\x1bSic\r", soon())
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        port.read_until(b"\x00", soon(0.05))
    assert 0.04 < time.monotonic() - began < 0.5 + BUSY_S


def test_answered_command_leaves_nothing_in_doubt(line: Line, port: SerialPort) -> None:
    port.write(b"\x1bRok\r", soon())
    line.say(b"OK\x00")
    port.read_until(b"\x00", soon(1))
    line.hang_up()
    with pytest.raises(NotStarted):
        port.discard_input()


def test_full_line_blocks_no_longer_than_the_deadline(port: SerialPort) -> None:
    """Nobody reads: a pty swallows some KB, then the rest must wait."""
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown, match="took"):
        port.write(bytes(500_000), soon(0.1))
    with pytest.raises(NotStarted):
        port.write(b"x", soon(0.02))
    assert time.monotonic() - began < 1 + BUSY_S


def test_reply_without_end_is_a_violation(line: Line, port: SerialPort) -> None:
    line.say(b"x" * 300)
    with pytest.raises(ProtocolViolation) as caught:
        port.read_until(b"\x00", soon(1))
    assert caught.value.answer == b"x" * 64


def test_close_is_idempotent_and_final(port: SerialPort) -> None:
    port.write(b"\x1bSic\r", soon())
    port.close()
    port.close()
    for call in (
        lambda: port.write(b"x", soon()),
        lambda: port.read_until(b"\x00", soon()),
        port.discard_input,
    ):
        with pytest.raises(NotStarted):
            call()


def test_no_descriptor_is_left(line: Line) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count, not paths
    for _ in range(3):
        SerialPort.open(line.near).close()
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_line_rate_gives_time(port: SerialPort) -> None:
    assert port.wire_time(11_520) == pytest.approx(1.0)


def test_tcp_is_the_same_door() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = SerialPort.open(f"socket://127.0.0.1:{server.getsockname()[1]}")
        far, _ = server.accept()
        with far:
            port.write(b"\x1bRok\r", soon(1))
            assert far.recv(100) == b"\x1bRok\r"
            far.sendall(b"OK\x00")
            assert port.read_until(b"\x00", soon(1)) == b"OK"
        with pytest.raises(NotStarted):
            port.discard_input()
        port.close()
