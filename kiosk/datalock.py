"""One process owns DATA."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from kiosk.errors import Unavailable


class DataLock:
    """Lifetime flock on DATA: one process owns it. Unavailable, naming the owner's pid, if another does.

    Not `needed`: who only looks goes without on a medium that takes no writing.
    """

    def __init__(self, data: Path, *, needed: bool = True) -> None:
        self._fd = -1
        try:
            data.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._fd = os.open(data / "LOCK", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            if needed:
                raise
            return
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(self._fd, 20, 0).decode("ascii", "replace").strip() or "?"
            os.close(self._fd)
            raise Unavailable(f"{data} is in use by process {owner}; stop it or use its control socket") from None
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Idempotent."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
