"""The last that crossed the wires, always kept in memory, and written to DATA/trace when a device fails.

Who was asked what, when, how much came back: never what a picture or a chip's file holds. Short text, which is
commands and replies, is kept as it is; of anything else its length and a digest. The digest is keyed, by a key that
ends with the process: the same bytes show as the same, and nobody can try out what they were.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drivers.errors import DeviceError, Refused, Stopped
from kiosk.durable import make_directory, remove_drafts, replace_file

log = logging.getLogger(__name__)

DIRECTORY = "trace"
MOST_ENTRIES, MOST_BYTES = 4096, 512 << 10
MOST_FILES = 20
LONGEST_TEXT = 64
SAME_FAULT_MS = 600_000
"""A fault that is met again within this time after it was last met goes on, and is not written again."""

_FRAMING = b"\x1b\r\n\0"
_COMMAND = re.compile(rb"\x1b([A-Za-z]{1,8})(?=[;\r])")
_INSTRUCTIONS = {
    0xA4: "SELECT", 0xB0: "READ BINARY", 0xC0: "GET RESPONSE", 0xCA: "GET DATA", 0xD6: "UPDATE BINARY",
}  # fmt: skip


def monotonic_ms() -> float:
    return time.monotonic_ns() / 1e6


def utc_now() -> datetime:
    return datetime.now(UTC)


class Trace:
    """One ring for all wires of a station, bounded in entries and in bytes. Thread-safe; nothing here raises.

    `clock`: monotonic ms. `now`: the wall clock, for the names of files alone.
    """

    def __init__(
        self, directory: Path, clock: Callable[[], float] = monotonic_ms, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._now = now
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._ring: deque[bytes] = deque()
        self._bytes = 0
        self._met: dict[str, float] = {}

    def wire(self, name: str) -> Wire:
        """What a byte stream called `name` tells what passes (`drivers.serialport.Tracer`)."""
        return Wire(self, name)

    def link(self, name: str) -> Link:
        """What a chip reader called `name` tells what passes (`drivers.protocols.ApduTracer`)."""
        return Link(self, name)

    @property
    def lines(self) -> list[bytes]:
        """The entries, oldest first, one JSON object each."""
        with self._lock:
            return list(self._ring)

    def note(self, **entry: Any) -> None:
        """One entry more; the oldest go when there are too many. Microseconds."""
        line = json.dumps({"ms": round(self._clock(), 3), **entry}).encode()
        with self._lock:
            self._ring.append(line)
            self._bytes += len(line)
            while len(self._ring) > MOST_ENTRIES or self._bytes > MOST_BYTES:
                self._bytes -= len(self._ring.popleft())

    def seen(self, data: bytes) -> dict[str, Any]:
        """What may be kept of bytes that crossed a wire."""
        command = _COMMAND.match(data)
        kept: dict[str, Any] = {"name": command[1].decode()} if command else {}
        kept["bytes"] = len(data)
        text = b" ".join(re.split(rb"[%s]+" % re.escape(_FRAMING), data.strip(_FRAMING)))
        if len(data) <= LONGEST_TEXT and text.isascii() and text.decode().isprintable():
            return {**kept, "text": text.decode()}
        return {**kept, "digest": hmac.digest(self._key, data, hashlib.sha256).hex()[:12]}

    def fault(self, fault: DeviceError) -> Path | None:
        """Write the ring to a file of its own (0600) and return it; the oldest file goes when there are too many.

        None for a fault that goes on, and where the medium refuses: a trace stops no printing. Three fsyncs.
        """
        code = code_of(fault)
        with self._lock:
            at, last = self._clock(), self._met.get(code)
            self._met[code] = at
            if last is not None and at - last < SAME_FAULT_MS:
                return None
            head = {"v": 1, "utc": self._now().isoformat(), "ms": round(at, 3), "fault": code}
            content = b"\n".join([json.dumps(head).encode(), *self._ring, b""])
            try:
                path = self._make_room() / f"{self._now():%Y%m%dT%H%M%S}Z-{code}.jsonl"
                replace_file(path, content)
            except OSError as exc:
                log.warning("no trace of %s: %s", code, exc)
                return None
        log.info("trace of %s: %s", code, path)
        return path

    def _make_room(self) -> Path:
        """Before a file is written, so that a clock that was set back can't make the new one the oldest."""
        make_directory(self._directory)
        remove_drafts(self._directory)
        for old in files(self._directory)[: -(MOST_FILES - 1)]:
            old.unlink()
        return self._directory


class Wire:
    """A `drivers.serialport.Tracer`."""

    def __init__(self, trace: Trace, name: str) -> None:
        self._trace = trace
        self._name = name

    def sent(self, data: bytes) -> None:
        self._trace.note(on=self._name, dir="sent", **self._trace.seen(data))

    def received(self, data: bytes) -> None:
        self._trace.note(on=self._name, dir="received", **self._trace.seen(data))


class Link:
    """A `drivers.protocols.ApduTracer`."""

    def __init__(self, trace: Trace, name: str) -> None:
        self._trace = trace
        self._name = name

    def exchanged(self, header: bytes, sent: int, received: int, sw: int, ms: float) -> None:
        self._trace.note(
            on=self._name, dir="exchanged", name=_INSTRUCTIONS.get(header[1], f"INS {header[1]:02X}"),
            header=header.hex().upper(), sent=sent, received=received, sw=f"{sw:04X}", took_ms=round(ms, 3),
        )  # fmt: skip


def files(directory: Path) -> list[Path]:
    """The written traces, oldest first by their names."""
    return sorted(directory.glob("[0-9]*.jsonl"))


def code_of(fault: DeviceError) -> str:
    """One keyword for a fault: of a refused card its cause, of a stop its (first) reason, else the kind of error."""
    if isinstance(fault, Refused):
        return fault.cause.value
    if isinstance(fault, Stopped) and fault.reasons:
        return min(fault.reasons)
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(fault).__name__).lower()


if TYPE_CHECKING:
    from drivers.protocols import ApduTracer

    _link: type[ApduTracer] = Link
