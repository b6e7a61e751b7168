"""Clause 13 for the chip: its link is cut at any byte of a life, of a command, of an answer, or of what frames them.

Whatever the byte: only a DeviceError escapes, in time, and of the class that the caller's reaction needs; NotStarted
only if nothing was written; and the same chip is completed over a sound link.
"""

from __future__ import annotations

import random
import selectors
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from drivers.encoders import ktp_el
from drivers.errors import DeviceError, NotStarted, OutcomeUnknown, Refused
from drivers.iso7816 import Ins
from drivers.protocols import ChipEncoder
from drivers.sim.chip import Chip
from drivers.sim.chiplink import SocketAntenna, SocketLink
from tests.chip.readers import UID
from tests.patience import BUSY_S

READERS = ["in_process"]

FILES = {"6FF0": b"control", "6FF1": bytes(range(250)) * 2, "6FF3": b"signature" * 60}
APPEAR_S = 0.05
SHORT, IN_DATA, SAMPLE = 64, 20, 80

LIFE: tuple[tuple[str, Callable[[ChipEncoder], object]], ...] = (
    ("identify", lambda encoder: encoder.identify()),
    ("encode", lambda encoder: encoder.encode(FILES)),
    ("verify", lambda encoder: encoder.verify(FILES)),
)


MAY_RAISE: dict[str, set[type]] = {
    "identify": {NotStarted, Refused},
    "encode": {NotStarted, OutcomeUnknown},
    "verify": {NotStarted},
}
WRITE = bytes((0x00, Ins.UPDATE_BINARY, 0x00, 0x00))


class Cut(NamedTuple):
    """After `at` bytes from the host, or from the chip."""

    side: str
    at: int


class Proxy:
    """Between a link and the antenna `behind`; keeps what passed, and lets no byte pass after the cut, for ever."""

    def __init__(self, path: Path, behind: Path, cut: Cut | None) -> None:
        self.passed = {"host": b"", "chip": b""}
        self._left = {cut.side: cut.at} if cut else {}
        self._behind = behind
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.close()
        self._thread.join()
        self._stopped.close()
        self._listener.close()

    def _run(self) -> None:
        while self._readable(self._listener) is self._listener:
            host, _ = self._listener.accept()
            with host, socket.socket(socket.AF_UNIX) as chip:
                chip.connect(str(self._behind))
                with suppress(OSError):
                    self._pump({host: ("host", chip), chip: ("chip", host)})

    def _pump(self, ways: dict[socket.socket, tuple[str, socket.socket]]) -> None:
        while 0 not in self._left.values():
            ready = self._readable(*ways)
            if ready not in ways:
                return
            side, other = ways[ready]
            data = ready.recv(self._left.get(side, 4096))
            if not data:
                return
            self.passed[side] += data
            other.sendall(data)
            if side in self._left:
                self._left[side] -= len(data)

    def _readable(self, *sockets: socket.socket) -> socket.socket:
        with selectors.DefaultSelector() as watch:
            for each in (*sockets, self._stopped):
                watch.register(each, selectors.EVENT_READ)
            found = [key.fileobj for key, _ in watch.select()]
        return self._stopped if self._stopped in found else found[0]


class Bench:
    """`first_write`: how many bytes the host has sent on a sound link when the first write begins."""

    first_write = 0

    def __init__(self, folder: Path) -> None:
        self.antenna = SocketAntenna(folder / "antenna")
        self._folder, self._count = folder, 0

    def lives(self, chip: Chip, cut: Cut | None) -> tuple[str, DeviceError | None, dict[str, bytes]]:
        """Which call failed, how, and what passed; "" if none did."""
        self._count += 1
        path = self._folder / f"proxy{self._count}"
        with (
            closing(Proxy(path, self._folder / "antenna", cut)) as proxy,
            closing(ktp_el.open(SocketLink(path), APPEAR_S)) as encoder,
        ):
            for call, step in LIFE:
                began = time.monotonic()
                try:
                    step(encoder)
                except DeviceError as error:
                    assert time.monotonic() - began < 2 + BUSY_S, cut
                    return call, error, proxy.passed
            return "", None, dict(proxy.passed)  # before it is closed: powering down is answered by nobody

    def check(self, cut: Cut) -> None:
        chip = Chip(UID)
        self.antenna.enter(chip)
        call, error, passed = self.lives(chip, cut)
        assert type(error) in MAY_RAISE[call], (cut, call, error)
        if call == "encode" and isinstance(error, NotStarted):
            assert chip.updates == 0, cut
        if call == "encode" and isinstance(error, OutcomeUnknown):
            assert len(passed["host"]) >= self.first_write, cut
        assert (chip.updates > 0) <= (call == "verify" or isinstance(error, OutcomeUnknown)), cut
        with closing(ktp_el.open(SocketLink(self._folder / "antenna"), 5.0)) as encoder:
            assert encoder.identify().uid == UID.hex().upper()
            encoder.encode(FILES)
            encoder.verify(FILES)
        self.antenna.leave()


@pytest.fixture
def reader(request: pytest.FixtureRequest) -> str:
    """Which link: one of READERS."""
    return str(request.param)


@pytest.fixture
def bench(reader: str) -> Iterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="keping-cut-") as folder:
        made = Bench(Path(folder))
        with closing(made.antenna):
            yield made


def every_cut(bench: Bench) -> list[Cut]:
    """All offsets of short frames, of longer ones the first, the last and some between."""
    chip = Chip(UID)
    bench.antenna.enter(chip)
    call, _, passed = bench.lives(chip, None)
    bench.antenna.leave()
    assert call == ""
    bench.first_write = passed["host"].index(WRITE) - 2
    draw = random.Random(7)
    cuts: list[Cut] = []
    for side, data in passed.items():
        at = 0
        while at < len(data):
            size = 2 + int.from_bytes(data[at : at + 2])
            offsets = (
                range(size) if size <= SHORT else [0, *sorted(draw.sample(range(1, size - 1), IN_DATA)), size - 1]
            )
            cuts += [Cut(side, at + offset) for offset in offsets]
            at += size
    return cuts[:-1]


def test_13_chip_link_cut_at_sampled_bytes(bench: Bench) -> None:
    """Eighty of those cuts, drawn with a seed."""
    cuts = every_cut(bench)
    assert len(cuts) > 500
    for cut in random.Random(13).sample(cuts, SAMPLE):
        bench.check(cut)


@pytest.mark.long
def test_13_chip_link_cut_at_every_byte(bench: Bench) -> None:
    """Of commands, answers and framing; in a file's data at the first, the last and 20 seeded ones."""
    for cut in every_cut(bench):
        bench.check(cut)
