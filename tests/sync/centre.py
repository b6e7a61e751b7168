"""A real centre over loopback, a line that fails on demand, and a station's journal in memory."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from kiosk.core.frames import ZERO_HEAD, Frame, Stamp, make_frame
from kiosk.core.records import parse_record
from kiosk.crypto import keys
from kiosk.crypto.checkpoint import Checkpoint, Position, sign_checkpoint
from kiosk.crypto.keys import OKPKey
from kiosk.hub import stations
from kiosk.hub.app import create_app
from kiosk.hub.issue import issue
from kiosk.hub.keyring import HubKeys
from kiosk.hub.schema import frames
from kiosk.hub.server import HubServer
from kiosk.hub.status import StationStatus, status
from kiosk.hub.store import Store
from kiosk.sync.client import HubClient, connect
from kiosk.sync.enrol import Pins, enrol
from kiosk.sync.intake import Judged
from kiosk.sync.shipping import Acknowledged, AckStore, Shipper
from tests.samples import sample_payload

NOW = 1_800_000_000.0
BRISK = httpx.Timeout(60.0)
IMPATIENT = httpx.Timeout(5.0, read=0.15)


class Clock:
    def __init__(self, now_s: float = NOW) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


class Line:
    """WSGI wrapper: each request takes the next fault from `faults`; none left, none applied."""

    FAULTS = ("none", "drop-before", "drop-after", "error", "late", "twice", "cut", "portal")

    def __init__(self, app: Any) -> None:
        self._app = app
        self.faults: deque[str] = deque()
        self.gate = threading.Event()
        self.late_done = threading.Event()
        self.requests = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.requests += 1
        fault = self.faults.popleft() if self.faults else "none"
        body = environ["wsgi.input"].read()
        handler = getattr(self, "_" + fault.replace("-", "_"))
        return handler(environ, body, start_response)

    def _answer(self, environ: dict[str, Any], body: bytes, start_response: Any) -> list[bytes]:
        parts = self._app({**environ, "wsgi.input": io.BytesIO(body)}, start_response)
        try:
            return list(parts)
        finally:
            getattr(parts, "close", lambda: None)()

    _none = _answer

    def _drop_before(self, environ: dict[str, Any], body: bytes, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Length", "1000")])
        yield b"{"
        raise ConnectionError("the line broke")

    def _drop_after(self, environ: dict[str, Any], body: bytes, start_response: Any) -> Iterator[bytes]:
        self._answer(environ, body, lambda *_: None)
        return self._drop_before(environ, body, start_response)

    def _error(self, environ: dict[str, Any], body: bytes, start_response: Any) -> list[bytes]:
        start_response("503 Service Unavailable", [("Retry-After", "7")])
        return [b""]

    def _late(self, environ: dict[str, Any], body: bytes, start_response: Any) -> list[bytes]:
        """The request takes effect when its sender has given up."""
        assert self.gate.wait(60)
        answer = self._answer(environ, body, start_response)
        self.late_done.set()
        return answer

    def mend(self) -> None:
        """No faults any more; the next late request waits again."""
        self.faults.clear()
        self.gate.clear()
        self.late_done.clear()

    def _twice(self, environ: dict[str, Any], body: bytes, start_response: Any) -> list[bytes]:
        self._answer(environ, body, lambda *_: None)
        return self._answer(environ, body, start_response)

    def _cut(self, environ: dict[str, Any], body: bytes, start_response: Any) -> list[bytes]:
        half = body[: len(body) // 2]
        return self._answer({**environ, "CONTENT_LENGTH": str(len(half))}, half, start_response)

    def _portal(self, environ: dict[str, Any], body: bytes, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b"<h1>Welcome to our hotel</h1>"]


@dataclass
class Journal:
    """The station's chain, as `FrameSource` wants it."""

    station: str
    key: OKPKey
    incarnation: str = "00000000000000a1"
    frames: list[Frame] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.frames:
            self.append("genesis", {
                "station": self.station, "incarnation": self.incarnation,
                "key": keys.thumbprint(self.key), "predecessor": None,
            })  # fmt: skip

    def append(self, kind: str, data: dict[str, Any], at_ms: int | None = None) -> Frame:
        head = self.frames[-1].head if self.frames else ZERO_HEAD
        told_ms = 1_000 + len(self.frames) if at_ms is None else at_ms
        stamp = Stamp(told_ms, "boot", len(self.frames), "test")
        self.frames.append(make_frame(len(self.frames) + 1, kind, stamp, data, head))
        return self.frames[-1]

    def stock(self, count: int, quantity: int = 1) -> None:
        for _ in range(count):
            self.append("stock", {"moves": [["wni", "L1", "supplier", "vault", quantity]]})

    @property
    def last_seq(self) -> int:
        return len(self.frames)

    def frames_after(self, seq: int, limit_bytes: int) -> tuple[list[bytes], int, str]:
        lines: list[bytes] = []
        for frame in self.frames[seq:]:
            if lines and sum(map(len, lines)) + len(frame.line) > limit_bytes:
                break
            lines.append(frame.line)
        return lines, seq + len(lines), self.frames[seq + len(lines) - 1].head if lines else ZERO_HEAD

    def position(self) -> Position:
        return Position(self.station, self.incarnation, self.last_seq, self.frames[-1].head)

    def checkpoint(self) -> str:
        moved = sum(move[4] for frame in self.frames for move in frame.data.get("moves", []))
        balances = {"wni": {"supplier": -moved, "vault": moved}}
        return sign_checkpoint(Checkpoint(self.position(), balances), self.key)

    def branch(self, length: int) -> Journal:
        """A copy set back to `length` frames: what a restored disk image holds."""
        return Journal(self.station, self.key, self.incarnation, self.frames[:length])


@dataclass
class Sink:
    """Keeps what it is given; fails while `broken`."""

    cursor: str = ""
    room: int = 100
    held: list[Judged] = field(default_factory=list)
    broken: bool = False
    batches: list[int] = field(default_factory=list)

    def accept(self, judged: list[Judged], cursor: str) -> None:
        if self.broken:
            raise OSError("vault is full")
        self.batches.append(len(judged))
        self.held += judged
        self.cursor = cursor


@dataclass
class Station:
    """An enrolled station with everything on its side of the line."""

    centre: Centre
    name: str
    key: OKPKey
    encryption: OKPKey
    pins: Pins
    directory: Path
    clock: Clock
    journal: Journal

    def client(self, timeout: httpx.Timeout = BRISK, **more: Any) -> HubClient:
        http = connect(self.centre.server.url, timeout=timeout)
        self.centre.clients.append(http)
        return HubClient(http, self.name, self.key, self.pins.signing, clock=self.clock, **more)

    def shipper(self, journal: Journal | None = None, timeout: httpx.Timeout = BRISK) -> Shipper:
        own = journal or self.journal
        return Shipper(self.client(timeout), own, self.acknowledged(own))

    def acknowledged(
        self, journal: Journal | None = None, on_ack: Callable[[int], None] = lambda seq: None
    ) -> Acknowledged:
        store = AckStore(self.directory / "ack.json")
        return Acknowledged(journal or self.journal, store, self.name, self.pins.signing, on_ack)


class Centre:
    """Store, keys, app and server, and the line in front of them."""

    def __init__(self, directory: Path, database: str = "", keys: HubKeys | None = None, port: int = 0) -> None:
        self.clock = Clock()
        self.directory = directory
        self.store = Store.open(directory, database)
        self.keys = keys or HubKeys.generate()
        self.line = Line(create_app(self.store, self.keys, self.clock))
        self.server = HubServer(self.line, port)
        self.clients: list[httpx.Client] = []
        self._made = 0

    def station(self, signing: OKPKey | None = None) -> Station:
        self._made += 1
        name = f"kupang-{self._made}"
        key = signing or keys.generate_signing()
        code = stations.add_station(self.store, name)
        own = key, keys.generate_encryption()
        pins = enrol(self.server.url, name, code, self.keys.fingerprint, own)
        directory = self.directory / name
        return Station(self, name, *own, pins, directory, Clock(), Journal(name, key))

    def issue(self, station: str, count: int) -> list[str]:
        people = [parse_record(sample_payload()) for _ in range(count)]
        return issue(self.store, self.keys, people, station, now_s=self.clock())

    def held(self, station: str) -> list[bytes]:
        """The stored records of the current incarnation, in order."""
        with self.store.snapshot() as connection:
            rows = connection.execute(
                select(frames.c.seq, frames.c.record).where(frames.c.station == station).order_by(frames.c.seq)
            ).all()
        assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
        return [row.record for row in rows]

    def status(self, station: str) -> StationStatus:
        return next(each for each in status(self.store) if each.station == station)

    def alarms(self, station: str) -> set[str]:
        return {alarm.kind for alarm in self.status(station).alarms}

    def hang_up(self) -> None:
        """Close every client's connections."""
        while self.clients:
            self.clients.pop().close()

    def close(self) -> None:
        self.hang_up()
        self.server.stop()
        self.store.close()


def payload_of(token: str) -> dict[str, Any]:
    """The claims of a token, unverified."""
    segment = token.split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return decoded
