"""A station without devices, in a process of its own: its books, its link, and cards that are made by their frames.

It asks either hub in turn, as behind a balancer, so that a token is spent at one and the next request comes to the
other. What it prints is a card's true frames; so it prints as soon as a record is there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from multiprocessing.connection import Connection
from pathlib import Path

import httpx

from kiosk.books import Books
from kiosk.core.clock import Moment
from kiosk.core.records import Record
from kiosk.crypto import keys
from kiosk.journal import Clock
from kiosk.journal.clock import machine_clocks
from kiosk.outbox import Inbox, Outbox
from kiosk.sync.client import HubClient, connect
from kiosk.sync.enrol import enrol, load_pins, save_pins
from kiosk.sync.intake import Intake
from kiosk.sync.loop import SyncLoop
from kiosk.sync.shipping import Acknowledged, AckStore, Shipper
from tests.crash.events import card, opening

POLL_S, LOOK_S = 0.2, 0.01
DAYS_AHEAD = 30
SEGMENT_BYTES = 1 << 20


@dataclass(frozen=True)
class Setting:
    """`obedient`: prints nothing any more once the centre has shut it out."""

    name: str
    code: str
    fingerprint: str
    urls: tuple[str, ...]
    directory: Path
    obedient: bool = True


class InTurn(httpx.BaseTransport):
    """Each request goes to the next hub."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._real = httpx.HTTPTransport(verify=False)
        self._ports = cycle(httpx.URL(url).port for url in urls)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(port=next(self._ports))
        return self._real.handle_request(request)

    def close(self) -> None:
        self._real.close()


class Shelf:
    """As much of a vault as the inbox asks for, without its files."""

    def __init__(self) -> None:
        self._held: set[str] = set()

    def put_all(self, records: Sequence[tuple[Record, str]]) -> None:
        self._held |= {record.ref for record, _ in records}

    def has_biometrics(self, ref: str) -> bool:
        return ref in self._held


class Office:
    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._data = setting.directory
        self.behind_s = 0.0
        self.printing, self.closed, self.ended = True, False, False
        if not (self._data / "journal").exists():
            self._begin()
        self._key = keys.load_okp(self._data / "key.json", keys.SIGNING)
        pins = load_pins(self._data / "hub.json")
        self._books = Books.open(self._data, SEGMENT_BYTES, "station", clock=Clock(self._data, self._look))
        self._http = connect(setting.urls[0], transport=InTurn(setting.urls))
        client = HubClient(
            self._http, setting.name, self._key, pins.signing,
            clock=lambda: time.time() - self.behind_s, heard=self._books.clock.heard,
        )  # fmt: skip
        outbox = Outbox(self._books, setting.name, self._key)
        acks = AckStore(self._data / "ack.json")
        self.sync = SyncLoop(
            Shipper(client, outbox, Acknowledged(outbox, acks, setting.name, pins.signing)),
            Intake(client, Inbox(self._books, Shelf(), DAYS_AHEAD)),
            poll_s=POLL_S,
            on_closed=self._close_down,
        )
        self.sync.step()  # who was shut out meanwhile hears so before the first card
        self.sync.start()

    def _begin(self) -> None:
        self._data.mkdir()
        key, setting = keys.generate_signing(), self._setting
        own = (key, keys.generate_encryption())
        pins = enrol(
            setting.urls[0], setting.name, setting.code, setting.fingerprint, own, transport=InTurn(setting.urls)
        )
        keys.save(self._data / "key.json", key)
        save_pins(self._data / "hub.json", pins)
        said = {"station": setting.name, "incarnation": "ab" * 8, "key": keys.thumbprint(key), "predecessor": None}
        books = Books.create(self._data, SEGMENT_BYTES, said, "station")
        for kind, body in opening(10_000):
            books.commit(kind, body, "op:maria")
        books.close()

    def _look(self) -> Moment:
        now = machine_clocks()
        return now._replace(wall_ms=now.wall_ms - int(self.behind_s * 1000))

    def _close_down(self, why: str) -> None:
        self.closed = True

    def print_one(self) -> bool:
        """Make the card of a record that waits. False if none does, or none may be made."""
        if self.closed and self._setting.obedient:
            return False
        with self._books.transaction() as view:
            waiting = view.rows("records", state="waiting")
        if not waiting:
            return False
        number = int(waiting[0]["ref"], 16)
        for kind, body in card(number, chip=number % (1 << 48)):
            self._books.commit(kind, body, "op:maria")
        self.sync.wake()
        return True

    def obey(self, order: str, seconds: float = 0.0) -> None:
        """`rest`: print nothing more, and let the centre have all; `behind`: the clock falls back."""
        match order:
            case "rest":
                self.printing = False
                self._settle()
            case "press":
                self.sync.wake(now=True)
            case "behind":
                self.behind_s = seconds
            case "end":
                self._settle()
                self.sync.stop()
                self._http.close()
                self._books.close()
                self.ended = True

    def _settle(self) -> None:
        tick = threading.Event()
        while not (self.closed or (self.sync.state.online and self.sync.state.unsent == 0)):
            tick.wait(LOOK_S)


def serve(setting: Setting, orders: Connection) -> None:
    """Print until told otherwise; each order is answered when it is carried out."""
    office = Office(setting)
    orders.send("open")
    while not office.ended:
        if office.printing and office.print_one() and not orders.poll(0):
            continue
        if orders.poll(LOOK_S):
            office.obey(*orders.recv())
            orders.send("done")
