"""Where the printer is: at its place, or at one of the other ports that the config allows. Told by its serial."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from glob import glob

from drivers.errors import DeviceError, NotStarted, Stopped
from kiosk.equipment import Found, Opened

SLOW_S = 0.5
"""A port whose silence took longer costs the next look time: of such ports one is asked in each."""


class PrinterSearch:
    """For the thread that owns the printer, but for `found`: those that answered when it was last looked for.

    `place`, `allowed`: as `printer.port` and `printer.ports`. `open_at` opens a port exclusively and asks who is
    there; it moves nothing. A port that is silent, talks nonsense or is held by another process is passed over.
    """

    def __init__(self, place: str, allowed: Sequence[str], open_at: Callable[[str], Opened]) -> None:
        self._place = place
        self._allowed = allowed
        self._open_at = open_at
        self._slow: list[str] = []
        self.found: tuple[Found, ...] = ()

    def open(self, known: Sequence[str]) -> Opened:
        """The printer with the first of these serials that is there; while none is known, whatever is at its place.

        Blocks for the time in which a driver gives one silent port up (3 s), and milliseconds for each other one.
        Stopped{printer-unknown} if only others answer; else what is wrong at its place.
        """
        failure: DeviceError | None = None
        others: list[Found] = []
        for port in self._order():
            try:
                opened = self._ask(port)
            except DeviceError as exc:
                failure = exc if port == self._place or failure is None else failure
                continue
            if opened.identity.serial == known[0] if known else port == self._place:
                self.found = (opened.found, *others)
                return opened
            opened.printer.close()
            others.append(opened.found)
        self.found = tuple(others)
        for each in others:
            if each.serial in known:
                return self._ask(each.port)
        if others:
            there = ", ".join(f"{each.model} {each.serial} at {each.port}" for each in others)
            wanted = " or ".join(known) or "not chosen"
            raise Stopped(f"the printer is {wanted}; there is {there}", frozenset({"printer-unknown"}))
        raise failure or NotStarted(f"no printer answers at {self._place}")

    def look(self, in_use: Found | None) -> None:
        """Ask at all ports but that of the printer that is `in_use`. Blocks as `open`; uses none of them."""
        others = []
        for port in self._order(skip=in_use.port if in_use else None):
            try:
                opened = self._ask(port)
            except DeviceError:
                continue
            opened.printer.close()
            others.append(opened.found)
        self.found = (in_use, *others) if in_use else tuple(others)

    def _ask(self, port: str) -> Opened:
        began = time.monotonic()
        try:
            return self._open_at(port)
        except DeviceError:
            if time.monotonic() - began > SLOW_S:
                self._slow.append(port)
            raise

    def _order(self, skip: str | None = None) -> list[str]:
        """What is to be asked now, the place first; of the slow ones the one that has waited longest, at the end."""
        ports = [port for port in ports_of(self._place, self._allowed) if port != skip]
        slow = [port for port in self._slow if port in ports]
        self._slow = slow[1:]
        return [*(port for port in ports if port not in slow), *slow[:1]]


def ports_of(place: str, allowed: Sequence[str]) -> list[str]:
    """Each once, under the first name that leads to it. Asks no device."""
    named: dict[str, str] = {}
    for pattern in (place, *allowed):
        # Path.glob takes no absolute pattern.
        for port in [pattern] if pattern == place or "://" in pattern else sorted(glob(pattern)):  # noqa: PTH207
            named.setdefault(port if "://" in port else os.path.realpath(port), port)
    return list(named.values())
