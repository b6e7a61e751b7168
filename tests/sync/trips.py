"""A station and its centre without a link: what one writes on a stick the other reads."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.hub.sticks import Sticks, Taken
from kiosk.sync.carrying import Carrier, Exported, Imported
from kiosk.sync.pinned import Pinned
from tests.sync.centre import Centre, Sink, Station

NOW_MS = 1_800_000_000_000


class Shelf(Sink):
    """Holds `most` records and no more."""

    most = 100

    @property
    def room(self) -> int:  # type: ignore[override]
        return self.most - len(self.held)

    @room.setter
    def room(self, most: int) -> None:
        self.most = most


@dataclass
class Trips:
    """`sticks`: so many directories were made. `on_ack` hears what is confirmed."""

    centre: Centre
    station: Station
    directory: Path
    sink: Shelf = field(default_factory=Shelf)
    told: list[int] = field(default_factory=list)
    sticks: int = 0

    def __post_init__(self) -> None:
        self.carrier = self.restart()
        self.hub = Sticks(self.centre.store, self.centre.keys, NOW_MS)

    def restart(self) -> Carrier:
        """The station again, with what its disk holds."""
        station, now_ms = self.station, lambda: NOW_MS
        self.acknowledged = station.acknowledged(on_ack=self.told.append)
        own: Callable[[], list] = lambda: [station.encryption]  # noqa: E731
        pinned = Pinned(station.directory / "hub.json", station.pins)
        self.carrier = Carrier(pinned, station.key, own, station.journal, self.acknowledged, self.sink, now_ms)
        return self.carrier

    def stick(self) -> Path:
        self.sticks += 1
        root = self.directory / f"stick-{self.sticks}"
        root.mkdir()
        return root

    def export(self, root: Path | None = None) -> tuple[Path, Exported]:
        root = root or self.stick()
        return root, self.carrier.export(root)

    def answer(self, root: Path) -> None:
        """`keping hub export`."""
        for told in self.hub.told(root):
            self.hub.answer(root, told)

    def visit(self, root: Path) -> list[Taken]:
        """The centre's part of the way: read, answer."""
        taken = self.hub.take(root)
        self.answer(root)
        return taken

    def round(self) -> Imported:
        """One whole trip."""
        root, _ = self.export()
        self.visit(root)
        return self.carrier.take(root)

    def parcel(self, root: Path, kind: str) -> Path:
        [found] = root.glob(f"keping-*-{kind}-*")
        return found

    def copy(self, root: Path) -> Path:
        """The same stick again."""
        copied = self.stick()
        shutil.copytree(root, copied, dirs_exist_ok=True, symlinks=True)
        return copied

    def held(self) -> list[bytes]:
        return self.centre.held(self.station.name)

    def own(self) -> list[bytes]:
        return [frame.record for frame in self.station.journal.frames]

    def alarms(self) -> set[str]:
        return self.centre.alarms(self.station.name)
