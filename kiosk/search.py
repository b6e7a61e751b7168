"""Where the printer is: at its place, or at one of the other ports that the config allows. Told by its serial."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from glob import glob
from pathlib import Path

from drivers.errors import DeviceError, NotStarted, Stopped
from kiosk.equipment import Found, Opened

SILENT_S = 0.5
"""A port that took longer to fail is silent."""

LOOK_S = 4.0
"""No further port is asked in a look after that time: two silent ones, then."""

AGAIN_S = 60.0
"""A silent port is asked again when something else was plugged in there, and once in this time, but for the one where
the printer was: that is asked in each look, so that it is in use again soon after it was switched on."""


class PrinterSearch:
    """For the thread that owns the printer, but for `found`: those that answered when it was last looked for.

    `place`, `allowed`: as `printer.port` and `printer.ports`. `open_at` opens a port exclusively and asks who is
    there; it moves nothing. A port that is silent, talks nonsense or is held by another process is passed over.
    """

    def __init__(
        self,
        place: str,
        allowed: Sequence[str],
        open_at: Callable[[str], Opened],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._place = self._home = place
        self._allowed = allowed
        self._open_at = open_at
        self._clock = clock
        self._silent: dict[str, tuple[Device, float]] = {}
        self.found: tuple[Found, ...] = ()

    def open(self, known: Sequence[str]) -> Opened:
        """The printer with the first of these serials that is there; while none is known, whatever is at its place.

        Blocks for the time in which a driver gives a silent port up (3 s), twice that where another is asked as well
        (AGAIN_S), and for milliseconds at each port more.
        Stopped{printer-unknown} if only others answer; else what is wrong at its place.
        """
        failures: dict[str, DeviceError] = {}
        others: list[Found] = []
        for opened in self._answers(self._order(), failures):
            if opened.identity.serial == known[0] if known else opened.port == self._place:
                self.found, self._home = (opened.found, *others), opened.port
                return opened
            opened.printer.close()
            others.append(opened.found)
        self.found = tuple(others)
        for each in others:
            if each.serial in known:
                opened = self._ask(each.port)
                if opened.identity.serial == each.serial:
                    self._home = each.port
                    return opened
                opened.printer.close()  # exchanged meanwhile
        if others:
            there = ", ".join(f"{each.model} {each.serial} at {each.port}" for each in others)
            wanted = " or ".join(known) or "not chosen"
            raise Stopped(f"the printer is {wanted}; there is {there}", frozenset({"printer-unknown"}))
        raise failures.get(self._place) or NotStarted(f"no printer answers at {self._place}")

    def look(self, in_use: Found | None) -> None:
        """Ask at all ports but that of the printer that is `in_use`. Blocks as `open`; uses none of them."""
        others = []
        for opened in self._answers(self._order(skip=in_use.port if in_use else None, again_s=0.0), {}):
            opened.printer.close()
            others.append(opened.found)
        self.found = (in_use, *others) if in_use else tuple(others)

    def _answers(self, order: Sequence[str], failures: dict[str, DeviceError]) -> Iterator[Opened]:
        """Those that answer; `failures`: what is wrong at the others."""
        began = self._clock()
        for port in order:
            if self._clock() - began > LOOK_S:
                return
            try:
                opened = self._ask(port)
            except DeviceError as exc:
                failures[port] = exc
            else:
                yield opened

    def _ask(self, port: str) -> Opened:
        began = self._clock()
        try:
            return self._open_at(port)
        except DeviceError:
            if self._clock() - began > SILENT_S:
                self._silent[port] = (_device(port), self._clock())
            raise

    def _order(self, skip: str | None = None, again_s: float = AGAIN_S) -> list[str]:
        """What is to be asked now, the place first; last, of those known to be silent, the one to be asked again."""
        ports = [port for port in ports_of(self._place, self._allowed) if port != skip]
        silent = {port: when for port, (there, when) in self._silent.items() if there == _device(port)}
        again = [port for port in ports if port in silent and port != self._home]
        due = [port for port in again if self._clock() - silent[port] >= again_s]
        return [*(port for port in ports if port not in again), *sorted(due, key=silent.__getitem__)[:1]]


Device = tuple[int, ...]


def _device(port: str) -> Device:
    """What tells whether the same thing is still plugged in there; nothing of a URL, or where nothing is."""
    try:
        there = Path(port).stat()
    except OSError:
        return ()
    return there.st_ino, there.st_rdev, there.st_ctime_ns


def ports_of(place: str, allowed: Sequence[str]) -> list[str]:
    """Each once, under the first name that leads to it. Asks no device."""
    named: dict[str, str] = {}
    for pattern in (place, *allowed):
        # Path.glob takes no absolute pattern.
        for port in [pattern] if pattern == place or "://" in pattern else sorted(glob(pattern)):  # noqa: PTH207
            named.setdefault(port if "://" in port else os.path.realpath(port), port)
    return list(named.values())
