"""Movements of blanks that would make the books say what cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.errors import Rejected, UsageError
from tests.office import Office


def test_a_receipt_that_is_tapped_twice_counts_once(office: Office) -> None:
    with pytest.raises(Rejected, match="BAST-1 was received already"):
        office.station.stock.move("test", "receive", "wni", 12, " BAST-1 ")
    assert office.accounts()["supplier"] == -12
    office.station.stock.move("test", "receive", "wna", 5, "BAST-1")  # one paper may bring both kinds
    office.station.stock.move("test", "receive", "wni", 12, "BAST-2")
    assert office.accounts()["supplier"] == -24


def test_the_hopper_takes_one_kind_at_a_time(office: Office) -> None:
    """The printer draws from one stack: with two kinds in it, a card may come out on the wrong blank."""
    stock = office.station.stock
    for movement in ("receive", "release"):
        stock.move("test", movement, "wna", 5, "BAST-2")
    with pytest.raises(Rejected, match="hopper holds wni blanks"):
        stock.move("test", "load", "wna", 5)
    stock.move("test", "unload", "wni", 12)
    stock.move("test", "load", "wna", 5)
    with pytest.raises(Rejected, match="hopper holds wna blanks"):
        stock.move("test", "load", "wni", 12)


@pytest.mark.parametrize(
    ("quantity", "document"),
    [
        (0, "B"),
        (-1, "B"),
        (True, "B"),
        (1.0, "B"),
        (10**30, "B"),
        (1, ""),
        (1, "\udcff"),
        (1, "a\nb"),
        (1, "B" * 65),
        (1, 5),
    ],
)
def test_what_no_paper_says_is_refused_before_it_is_written(office: Office, quantity: Any, document: Any) -> None:
    before = len(office.frames())
    with pytest.raises(UsageError):
        office.station.stock.move("test", "receive", "wni", quantity, document)
    assert len(office.frames()) == before


def test_a_job_takes_a_blank_of_the_oldest_lot_whatever_its_name(office: Office) -> None:
    for movement in ("receive", "release", "load"):
        office.station.stock.move("test", movement, "wni", 3, "A-OLD-LOOKING-NAME")
    office.bring_records(1)
    [job] = office.station.desk.run_jobs("test")
    office.until(lambda: office.state(job) == "completed")
    assert office.station.stock.move("test", "unload", "wni", 11) == [["wni", "BAST-1", "hopper", "shift", 11]]
