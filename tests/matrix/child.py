"""A station borne by the nursery: asked, killed, waited for."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk.control import call
from kiosk.errors import Unavailable

START_S = 20.0
LOOK_S = 0.02


class Nursery:
    def __init__(self) -> None:
        words = [sys.executable, "-m", "tests.matrix.nursery"]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def bear(self, order: dict[str, Any]) -> int:
        """The pid of a station that begins now."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(json.loads(self._process.stdout.readline())["pid"])

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@dataclass
class Child:
    """One DATA's station, its process never waited for by this one: a pidfd tells when it is gone (pidfd_open(2))."""

    nursery: Nursery
    config: Path
    data: Path
    log: Path
    retry: bool = False
    leak: bool = False
    pid: int = field(default=0, init=False)
    _fd: int = field(default=-1, init=False)

    def start(self, die: dict[str, Any] | None = None) -> None:
        """Until it answers. Unavailable, with its log, if it ends before."""
        words = ["--config", str(self.config), "--data", str(self.data), "run"]
        order = {
            "arguments": words, "die": die, "retry": self.retry, "leak": self.leak, "log": str(self.log),
        }  # fmt: skip
        self.pid = self.nursery.bear(order)
        self._fd = os.pidfd_open(self.pid)
        deadline = time.monotonic() + START_S
        while self.alive(LOOK_S) and time.monotonic() < deadline:
            with suppress(Unavailable):
                self.call("station.status")
                return
        raise Unavailable(f"the station did not start:\n{self.log.read_text()[-3000:]}")

    def alive(self, wait_s: float = 0.0) -> bool:
        """After `wait_s` at most."""
        if self._fd < 0:
            return False
        if select.select([self._fd], [], [], wait_s)[0]:
            os.close(self._fd)
            self._fd = -1
        return self._fd >= 0

    def call(self, command: str, **arguments: Any) -> Any:
        return call(self.data, command, arguments)

    def command(self, *words: str) -> None:
        """A command as a person types it, while no station runs."""
        begin = [sys.executable, "-m", "kiosk", "--config", str(self.config), "--data", str(self.data)]
        subprocess.run([*begin, *words], check=True, capture_output=True)  # our own interpreter

    def kill(self) -> None:
        """SIGKILL, and until it is gone. From any thread."""
        gone = os.pidfd_open(self.pid)
        os.kill(self.pid, signal.SIGKILL)
        select.select([gone], [], [], START_S)
        os.close(gone)

    def stop(self) -> None:
        if self.alive():
            os.kill(self.pid, signal.SIGTERM)
            assert not self.alive(60.0), "the station does not end"
