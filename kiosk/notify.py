"""What this process tells systemd, if systemd started it (sd_notify(3)): ready, alive, ending."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

READY, ALIVE, ENDING = "READY=1", "WATCHDOG=1", "STOPPING=1"


def notify(said: str, environ: Mapping[str, str] = os.environ) -> None:
    """One datagram to NOTIFY_SOCKET; nothing without one. Never blocks; if nobody listens, it is lost."""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # of the abstract namespace, unix(7)
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as there:
            there.setblocking(False)
            there.sendto(said.encode(), address)
    except OSError as exc:
        log.debug("systemd was not told %s: %s", said, exc)


class Alive:
    """Says so at each `look`, unless `late`: then not, and after WatchdogSec systemd restarts the process."""

    def __init__(self, late: Callable[[], bool], tell: Callable[[str], object] = notify) -> None:
        self._late = late
        self._tell = tell
        self._missed = False

    def look(self) -> None:
        late = self._late()
        if late and not self._missed:
            log.critical("the worker does not come round any more")
        self._missed = late
        if not late:
            self._tell(ALIVE)
