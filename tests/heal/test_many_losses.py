"""Several devices lost at once, at any moment, and again while one heals: books and world agree after each card."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.rig.pcscd import PrivatePcscd
from kiosk.rig.world_check import good_cards, wrong_cards
from tests.chip.readers import BY_THREAD, pcscd
from tests.conftest import Measured
from tests.heal.site import AT_REST, Site
from tests.heal.troubles import PtyRenamed

__all__ = ["pcscd"]

CARDS = 5
LATEST = {"frame": 8, "happening": 60, "apdu": 60}
"""The last of each that may be chosen for a loss, counted from the card's beginning or from the loss before."""


class Losses:
    """Takes printer, cable and pcscd away, at chosen moments of a card and in the thread in which each moment is."""

    def __init__(self, site: Site, daemon: PrivatePcscd, rng: random.Random) -> None:
        self._site = site
        self._rng = rng
        self._moments: dict[str, tuple[int, str]] = {}
        self._verbs: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
            "cable": (lambda: site.in_simulator(site.jack.unplug), self._plug),
            "power": (site.world.power_off, site.world.power_on),
            "pcscd": (daemon.kill, daemon.start),
        }
        self._taken: set[str] = set()
        self.lost: list[str] = []
        self.count = 0
        site.committed = lambda frame: self._passes("frame")
        site.world.observe(lambda event, card, detail: self._passes("happening"))
        for chip in site.chips():
            chip.on_apdu(lambda apdu: self._passes("apdu"))

    def arm(self) -> None:
        """Choose what is lost next, and when."""
        for kind, latest in LATEST.items():
            if self._rng.random() < 0.5:
                self._moments[kind] = self._rng.randint(1, latest), self._rng.choice(list(self._verbs))

    def _passes(self, kind: str) -> None:
        if kind not in self._moments:
            return
        left, name = self._moments.pop(kind)
        if left > 1:
            self._moments[kind] = left - 1, name
        elif name not in self._taken:
            self._taken.add(name)
            self._verbs[name][0]()
            self.lost.append(name)
            self.count += 1
            self._site.changed()

    def restore_one(self) -> None:
        name = self._rng.choice(self.lost)
        self._verbs[name][1]()
        self.lost.remove(name)
        self._taken.remove(name)

    def _plug(self) -> None:
        name = self._rng.choice(["ttyUSB0", "ttyUSB1"])
        self._site.in_simulator(lambda: self._site.jack.plug(name))


def make(site: Site, losses: Losses, ref: str) -> str:
    """One card to the end of its job, whatever is lost on the way; returns its state."""
    losses.arm()
    [job] = site.station.desk.run_jobs("test", refs=[ref])
    while site.state(job) not in AT_REST:
        site.until(lambda: bool(losses.lost) or site.is_settled(job))
        if losses.lost:
            site.until(lambda: site.misses(job) or site.is_settled(job))
            losses.restore_one()
            losses.arm()
        else:
            site.operator.look([site.job(job)])
    while losses.lost:
        losses.restore_one()
    return site.state(job)


@pytest.mark.long
@pytest.mark.pcsc
@BY_THREAD
@pytest.mark.timeout(300, method="thread")
@pytest.mark.parametrize("seed", range(6))
def test_books_and_world_agree_after_each_card(
    tmp_path: Path, pcscd: PrivatePcscd, seed: int, measured: Measured
) -> None:
    with closing(Site(tmp_path, PtyRenamed, pcscd)) as site:
        losses = Losses(site, pcscd, random.Random(seed))
        made = 0
        for ref in site.bring_records(CARDS):
            made += make(site, losses, ref) == "completed"
            site.agree()
            assert len(good_cards(site.world)) == made
            assert wrong_cards(good_cards(site.world), site.residents) == []
        assert site.unrestarted
        assert losses.count >= CARDS
        measured(f"{losses.count} losses in {CARDS} cards, seed {seed}: {len(site.operator.answers)} questions")
