"""A station at work, touchscreen and all, until it is told to end or can't go on."""

from __future__ import annotations

import logging
import threading
from itertools import count
from typing import NamedTuple

from kiosk import runtime
from kiosk.notify import ENDING, READY, Alive, notify
from kiosk.people import People
from kiosk.station import Station
from kiosk.web.app import create_app
from kiosk.web.house import House
from kiosk.web.server import WebServer

log = logging.getLogger(__name__)

WATCH_S = 1.0
TRIM_EVERY = 60
"""Looks from one trimming of the memory to the next."""
SHOW_S = 3.0
"""How long why it ends is still shown; the screen keeps its last page until the station is back."""


class Ended(NamedTuple):
    """It could not go on. `code`: of the process; 3: the medium failed, 1: the worker did."""

    why: str
    code: int


def serve(station: Station, stopping: threading.Event) -> Ended | None:
    """Start it, and close it in the end, after the card in the machine. None if it was told to end."""
    web = None
    try:
        station.start()
        assert station.worker, "it was started"
        alive = Alive(station.worker.rounds.late)
        web = WebServer(create_app(House(station, People(station.data))), station.config.web.port)
        runtime.keep()
        log.info("touchscreen at http://127.0.0.1:%d", web.port)
        notify(f"{READY}\nSTATUS=At work")
        for look in count(1):
            alive.look()
            if stopping.wait(WATCH_S) or station.failed:
                break
            if look % TRIM_EVERY == 0:
                runtime.trim()
        failure = station.failed
        if failure:
            station.pulse.beat()
            stopping.wait(SHOW_S)
    finally:
        notify(ENDING)  # the last card takes longer than systemd waits for a sign of life
        poisoned = station.books.poisoned
        if station.worker:
            log.info("ending: no card is begun any more")
            station.worker.finish()
        if web:
            web.close()
        station.close()
    return Ended(poisoned or failure or "", 3 if poisoned else 1) if poisoned or failure else None
