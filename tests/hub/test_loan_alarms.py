"""A loan from one station to another, as both ship it: up to the alarm at the centre, and until the books agree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.crypto import keys
from kiosk.crypto.checkpoint import Checkpoint, sign_checkpoint
from kiosk.errors import UsageError
from kiosk.hub import alarms, stations
from kiosk.hub.alarms import Alarm
from kiosk.hub.delivery import deliver
from kiosk.hub.lending import DAY_MS, OPEN_DAYS
from kiosk.hub.store import Store
from tests.sync.centre import Journal

LENDER, BORROWER = "alor-01", "belu-01"
LENT_MS = 20_000 * DAY_MS
SOON, LATE = LENT_MS + DAY_MS, LENT_MS + OPEN_DAYS * DAY_MS + 1


class Centre:
    """Two stations and what is open at the centre; `book` is shipped at once, as over a link."""

    def __init__(self, directory: Path, database: str) -> None:
        self.store = Store.open(directory, database)
        self.journals = {name: self._enrolled(name) for name in (LENDER, BORROWER)}
        self.book(LENDER, "receive", "L1", "", ["wni", "L1", "supplier", "vault", 500])

    def _enrolled(self, name: str) -> Journal:
        key, code = keys.generate_signing(), stations.add_station(self.store, name)
        stations.enrol(self.store, name, code, key, keys.generate_encryption(), 0)
        return Journal(name, key)

    def book(self, station: str, movement: str, document: str, office: str, move: list[str | int]) -> int:
        """The number of the frame."""
        told = {"movement": movement, "document": document, "office": office, "moves": [move]}
        return self.ship(station, told)

    def ship(self, station: str, told: dict[str, object]) -> int:
        journal = self.journals[station]
        journal.append("stock", told, LENT_MS)
        lines, through, _ = journal.frames_after(0, 1 << 20)
        deliver(self.store, station, lines, signed(journal), LENT_MS)
        return through

    def lend(self, quantity: int = 200) -> int:
        return self.book(LENDER, "loan-out", "BA-1", BORROWER, ["wni", "L1", "vault", "other-office", quantity])

    def take(self, quantity: int, sku: str = "wni") -> int:
        return self.book(BORROWER, "loan-in", "BA-1", LENDER, [sku, "BA-1", "other-office", "vault", quantity])

    def undo_taking(self, entry: int, quantity: int) -> None:
        back = ["wni", "BA-1", "vault", "other-office", quantity]
        self.ship(BORROWER, {"movement": "reverse", "reverses": entry, "reason": "counted again", "moves": [back]})

    def open(self, now_ms: int) -> list[Alarm]:
        with self.store.snapshot() as connection:
            return [alarm for alarm in alarms.read(connection, now_ms) if alarm.is_open]

    def told(self, now_ms: int) -> list[tuple[str, str]]:
        return [(alarm.station, alarm.kind) for alarm in self.open(now_ms)]


def signed(journal: Journal) -> str:
    """The journal's own checkpoint, without balances: they are another test's."""
    return sign_checkpoint(Checkpoint(journal.position()), journal.key)


@pytest.fixture
def centre(tmp_path: Path, database: str) -> Iterator[Centre]:
    made = Centre(tmp_path, database)
    yield made
    made.store.close()


def test_books_that_disagree_are_alarmed_until_they_agree(centre: Centre) -> None:
    centre.lend(200)
    assert centre.told(SOON) == []
    entry = centre.take(190)
    [alarm] = centre.open(SOON)
    assert (alarm.station, alarm.kind) == (LENDER, "loan-quantity")
    assert alarm.detail == "BA-1: alor-01 lent 200 wni, belu-01 took 190 wni"
    centre.undo_taking(entry, 190)
    assert centre.told(SOON) == []  # the borrower's side is open again, and has its days
    assert centre.told(LATE) == [(LENDER, "loan-open")]
    centre.take(200)
    assert centre.told(SOON) == centre.told(LATE) == []


def test_what_never_arrives_is_alarmed_when_its_days_are_over(centre: Centre) -> None:
    centre.lend()
    assert centre.told(LATE - 1) == []
    [alarm] = centre.open(LATE)
    assert (alarm.station, alarm.kind) == (LENDER, "loan-open")
    assert alarm.detail == "BA-1: alor-01 lent 200 wni, belu-01 took nothing yet"
    centre.take(200)
    assert centre.told(LATE) == []


def test_what_was_taken_and_never_lent_is_the_borrowers(centre: Centre) -> None:
    centre.take(200)
    assert centre.told(LATE - 1) == []
    assert centre.told(LATE) == [(BORROWER, "loan-open")]
    centre.lend()
    assert centre.told(LATE) == []


def test_a_person_who_clears_it_clears_this_one_and_no_other(centre: Centre) -> None:
    """The books still disagree; when they do so in another way, that is another alarm."""
    centre.lend()
    entry = centre.take(190)
    [alarm] = centre.open(SOON)
    alarms.clear(centre.store, alarm.id, "yosep", "ten were wet", SOON)
    assert centre.told(SOON) == []
    with pytest.raises(UsageError, match="no open alarm"):
        alarms.clear(centre.store, alarm.id, "yosep", "again", SOON)
    centre.undo_taking(entry, 190)
    centre.take(180)
    assert [each.detail[-8:] for each in centre.open(SOON)] == [" 180 wni"]
    centre.undo_taking(entry + 2, 180)
    centre.take(200)
    with centre.store.snapshot() as connection:
        assert alarms.read(connection, LATE) == []
