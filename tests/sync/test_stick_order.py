"""Whatever order sticks come in, how often, and which never do: the centre's ledger is the station's in the end."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.sync.intake import Accepted
from tests.sync.centre import Centre
from tests.sync.trips import Trips

STEPS = ("work", "issue", "export", "export", "visit", "visit", "take", "take", "lose", "link")


class Road:
    """Steps that somebody takes, each at one of the sticks that are left, by number. `issued`: references."""

    def __init__(self, trips: Trips) -> None:
        self.trips = trips
        self.sticks: list[Path] = []
        self.issued: list[str] = []

    def go(self, step: str, number: int) -> None:
        root = self.sticks[number % len(self.sticks)] if self.sticks else None
        if step in ("visit", "take", "lose") and root is None:
            return
        getattr(self, step)(number, root)

    def work(self, number: int, _root: Path | None) -> None:
        self.trips.station.journal.stock(1 + number)

    def issue(self, _number: int, _root: Path | None) -> None:
        self.issued += self.trips.centre.issue(self.trips.station.name, 1)

    def export(self, number: int, root: Path | None) -> None:
        """On a new one, or on one that was under way."""
        written, _ = self.trips.export(self.trips.stick() if number % 2 or root is None else root)
        self.sticks = list(dict.fromkeys([*self.sticks, written]))

    def link(self, _number: int, _root: Path | None) -> None:
        shipper = self.trips.station.shipper()
        while shipper.step():
            continue
        self.trips.restart()

    def visit(self, _number: int, root: Path) -> None:
        assert not [each.reason for each in self.trips.visit(root) if each.reason]

    def take(self, _number: int, root: Path) -> None:
        if any(root.glob("*-intake-*")):
            assert not self.trips.carrier.take(root).unused

    def lose(self, _number: int, root: Path) -> None:
        shutil.rmtree(root)
        self.sticks.remove(root)


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 5)), min_size=4, max_size=20))
@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_the_ledgers_agree_after_any_trips(centre: Centre, steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        trips = Trips(centre, centre.station(), Path(directory))
        road = Road(trips)
        for step, number in steps:
            road.go(step, number)
        held = trips.held()
        assert held == trips.own()[: len(held)]
        trips.round()
        assert trips.held() == trips.own()
        assert trips.acknowledged.position == trips.station.journal.position()
        assert trips.told == sorted(set(trips.told))
        assert [item.ref for item in trips.sink.held if isinstance(item, Accepted)] == road.issued
        assert trips.alarms() == set()
        moved = sum(move[4] for frame in trips.station.journal.frames for move in frame.data.get("moves", []))
        assert trips.centre.status(trips.station.name).stock.get(("wni", "vault"), 0) == moved
        centre.hang_up()
