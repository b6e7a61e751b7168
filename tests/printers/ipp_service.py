"""An IPP service that answers as it is told: for what no print service would do. And the driver on it."""

from __future__ import annotations

import http.server
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from drivers.printers import ipp
from drivers.printers.ipp_codec import JobState, Operation
from drivers.printers.ipp_wire import Wire
from drivers.protocols import Face, Tray
from tests.patience import BUSY_S
from tests.print_services import HERE

W, H = 1016, 648
FACE = Face(W, H, bytes(W * H - 300) + b"\xff" * 300)
CUPS = {"cups-version": "2.4.2", "printer-error-policy": "abort-job", "device-uri": "once:/socket://h"}


def made(printer: ipp.Ipp) -> None:
    printer.feed()
    printer.print_face(printer.prepare(FACE))
    printer.eject(Tray.OUTPUT)


def attribute(tag: int, name: str, value: Any) -> bytes:
    content = struct.pack(">i", value) if tag in (0x21, 0x23) else bytes([value]) if tag == 0x22 else value.encode()
    return struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(content)) + content


@dataclass
class Service:
    """One printer. `states`: what its job says at each look, the last for ever, or until it is cancelled."""

    states: list[tuple[JobState, str]] = field(default_factory=lambda: [(JobState.COMPLETED, "none")])
    reasons: list[str] = field(default_factory=lambda: ["none"])
    extra: dict[str, str] = field(default_factory=dict)
    operations: list[int] = field(default_factory=lambda: [2, 4, 5, 6, 8, 9, 10, 11])
    format: str = "image/pwg-raster"
    jobs: dict[int, list[tuple[JobState, str]]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    heard: list[Operation] = field(default_factory=list)
    cards: int = 0
    state: int = 3
    after_print: Callable[[], object] = lambda: None
    http_status: int = 200
    ipp_status: int = 0
    cut: Callable[[Operation, bytes], bytes] = lambda operation, answer: answer
    obeys: bool = True
    purges: bool = True
    url: str = ""
    wanted: bytes = b""

    def answer(self, body: bytes) -> tuple[Operation, bytes]:
        operation = Operation(struct.unpack_from(">H", body, 2)[0])
        self.heard.append(operation)
        status, groups = getattr(self, operation.name.lower())(body)
        return operation, struct.pack(">HHI", 0x0200, status, 1) + b"\x01" + groups + b"\x03"

    def get_printer_attributes(self, body: bytes) -> tuple[int, bytes]:
        said = (
            b"\x04"
            + attribute(0x23, "printer-state", self.state)
            + attribute(0x49, "document-format-supported", self.format)
        )
        for name, values in (("printer-state-reasons", self.reasons), ("operations-supported", self.operations)):
            for at, value in enumerate(values):
                said += attribute(0x23 if isinstance(value, int) else 0x44, "" if at else name, value)
        return 0, said + b"".join(attribute(0x41, name, value) for name, value in self.extra.items())

    def print_job(self, body: bytes) -> tuple[int, bytes]:
        self.wanted = body[: body.index(b"\x03RaS2")].partition(b"\x02!\x00\x06copies")[2]
        if self.ipp_status:
            return self.ipp_status, b""
        self.cards += 1
        self.jobs[self.cards] = list(self.states)
        at = body.index(b"job-name") + 8
        self.names[self.cards] = body[at + 2 : at + 2 + struct.unpack_from(">H", body, at)[0]].decode()
        answer = self._told(self.cards)
        self.after_print()
        return 0, answer

    def _told(self, number: int) -> bytes:
        states = self.jobs[number]
        state, reason = states[0] if len(states) == 1 else states.pop(0)
        said = attribute(0x21, "job-id", number) + attribute(0x23, "job-state", int(state))
        said += attribute(0x42, "job-name", self.names[number])
        return b"\x02" + said + attribute(0x44, "job-state-reasons", reason)

    def get_job_attributes(self, body: bytes) -> tuple[int, bytes]:
        number = self._number(body)
        return (0, self._told(number)) if number in self.jobs else (0x0406, b"")

    def _number(self, body: bytes) -> int:
        at = body.index(b"job-id") + 8
        return int(struct.unpack_from(">i", body, at)[0])

    def get_jobs(self, body: bytes) -> tuple[int, bytes]:
        ended = b"not-completed" not in body
        return 0, b"".join(self._told(n) for n, states in self.jobs.items() if states[0][0].ended is ended)

    def cancel_job(self, body: bytes) -> tuple[int, bytes]:
        number = self._number(body)
        if b"purge-job" in body:
            if self.purges:
                self.jobs.pop(number, None)
        elif self.obeys:
            self.jobs[number] = [(JobState.CANCELED, "job-canceled-by-user")]
        return 0, b""


@contextmanager
def serving() -> Iterator[Service]:
    told = Service()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            operation, answer = told.answer(self.rfile.read(int(self.headers["Content-Length"])))
            head = f"HTTP/1.1 {told.http_status} X\r\nContent-Length: {len(answer)}\r\n\r\n".encode()
            self.wfile.write(told.cut(operation, head + answer))

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.HTTPServer((HERE, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    told.url = f"ipp://{HERE}:{server.server_port}/ipp/print"
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


def driver(service: Service, **patience: float) -> ipp.Ipp:
    printer = ipp.Ipp(Wire(service.url), **{"patience_s": BUSY_S, "stands_s": 0.0, "ending_s": BUSY_S, **patience})
    printer.initialise()
    return printer
