"""Print services that nobody here has written, each on a free port of loopback, out of a directory of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.patience import BUSY_S

HERE = "127.0.0.1"
_LOOK_S = 0.02


def program(name: str) -> str:
    """Where it is; the test is skipped where it is not."""
    beside = ":/usr/sbin" if os.geteuid() == 0 else ""
    found = shutil.which(name, path=os.environ.get("PATH", "") + beside)
    if found is None:
        pytest.skip(f"{name} is not installed (packaging/setup.sh)")
    return found


def free_port() -> int:
    with socket.create_server((HERE, 0)) as taken:
        return int(taken.getsockname()[1])


def wait_for(true: Callable[[], object], what: str, patience_s: float = BUSY_S) -> None:
    deadline = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        threading.Event().wait(_LOOK_S)


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((HERE, port), 1):
        return True
    return False


def begun(words: list[str], log: Path, **environment: str) -> subprocess.Popen[bytes]:
    """In a session of its own; should this process be killed, it goes too."""
    with log.open("ab") as told:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *words], stdout=told, stderr=told, env={**os.environ, **environment},
            start_new_session=True,
        )  # fmt: skip


def killed(process: subprocess.Popen[bytes]) -> None:
    """With all that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Eveprinter:
    """Debian's `ippeveprinter`. A card is a file in `cards`; it takes as long as a file `busy` is there."""

    def __init__(self) -> None:
        binary, bus = program("ippeveprinter"), program("dbus-daemon")
        self.place = Path(tempfile.mkdtemp(prefix="ke"))
        self.cards_in = self.place / "cards"
        self.cards_in.mkdir()
        self.busy = self.place / "busy"
        command = self.place / "print"
        command.write_text(
            f"#!/bin/sh\nwhile [ -e {self.busy} ]; do sleep 0.05; done\n"
            f'[ -e {self.place}/fails ] && exit 1\ncp "$1" "$(mktemp {self.cards_in}/XXXXXX)"\n'
            f"echo 'ATTR: job-impressions-completed=1' >&2\n"
        )
        command.chmod(0o755)
        # It wants a bus to announce itself on, and goes on when nobody is there.
        address = f"unix:path={self.place}/bus"
        self._bus = begun([bus, "--session", "--nofork", f"--address={address}"], self.place / "bus.log")
        wait_for((self.place / "bus").exists, "the bus")
        self.port = free_port()
        self.url = f"ipp://{HERE}:{self.port}/ipp/print"
        words = [binary, "-r", "off", "-p", str(self.port), "-d", str(self.place / "spool"), "-n", "localhost"]
        words += ["-f", "image/pwg-raster", "-c", str(command), "card"]
        (self.place / "spool").mkdir()
        self._printer = begun(words, self.place / "log", DBUS_SYSTEM_BUS_ADDRESS=address)
        wait_for(lambda: listens(self.port), "ippeveprinter")

    @property
    def cards(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted(self.cards_in.iterdir()) if path.stat().st_size]

    @property
    def spooled(self) -> list[Path]:
        return [path for path in (self.place / "spool").rglob("*") if path.is_file()]

    def close(self) -> None:
        self.busy.unlink(missing_ok=True)
        killed(self._printer)
        killed(self._bus)
        shutil.rmtree(self.place, ignore_errors=True)


class RawPrinter:
    """What a queue of CUPS has behind it: takes bytes on a port. `cards`: what came in full, one a connection.

    `stuck`: it takes the bytes of a card and does not let go, until it is set.
    """

    def __init__(self) -> None:
        self._door = socket.create_server((HERE, 0))
        self.port = self._door.getsockname()[1]
        self.begun: list[bytes] = []
        self.cards: list[bytes] = []
        self.free = threading.Event()
        self.free.set()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._door.accept()
                with near:
                    self._take(near)

    def _take(self, near: socket.socket) -> None:
        data = b""
        with contextlib.suppress(OSError):
            while heard := near.recv(65536):
                if not data:
                    self.begun.append(heard[:4])
                data += heard
                self.free.wait()
        if data:
            self.cards.append(data)

    def close(self) -> None:
        self.free.set()
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._thread.join()
