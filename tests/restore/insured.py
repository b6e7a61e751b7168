"""An office with a centre and a mirror, whose disk is lost, and a person who finds out what is really there."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from drivers.sim.cards import Card
from drivers.sim.chip import Chip
from kiosk.config import Config, HubConfig, PrinterConfig
from kiosk.hub.issue import issue
from kiosk.hub.status import status
from kiosk.hub.succession import allow_restore
from kiosk.people import People, Role
from kiosk.restore import Restored, restore
from kiosk.rig.residents import Resident, invent
from kiosk.rig.world_check import chip_file, good_cards, spoiled_cards, wrong_cards
from kiosk.station import Station
from tests.handover.test_with_centre import LinkedOffice
from tests.office import PATIENCE_S, STATION

PIN = "135791"


class Insured(LinkedOffice):
    """`blanks` lie in the hopper. `stick` is the mirror."""

    def __init__(self, directory: Path, blanks: int) -> None:
        self.stick = directory / "stick"
        self.stick.mkdir()
        self.incarnations = 1
        super().__init__(directory, blanks)
        self.residents = list(invent(3, blanks, issued=date(2018, 8, 14)))
        self._add_supervisor()

    def _add_supervisor(self) -> None:
        people = People(self.data)
        if people.get("yosep"):
            people.reset_pin("yosep", PIN)
        else:
            people.add("yosep", "Petugas Dua", Role.SUPERVISOR, PIN)

    @property
    def config(self) -> Config:
        return Config(
            hub=HubConfig(self.server.url, poll=1.0), mirror=str(self.stick), reader=self.reader(),
            printer=PrinterConfig(port=self.line.path, reply_timeout=1.0),
        )  # fmt: skip

    def _open(self) -> Station:
        return Station(self.config, self.data, "test")

    def take_in(self, people: list[Resident]) -> list[str]:
        refs = issue(self.store, self.keys, people, STATION, now_s=time.time())
        self.look()
        self.until(lambda: set(refs) <= set(self.waiting()))
        return refs

    def until(self, reached: Callable[[], bool]) -> None:
        """Also what no frame and no printer tells: how far the link and the mirror are."""
        end = time.monotonic() + PATIENCE_S
        with self._changed:
            while not reached():
                assert time.monotonic() < end, self.describe()
                self._changed.wait(0.02)

    def look(self) -> None:
        assert self.station.sync
        self.station.sync.wake(now=True)

    def print_all(self, refs: list[str]) -> None:
        jobs = self.station.desk.run_jobs("test", refs=refs)
        self.until(lambda: all(self.state(job) == "completed" for job in jobs))

    def unshipped(self, refs: list[str]) -> None:
        """Print while the centre is away; the mirror has every frame."""
        self.until(lambda: self.station.sync is not None and self.station.sync.state.unsent == 0)
        self.server.pause()
        self.print_all(refs)

    def lose_disk(self) -> None:
        """With all that was on it. What the station says at its end reaches the mirror alone, if that is there."""
        self.station.close()
        shutil.rmtree(self.data)

    def restore(self, copy: Path | None) -> Restored:
        if not self.server.listening:
            self.server.resume()
        code = allow_restore(self.store, STATION)
        found = restore(self.config, self.data, copy, self.server.url, code, self.keys.fingerprint, "test")
        self._add_supervisor()
        return found

    def open_again(self) -> None:
        self.reopen()
        self.until(lambda: (self.station.gap.show("test") or {"complete": True})["complete"])

    def person_of(self, card: Card) -> Resident:
        """As the desk reader shows it."""
        assert isinstance(card.chip, Chip)
        [person] = [each for each in self.residents if each.chip["6FF1"] == chip_file(card.chip, 0x6FF1)]
        return person

    def looked_for(self) -> dict[str, Any]:
        """What a person finds who looks into hopper and trays, and knows which cards are on the list."""
        with self.station.books.transaction() as view:
            known = {row["uid"] for row in view.rows("uncollected")}
            known |= {row["issued"]["uid"] for row in view.rows("records") if row["state"] == "issued"}
            spoiled = sum(view.balances().get("wni", {}).get(name, 0) for name in ("spoiled", "factory-defect"))
        cards = [
            {"nik": self.person_of(card).fields.nik, "uid": card.chip.uid.hex().upper(), "with": "here"}
            for card in good_cards(self.world)
            if isinstance(card.chip, Chip) and card.chip.uid.hex().upper() not in known
        ]
        found: dict[str, Any] = {"counted": [["hopper", "wni", len(self.world.hopper)]], "cards": cards}
        if more := len(spoiled_cards(self.world)) - spoiled:
            found["spoiled"] = {"wni": more}
        return found

    def close_gap(self, **said: Any) -> dict[str, Any]:
        asked = {**self.looked_for(), "reason": "the disk was lost", "second": "yosep", "pin": PIN, **said}
        closed: dict[str, Any] = self.station.execute("gap.close", asked, "test")
        return closed

    def trouble(self) -> list[str]:
        """Everything that books, world and centre do not agree on; a resident with two cards first of all."""
        self.look()
        self.until(lambda: self.station.sync is not None and self.station.sync.state.unsent == 0)
        [row] = status(self.store)
        held = {account: blanks for (sku, account), blanks in row.stock.items() if sku == "wni"}
        found = wrong_cards(good_cards(self.world), self.residents)
        found += [f"alarm {alarm.kind}: {alarm.detail}" for alarm in row.alarms]
        found += [] if Counter(held) == Counter(self.accounts()) else [f"centre {held}, books {self.accounts()}"]
        return found

    def copied_stick(self) -> Path:
        """The mirror as it is now: a stick that was pulled out."""
        self.until(lambda: self.station.status()["mirror"]["behind"] == 0)
        return Path(shutil.copytree(self.stick, self.directory / "pulled"))

    def without_mirror(self) -> Config:
        return replace(self.config, mirror="")
