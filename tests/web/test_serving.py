"""The end of a server: whoever wakes its loop in that moment breaks nothing."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx

from kiosk.serving import Serving

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


def hello(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


def serve() -> Serving:
    return Serving(hello, "127.0.0.1", 0, "test", threads=1)


class Woken(list[Any]):
    """What the loop is to do. As soon as the end is among it a worker's last pull comes; the loop has its time."""

    def __init__(self, trigger: Any) -> None:
        super().__init__()
        self.trigger, self.done = trigger, threading.Event()

    def append(self, thunk: Any) -> None:
        def do() -> None:
            thunk()
            self.done.set()

        super().append(do)
        os.write(self.trigger.trigger, b"x")
        self.done.wait(0.3)


def test_a_workers_last_pull_does_not_end_it_before_it_is_told() -> None:
    serving = serve()
    trigger: Any = serving._server.trigger
    trigger.thunks = Woken(trigger)
    serving.end()
    assert not serving.alive


def test_who_comes_late_writes_into_no_other_file() -> None:
    serving = serve()
    trigger: Any = serving._server.trigger
    number = trigger.trigger
    serving.end()
    near, far = os.pipe()
    os.dup2(far, number)
    try:
        with suppress(OSError):
            trigger.pull_trigger()
        os.set_blocking(near, False)
        assert _read(near) == b""
    finally:
        for each in {near, far, number}:
            os.close(each)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1)
    except BlockingIOError:
        return b""


def test_it_answers_until_then_and_ends_once() -> None:
    serving = serve()
    assert httpx.get(f"http://127.0.0.1:{serving.port}/", timeout=None).text == "hello"
    serving.end()
    serving.end()
    again = Serving(hello, "127.0.0.1", serving.port, "test", threads=1)
    assert httpx.get(f"http://127.0.0.1:{again.port}/", timeout=None).text == "hello"
    again.end()
