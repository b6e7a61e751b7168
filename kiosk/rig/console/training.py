"""A station to learn at: touchscreen, simulated devices and world console, up until somebody ends it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from kiosk.errors import Unavailable
from kiosk.rig.console.app import create_console
from kiosk.rig.rig import OPERATORS, Rig, Setting, free_port
from kiosk.rig.trouble import Trouble
from kiosk.web.server import WebServer

log = logging.getLogger(__name__)

PEOPLE, BLANKS, LOADED = 12, 500, 40
WATCH_S = 1.0
KIOSK_PORT, CONSOLE_PORT = 8480, 8490


class Training:
    """Up after construction (about 5 s), down after `close`. `ports` of touchscreen and console if free, else any.

    The console is served by this process, so it is there while the station is dead.
    """

    def __init__(self, directory: Path, speed: float, seed: int, link: str, *, dark_s: float = 2.0,
                 ports: tuple[int, int] = (KIOSK_PORT, CONSOLE_PORT)) -> None:  # fmt: skip
        self._closing = ExitStack()
        self.rig = Rig(Setting(
            directory, people=PEOPLE, blanks=BLANKS, loaded=LOADED, speed=speed, seed=seed, link=link, tended=True,
            operators=OPERATORS, web_port=free_port(ports[0]),
        ))  # fmt: skip
        self._closing.callback(self.rig.close)
        self.trouble = Trouble(self.rig, dark_s)
        self._server = WebServer(create_console(self.rig, self.trouble), free_port(ports[1]))
        self._closing.callback(self._server.close)

    @property
    def kiosk_url(self) -> str:
        return self.rig.kiosk_url

    @property
    def console_url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    def watch(self, wait: Callable[[float], bool]) -> None:
        """Keep the station up, as systemd would, until `wait(seconds)` says that it is enough."""
        while not wait(WATCH_S):
            try:
                self.trouble.revive()
            except Unavailable as exc:
                log.error("%s", exc)

    def close(self) -> None:
        """The console, then the station, which finishes its card, then the devices. Idempotent."""
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
