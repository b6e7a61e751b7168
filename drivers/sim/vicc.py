"""The chip's side of vpcd: frames on a stream socket, and what a chip does with each.

vsmartcard, "Virtual Smart Card Reader": a 2-byte big-endian length, then a command APDU or one control byte:
0 power off, 1 power on, 2 reset, 4 get ATR. Only APDUs and get ATR are answered.
"""

from __future__ import annotations

import socket
from contextlib import suppress

from drivers.sim.chip import Chip

OFF, ON, RESET, GET_ATR = b"\x00", b"\x01", b"\x02", b"\x04"
_CONTROLS = (OFF, ON, RESET, GET_ATR)


def send(sock: socket.socket, payload: bytes) -> None:
    sock.sendall(len(payload).to_bytes(2) + payload)


def receive(sock: socket.socket) -> bytes | None:
    """One frame, or None when the peer hung up. TimeoutError and OSError pass."""
    head = _receive_exactly(sock, 2)
    return head and _receive_exactly(sock, int.from_bytes(head))


def _receive_exactly(sock: socket.socket, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        if sock.family == socket.AF_INET:
            # Not sticky: without it vpcd's two small writes a frame wait for a delayed ACK, 44 ms an APDU.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = sock.recv(size - len(data))
        if not part:
            return None
        data += part
    return data


def respond(chip: Chip, payload: bytes) -> bytes | None:
    """What goes back for one frame; None for the controls without an answer. PowerLost passes."""
    if payload not in _CONTROLS:
        return chip.transmit(payload)
    if payload == OFF:
        chip.power_off()
    elif payload in (ON, RESET):
        chip.power_on()
    return chip.atr if payload == GET_ATR else None


def hang_up(sock: socket.socket) -> None:
    with suppress(OSError):  # closed by the other side already
        sock.shutdown(socket.SHUT_RDWR)
