"""What the station and the centre say of the same ledger, side by side."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiosk.errors import Unavailable
from kiosk.hub.status import status as hub_status
from kiosk.rig.process import StationProcess
from kiosk.rig.rig import SKU, Rig

TRIES = 3


@dataclass(frozen=True)
class Page:
    """One side's position and balances of one SKU. `fresh`: it is so now; otherwise it was so when last asked."""

    seq: int = 0
    head: str = ""
    accounts: dict[str, int] = field(default_factory=dict)
    fresh: bool = True
    holdup: tuple[str, ...] = ()


class Ledgers:
    """Reads both sides; remembers what the station said last, for the time when it is dead."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._last = Page(fresh=False)

    def station(self) -> Page:
        """A few ms; it asks again if a commit came between position and balances."""
        process = self._rig.station
        try:
            page = _ask(process) if process.state == "running" else None
        except Unavailable:
            page = None
        if page is None:
            return Page(self._last.seq, self._last.head, self._last.accounts, fresh=False)
        self._last = page
        return page

    def centre(self) -> Page:
        [held] = hub_status(self._rig.store)
        return Page(held.seq, held.head, {name: n for (sku, name), n in held.stock.items() if sku == SKU and n})


def compare(station: Page, centre: Page) -> str:
    """same, behind (the centre has the beginning of it), different; unknown if nobody can say without the station.

    `centre` was read before `station`: the other way round it may be ahead.
    """
    if (station.seq, station.head, station.accounts) == (centre.seq, centre.head, centre.accounts):
        return "same"
    if centre.seq < station.seq:
        return "behind"
    return "different" if station.fresh else "unknown"


def _ask(process: StationProcess) -> Page:
    for _ in range(TRIES):
        status = process.call("station.status")
        accounts = process.call("stock.balance").get(SKU, {})
        if process.call("station.status")["seq"] == status["seq"]:
            break
    holdup = status["holdup"]["reasons"] if status["holdup"] else []
    return Page(status["seq"], status["head"], accounts, holdup=tuple(holdup))
