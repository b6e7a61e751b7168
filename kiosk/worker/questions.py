"""What others want to know of the devices: asked by the one thread that owns them."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from drivers.errors import DeviceError, Refused
from kiosk.errors import KepingError, Unavailable
from kiosk.worker.devices import Devices

Answer = TypeVar("Answer")


class Questions:
    """In the order in which they were put. `put` from any thread, the others from the worker's alone."""

    def __init__(self, devices: Devices) -> None:
        self._devices = devices
        self._waiting: queue.SimpleQueue[tuple[Future[Any], Callable[[Devices], Any]]] = queue.SimpleQueue()
        self._closed = False

    def put(self, question: Callable[[Devices], Answer]) -> Future[Answer]:
        """Who stops waiting cancels it: then it is not asked any more. Unavailable if nobody answers from now on."""
        asked: Future[Answer] = Future()
        self._waiting.put((asked, question))
        if self._closed:
            raise Unavailable("the station is ending")
        return asked

    def answer(self) -> None:
        """All that wait. Blocks as long as the devices do."""
        while not self._waiting.empty():
            asked, question = self._waiting.get()
            if asked.set_running_or_notify_cancel():
                self._ask(asked, question)

    def _ask(self, asked: Future[Any], question: Callable[[Devices], Any]) -> None:
        try:
            asked.set_result(question(self._devices))
        except (DeviceError, KepingError) as exc:
            if isinstance(exc, DeviceError) and not isinstance(exc, Refused):
                self._devices.reopen(exc)
            asked.set_exception(exc)

    def close(self) -> None:
        self._closed = True
        while not self._waiting.empty():
            self._waiting.get()[0].cancel()
