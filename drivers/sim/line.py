"""The wire between host and simulated printer: a pseudo-terminal or a TCP port, with a speed and with faults.

A pseudo-terminal has no baud rate and buffers 19 KB, and what a host wrote before it was killed still arrives. So the
line reads by credit: CHUNK bytes at most, then their time on the wire passes on the printer's clock.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from drivers.sim.clock import ClockStopped, SimClock
from drivers.sim.firmware import Firmware
from drivers.sim.ports import Port, PtyPort, TcpPort

CHUNK = 1024
BITS_A_BYTE = 10
STALL_S = 10.0
"""Simulated seconds of silence within a command after which it is given up; never under one real second."""


@dataclass(frozen=True)
class ReplyFault:
    """`data` replaces the reply; `delay_s` passes before it, or before its part from byte `split_at` on.

    `times`: how often the reply itself comes.
    """

    data: bytes | None = None
    times: int = 1
    delay_s: float = 0.0
    split_at: int = 0


class Line:
    """Runs the simulator thread: bytes to the firmware, replies to the host. Faults may be set from any thread.

    Owns `port`; closing the line stops the clock's waits and joins the thread. The firmware, the world and the clock
    survive it and can be given to another line. `url`: what a host opens.
    """

    url: str

    def __init__(
        self, port: Port, firmware: Firmware, clock: SimClock, baud: int = 115200, stall_s: float = STALL_S
    ) -> None:
        self._port, self._firmware, self._clock = port, firmware, clock
        self._byte_s = BITS_A_BYTE / baud
        self._stall_s = max(stall_s / clock.speed, 1.0)
        self._lock = threading.Lock()
        self._host_left: int | None = None
        self._reply_left: int | None = None
        self._moment: tuple[int, Callable[[], object]] | None = None
        self._faults: deque[ReplyFault] = deque()
        self._heard_at = time.monotonic()
        self._waked, self._waker = os.pipe()
        os.set_blocking(self._waker, False)
        self._closed = False
        self.host_bytes = 0
        clock.start(self._wake)
        self._thread = threading.Thread(target=self._run, name="printer-line", daemon=True)
        self._thread.start()

    def cut(self, *, after_host_bytes: int | None = None, after_reply_bytes: int | None = None) -> None:
        """Let that many more bytes through, then lose everything both ways until `restore`. Without a count: now."""
        with self._lock:
            if after_host_bytes is None and after_reply_bytes is None:
                after_host_bytes = 0
            self._host_left, self._reply_left = after_host_bytes, after_reply_bytes

    def restore(self) -> None:
        """Mend the line. What the host wrote while it was cut is gone, also what was not read yet."""
        with self._lock:
            if self._severed:
                while self._port.read(CHUNK):
                    continue
            self._host_left = self._reply_left = None

    @property
    def severed(self) -> bool:
        """Whether a cut has taken effect."""
        with self._lock:
            return self._severed

    def at_byte(self, count: int, act: Callable[[], object]) -> None:
        """Have `act` done, in the simulator thread, after `count` more bytes from the host and before the next."""
        with self._lock:
            self._moment = (self.host_bytes + count, act)

    def garble_next_reply(self, data: bytes) -> None:
        """Send exactly `data` in its place."""
        self._faults.append(ReplyFault(data))

    def drop_next_reply(self) -> None:
        self._faults.append(ReplyFault(b""))

    def double_next_reply(self) -> None:
        self._faults.append(ReplyFault(times=2))

    def delay_next_reply(self, seconds: float) -> None:
        """Simulated seconds."""
        self._faults.append(ReplyFault(delay_s=seconds))

    def split_next_reply(self, at: int, gap_s: float = 0.1) -> None:
        """Send the first `at` bytes, and the others `gap_s` simulated seconds later."""
        self._faults.append(ReplyFault(delay_s=gap_s, split_at=at))

    def close(self) -> None:
        """Stop, join the thread, close every descriptor. Idempotent. Not from an observer."""
        if self._closed:
            return
        self._closed = True
        self._clock.stop(self._wake)
        self._wake()
        self._thread.join()
        self._port.close()
        os.close(self._waked)
        os.close(self._waker)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _severed(self) -> bool:
        return self._host_left == 0 or self._reply_left == 0

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._waker, b"\x00")

    def _run(self) -> None:
        with contextlib.suppress(ClockStopped):
            while not self._closed:
                # Bytes that are here already came behind the last ones without a gap: no time passes between.
                if not self._wait(0.0):
                    self._clock.idle(self._wait)
                self._firmware.tick()
                self._receive()

    def _wait(self, timeout: float | None) -> bool:
        poll = select.poll()
        poll.register(self._port, select.POLLIN)
        poll.register(self._waked, select.POLLIN)
        if self._firmware.mid_command:
            stall = max(0.0, self._heard_at + self._stall_s - time.monotonic())
            timeout = stall if timeout is None else min(stall, timeout)
        ready = poll.poll(None if timeout is None else timeout * 1000)
        if any(descriptor == self._waked for descriptor, _ in ready):
            os.read(self._waked, 4096)
        return bool(ready)

    def _receive(self) -> None:
        with self._lock:
            size = CHUNK if self._moment is None else min(CHUNK, self._moment[0] - self.host_bytes)
            data = self._admit(self._port.read(size))
        if data:
            self._heard_at = time.monotonic()
            self.host_bytes += len(data)
            self._carry(len(data))
            for reply in self._firmware.receive(data):
                self._send(reply)
            self._heard_at = time.monotonic()
            self._heed_moment()
        elif self._firmware.mid_command and time.monotonic() - self._heard_at >= self._stall_s:
            for reply in self._firmware.stalled():
                self._send(reply)

    def _heed_moment(self) -> None:
        moment = self._moment
        if moment is not None and self.host_bytes == moment[0]:
            self._moment = None
            moment[1]()

    def _admit(self, data: bytes) -> bytes:
        if self._severed:
            return b""
        if self._host_left is not None:
            data = data[: self._host_left]
            self._host_left -= len(data)
        return data

    def _carry(self, size: int) -> None:
        self._clock.occupy(size * self._byte_s)
        self._clock.advance(size * self._byte_s)

    def _send(self, reply: bytes) -> None:
        fault = self._faults.popleft() if self._faults else ReplyFault()
        data = reply * fault.times if fault.data is None else fault.data
        self._put(data[: fault.split_at])
        if fault.delay_s:
            self._clock.advance(fault.delay_s)
        self._put(data[fault.split_at :])

    def _put(self, data: bytes) -> None:
        self._carry(len(data))
        with self._lock:
            if self._severed or not self._firmware.powered:
                return
            if self._reply_left is not None:
                data = data[: self._reply_left]
                self._reply_left -= len(data)
            if data:
                self._port.write(data)


class PtyLine(Line):
    """`path` is what a host opens, by pyserial for example."""

    def __init__(self, firmware: Firmware, clock: SimClock, baud: int = 115200, stall_s: float = STALL_S) -> None:
        port = PtyPort()
        self.path = self.url = port.path
        super().__init__(port, firmware, clock, baud, stall_s)


class TcpLine(Line):
    """Listens on `host`:`port` (0: any free one, see `port`). A host may keep one connection or half-close each.

    One that half-closes without a byte is told the status.
    """

    def __init__(
        self,
        firmware: Firmware,
        clock: SimClock,
        host: str = "127.0.0.1",
        port: int = 0,
        baud: int = 115200,
    ) -> None:
        listening = TcpPort(host, port, firmware.status_block)
        self.port = listening.port
        self.url = f"socket://{host}:{self.port}"
        super().__init__(listening, firmware, clock, baud)
