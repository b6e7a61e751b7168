"""The station as a child process: started, asked, killed and started again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

from kiosk.control import call
from kiosk.errors import KepingError, Unavailable

START_S = 120.0
"""One that ends is not waited for; a busy machine takes long to import it all."""
STOP_S = 120.0
LOOK_S = 0.02

TETHER = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
"""A child started so (prctl(2), PR_SET_PDEATHSIG) ends with the *thread* that started it."""


class StationProcess:
    """`keping run` on one DATA directory. Its log goes to `log`. `begins`: the module that enrols and runs it, and
    what it is told beside that.

    However this process ends, the station ends with it: by SIGKILL if nobody could stop it in order.
    """

    def __init__(
        self, config: Path, data: Path, log: Path, environment: dict[str, str], begins: Sequence[str] = ("kiosk",)
    ) -> None:
        where = ("--config", str(config), "--data", str(data))
        self._arguments = [sys.executable, "-m", "kiosk", *where]
        self._begins = [sys.executable, "-m", *begins, *where]
        self._data = data
        self._log = log
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self._answers = False
        # Whoever calls `start` may be a thread of a server that ends before the station has finished its card.
        self._starter = ThreadPoolExecutor(1, "station-starter")
        self.starts = 0

    @property
    def state(self) -> str:
        """running, starting, killed, failed or stopped."""
        code = self._process.poll() if self._process is not None else 0
        if code is None:
            return "running" if self._answers else "starting"
        return "stopped" if code == 0 else "killed" if code < 0 else "failed"

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until it answers. <= 2 min; Unavailable with the end of its log if it does not."""
        self._answers = False
        with self._log.open("ab") as log:
            self._process = self._starter.submit(self._launch, log).result()
        self.starts += 1
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.alive:
            try:
                self.call("station.status")
            except Unavailable:
                time.sleep(LOOK_S)
            else:
                self._answers = True
                return
        self.kill()
        raise Unavailable(f"the station did not start:\n{self._log.read_text(errors='replace')[-2000:]}")

    def _launch(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        words = [*TETHER, *self._begins, "run"]
        return subprocess.Popen(words, stderr=log, stdout=log, env=self._environment)  # noqa: S603  # our own interpreter

    def call(self, command: str, **arguments: Any) -> Any:
        """A command over the control socket. NotRunning while it is dead."""
        return call(self._data, command, arguments)

    def command(self, *words: str) -> Any:
        """A command as a person types it, with --json; KepingError with its message if it fails."""
        return json.loads(self._run([*self._arguments, "--json", *words]))

    def enrol(self, code: str, fingerprint: str) -> None:
        """As `command`, with the clock that it will run with."""
        self._run([*self._begins, "enrol", "--code", code, "--fingerprint", fingerprint])

    def _run(self, words: list[str]) -> str:
        done = subprocess.run(words, capture_output=True, env=self._environment, check=False, text=True)  # noqa: S603  # our own interpreter
        if done.returncode:
            raise KepingError(f"{' '.join(words[2:])}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing flushed. Safe from any thread; does not wait."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)

    def wait(self) -> int:
        assert self._process is not None
        return self._process.wait(STOP_S)

    def stop(self) -> int:
        """SIGTERM, and wait for the card in the machine. Returns the exit code."""
        if self._process is None:
            return 0
        if self.alive:
            self._process.terminate()
        return self.wait()
