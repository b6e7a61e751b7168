"""What is no tty behind the same door: TCP over loopback; the USB printer device, of which a pty takes the place."""

from __future__ import annotations

import os
import pty
import socket
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.errors import NotStarted, OutcomeUnknown
from drivers.serialport import SerialPort
from drivers.streams import Stream, is_usb_printer, open_tcp, open_usb_printer
from tests.heal.jacks import forget, may_forget
from tests.patience import BUSY_S


class Far:
    """The printer's side of the pty."""

    def __init__(self) -> None:
        self.end, near = pty.openpty()
        tty.setraw(near)
        self.near = os.ttyname(near)
        os.close(near)

    def hang_up(self) -> None:
        if self.end >= 0:
            os.close(self.end)
            self.end = -1


@pytest.fixture
def far() -> Iterator[Far]:
    made = Far()
    yield made
    made.hang_up()


@pytest.fixture
def usb(far: Far) -> Iterator[SerialPort]:
    port = SerialPort(open_usb_printer(far.near, 115_200))
    yield port
    port.close()


def soon(seconds: float = 0.05) -> float:
    return time.monotonic() + seconds


def test_usb_printer_asks_and_hears(far: Far, usb: SerialPort) -> None:
    usb.write(b"\x1bRok\r\x11\x13\n", soon(1))
    assert os.read(far.end, 100) == b"\x1bRok\r\x11\x13\n"
    os.write(far.end, b"OK\x00")
    assert usb.read_until(b"\x00", soon(1)) == b"OK"


def test_usb_printer_belongs_to_one(far: Far, usb: SerialPort) -> None:
    assert usb.name == far.near
    with pytest.raises(BlockingIOError):
        open_usb_printer(far.near, 115_200)


def test_usb_printer_pulled_out(far: Far, usb: SerialPort) -> None:
    usb.write(b"\x1bSic\r", soon())
    far.hang_up()
    with pytest.raises(OutcomeUnknown):
        usb.read_until(b"\x00", soon())


def test_usb_printer_that_takes_nothing_ends_at_the_deadline(usb: SerialPort) -> None:
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown, match="took"):
        usb.write(bytes(500_000), soon(0.1))
    assert time.monotonic() - began < 1 + BUSY_S


def test_empty_packet_is_not_the_end() -> None:
    """A USB printer that sends nothing but empty packets is silent: the wait ends, at its deadline."""
    with open("/dev/null", "r+b") as nothing:  # noqa: PTH123 - a device of which every read is empty
        port = SerialPort(Stream(os.dup(nothing.fileno()), "usb", 115_200))
        assert port.discard_input() == b""
        port.write(b"\x1bRok\r", soon())
        with pytest.raises(OutcomeUnknown, match="no reply in time"):
            port.read_until(b"\x00", soon())
        port.close()


def test_path_says_that_it_is_a_usb_printer(tmp_path: Path) -> None:
    link = tmp_path / "card-printer"
    link.symlink_to("/dev/usb/lp99")
    assert is_usb_printer(str(link))
    assert not is_usb_printer("/dev/ttyUSB0")
    for path in ("/dev/usb/lp99", str(link)):
        with pytest.raises(NotStarted) as caught:
            SerialPort.open(path)
        assert type(caught.value.__cause__) is FileNotFoundError  # pyserial's would be of its own kind


def test_what_a_shell_left_in_its_place_is_no_printer(tmp_path: Path) -> None:
    (tmp_path / "lp0").write_bytes(b"cat picture > /dev/usb/lp0")
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count, not paths
    with pytest.raises(OSError, match="not a device"):
        open_usb_printer(str(tmp_path / "lp0"), 115_200)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


@pytest.mark.parametrize("url", ["socket://", "socket://127.0.0.1", "socket://:9100", "socket://127.0.0.1:x"])
def test_an_address_is_host_and_port(url: str) -> None:
    with pytest.raises(NotStarted):
        SerialPort.open(url)


def test_tcp_close_takes_no_time_and_leaves_no_descriptor() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        before, began = len(os.listdir("/proc/self/fd")), time.monotonic()  # noqa: PTH208
        for _ in range(3):
            SerialPort(open_tcp(f"socket://127.0.0.1:{server.getsockname()[1]}", 115_200)).close()
        assert time.monotonic() - began < 0.3
        assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_tcp_hang_up_after_a_byte_is_outcome_unknown() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = SerialPort.open(f"socket://127.0.0.1:{server.getsockname()[1]}")
        far, _ = server.accept()
        port.write(b"\x1bSic\r", soon(1))
        far.close()
        with pytest.raises(OutcomeUnknown):
            port.read_until(b"\x00", soon(1))
        port.close()


def test_tcp_that_ends_in_order_is_a_hang_up_and_no_silence() -> None:
    """Everything it had was read, and then it closes: no error of the connection tells."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = SerialPort.open(f"socket://127.0.0.1:{server.getsockname()[1]}")
        far, _ = server.accept()
        port.write(b"\x1bRok\r", soon(1))
        assert far.recv(100) == b"\x1bRok\r"
        far.close()
        with pytest.raises(OutcomeUnknown, match="hung up"):
            port.read_until(b"\x00", soon(1))
        port.close()


@pytest.mark.skipif(not may_forget(), reason="a connection is forgotten in silence by CAP_NET_ADMIN alone")
def test_tcp_peer_that_has_forgotten_the_connection_is_noticed_while_a_reply_is_awaited() -> None:
    """As a printer that was switched off and on in the middle of a command."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = SerialPort(open_tcp(f"socket://127.0.0.1:{server.getsockname()[1]}", 115_200))
        peer, _ = server.accept()
        port.write(b"Sic\r", soon(1))
        assert peer.recv(100) == b"Sic\r"
        forget(peer)
        with pytest.raises(OutcomeUnknown, match="reset"):
            port.read_until(b"\0", soon(5))
        port.close()
