"""A shift opens once, is counted blindly, and closes once, with its slip, in one frame."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.books import CHECKPOINTS, Books
from kiosk.core.slip import as_text
from kiosk.crypto.checkpoint import verify_checkpoint
from kiosk.crypto.jose import SignatureError
from kiosk.crypto.keys import generate_signing
from kiosk.errors import Rejected, UsageError
from kiosk.journal import checkpoints, scan
from kiosk.journal.anchors import held_against
from kiosk.journal.segments import segment_path
from kiosk.people import Role
from tests.office import Office
from tests.staff.people import PINS, House
from tests.station.test_in_doubt import stop_in_doubt

SKUS = ("wni", "wna")
PLACES = ("shift", "hopper", "bench")
SECOND = {"second": "yosep", "pin": PINS["yosep"]}


@pytest.fixture
def shop(house: House) -> House:
    """100 blanks: 60 in the vault, 10 in the shift, 30 in the hopper."""
    house.ask("stock.move", movement="receive", sku="wni", quantity=100, document="BAST-1")
    house.ask("stock.move", movement="release", sku="wni", quantity=40)
    house.ask("stock.move", movement="load", sku="wni", quantity=30)
    return house


def count(house: House, who: str = "maria", **differs: int) -> dict[str, Any]:
    """What is there, but for `differs`: place -> blanks of wni."""
    there = {"shift": 10, "hopper": 30, "bench": 0} | differs
    rows = [[place, sku, there[place] if sku == "wni" else 0] for place in PLACES for sku in SKUS]
    found: dict[str, Any] = house.ask("shift.count", who, counted=rows)
    return found


def refused(reason: str, action: Callable[[], object]) -> str:
    with pytest.raises(Rejected) as caught:
        action()
    assert caught.value.reason == reason, caught.value
    return str(caught.value)


# Opening.


def test_it_takes_over_what_its_places_hold(shop: House) -> None:
    found = shop.ask("shift.open", "maria")
    assert found["shift"] == "S0001"
    assert {(place, sku): blanks for place, sku, blanks in found["opening"] if blanks} == {
        ("shift", "wni"): 10, ("hopper", "wni"): 30,
    }  # fmt: skip
    assert len(found["opening"]) == 8, "zeros are written"
    assert [(row["shift"], row["by"]) for row in shop.frames("shift-opened")] == [("S0001", "op:maria")]
    assert "S0001 of op:maria is open" in refused("shift-open", lambda: shop.ask("shift.open", "rosa"))


def test_it_says_what_was_moved_while_none_was_open(shop: House) -> None:
    shop.ask("shift.open", "maria")
    count(shop)
    shop.ask("shift.close", "maria")
    shop.ask("stock.move", movement="spoil", sku="wni", quantity=3, source="hopper", cause="damaged")
    found = shop.ask("shift.open", "rosa")
    assert (found["shift"], found["moved_since"]) == ("S0002", [["hopper", "wni", -3]])


# Counting.


def test_the_count_is_blind(shop: House) -> None:
    """No answer before the close tells a figure, or whether it agrees."""
    shop.ask("shift.open", "maria")
    answers = [count(shop, hopper=29), count(shop, hopper=31), count(shop), shop.ask("shift.show", "maria")]
    assert [answer["left"] for answer in answers] == [[], [], [], []]
    assert {name for answer in answers[:3] for name in answer} == {"shift", "left"}
    assert answers[3].keys() == {"shift", "by", "since", "left"}
    count(shop, hopper=29)
    told = refused("count-differs", lambda: shop.ask("shift.close", "maria"))
    assert "hopper of wni" in told
    assert not re.search(r"\d", told)
    assert len(shop.frames("shift-counted")) == 4, "and each is on record"


def test_it_is_counted_place_by_place_and_again_where_something_moved(shop: House) -> None:
    shop.ask("shift.open", "maria")
    left = shop.ask("shift.count", "maria", counted=[["bench", "wni", 0], ["shift", "wni", 10]])["left"]
    assert len(left) == 4
    assert "hopper of wni" in refused("not-counted", lambda: shop.ask("shift.close", "maria"))
    count(shop)
    shop.ask("stock.move", "maria", movement="load", sku="wni", quantity=1)
    assert shop.ask("shift.show", "maria")["left"] == [["shift", "wni"], ["hopper", "wni"]]
    refused("not-counted", lambda: shop.ask("shift.close", "maria"))


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [["vault", "wni", 60]],
        [["in-machine", "wni", 0]],
        [["hopper", "wni", -1]],
        [["hopper", "wni", 1], ["hopper", "wni", 2]],
        [["hopper", "blue", 1]],
        [["hopper", "wni", "30"]],
        "hopper",
    ],
)
def test_what_is_no_count_is_refused(shop: House, rows: Any) -> None:
    shop.ask("shift.open", "maria")
    before = shop.books.seq
    with pytest.raises(UsageError):
        shop.ask("shift.count", "maria", counted=rows)
    assert shop.books.seq == before


# Closing.


def test_it_closes_with_its_equation_and_nobody_else_where_all_agrees(shop: House) -> None:
    shop.ask("shift.open", "maria")
    shop.ask("stock.move", movement="release", sku="wni", quantity=5)
    shop.ask("stock.move", "maria", movement="spoil", sku="wni", quantity=2, source="shift", cause="damaged")
    shop.ask("stock.move", "maria", movement="return", sku="wni", quantity=1)
    count(shop, shift=12)
    slip = shop.ask("shift.close", "maria")
    assert {name: blanks for name, blanks in slip["equation"]["wni"].items() if blanks} == {
        "opening": 40, "received": 5, "spoiled": 2, "returned": 1, "closing": 42,
    }  # fmt: skip
    assert set(slip["equation"]["wna"].values()) == {0}
    assert (slip["reason"], slip["approved"], slip["counts"]) == ("", "", 1)
    assert shop.ask("shift.show", "umi") == slip
    refused("shift-not-open", lambda: shop.ask("shift.close", "maria"))
    refused("shift-not-open", lambda: count(shop))
    refused("shift-missing", lambda: shop.ask("shift.show", "maria", shift="S0009"))


def test_a_difference_is_booked_with_a_reason_and_somebody_else(shop: House) -> None:
    shop.ask("shift.open", "maria")
    count(shop, hopper=28, bench=1)
    for said in ({}, {"reason": "lost"}, SECOND):
        refused("count-differs", lambda said=said: shop.ask("shift.close", "maria", **said))  # type: ignore[misc]
    alone = {"reason": "lost", "second": "maria", "pin": PINS["maria"]}
    refused("approval-refused", lambda: shop.ask("shift.close", "maria", **alone))
    before = shop.books.seq
    slip = shop.ask("shift.close", "maria", reason="two fell behind the machine, one was found", **SECOND)
    assert shop.books.seq == before + 1, "one frame"
    assert slip["approved"] == "op:yosep"
    row = slip["equation"]["wni"]
    assert (row["missing"], row["found"], row["closing"]) == (2, 1, 39)
    with shop.books.transaction() as view:
        assert view.balances()["wni"] == {
            "supplier": -100, "vault": 60, "shift": 10, "hopper": 28, "bench": 1, "count-adjustment": 1,
        }  # fmt: skip


def test_a_supervisor_who_closes_needs_another_one(shop: House) -> None:
    shop.ask("shift.open", "yosep")
    count(shop, "yosep", hopper=29)
    refused("approval-by-self", lambda: shop.ask("shift.close", "yosep", reason="x", **SECOND))
    agnes = {"second": "agnes", "pin": PINS["agnes"]}
    assert shop.ask("shift.close", "yosep", reason="x", **agnes)["approved"] == "op:agnes"


def test_it_is_closed_by_who_opened_it_or_a_supervisor(shop: House) -> None:
    shop.ask("shift.open", "maria")
    count(shop)
    refused("shift-of-other", lambda: shop.ask("shift.close", "rosa"))
    assert shop.ask("shift.close", "agnes")["closed_by"] == "op:agnes"


def test_the_pin_is_given_with_the_close(shop: House) -> None:
    shop.ask("shift.open", "maria")
    count(shop)
    refused("pin-wrong", lambda: shop.ask("shift.close", "maria", "999999"))
    refused("not-permitted", lambda: shop.ask("shift.close"))


# The slip.


def test_its_checkpoint_holds_against_the_journal_and_no_other(shop: House) -> None:
    shop.ask("shift.open", "maria")
    count(shop)
    slip = shop.ask("shift.close", "maria")
    shop.ask("stock.move", movement="release", sku="wni", quantity=1)
    said = verify_checkpoint(slip["checkpoint"], [shop.key])
    assert (said.position.seq, said.position.head) == (slip["seq"], slip["head"])
    assert said.balances["wni"]["hopper"] == 30
    journal = shop.data / "journal"
    anchors = list(checkpoints.every(shop.data / CHECKPOINTS, checkpoints.genesis_of(journal).data))
    assert [anchor.seq for anchor in anchors] == [slip["seq"]]
    assert list(held_against(scan(journal), anchors))
    with pytest.raises(SignatureError):
        verify_checkpoint(slip["checkpoint"], [generate_signing()])
    assert len(slip["checkpoint"]) < 1_000, "a QR code of version 22 at level M, 105 modules"


def test_the_slip_of_a_closed_shift_is_shown_again(shop: House) -> None:
    shop.ask("shift.open", "maria")
    count(shop)
    slip = shop.ask("shift.close", "maria")
    shop.ask("shift.open", "rosa")
    shop.close()
    shop.open()
    assert shop.ask("shift.show", "rosa", shift="S0001") == slip
    assert shop.ask("shift.show", "rosa")["shift"] == "S0002"


def test_where_the_disk_refuses_the_checkpoint_the_shift_is_closed_all_the_same(shop: House) -> None:
    shop.ask("shift.open", "maria")
    count(shop)
    (shop.data / CHECKPOINTS).write_bytes(b"")
    slip = shop.ask("shift.close", "maria")
    assert slip["checkpoint"] is None
    (shop.data / CHECKPOINTS).unlink()
    later = shop.ask("shift.show", "maria", shift="S0001")["checkpoint"]
    assert verify_checkpoint(later, [shop.key]).position.seq >= slip["seq"]


def test_the_slip_is_a_paper(shop: House) -> None:
    shop.ask("shift.open", "maria")
    count(shop, hopper=29)
    text = as_text(shop.ask("shift.close", "maria", reason="one is lost", **SECOND), lambda ms: "25-11-2026 16.00")
    assert "SHIFT S0001   k" in text
    assert re.search(r"^- missing +1 +0$", text, re.MULTILINE)
    assert re.search(r"^- mobile-unit +0 +0$", text, re.MULTILINE)
    assert "approved by op:yosep" in text
    assert all(len(line) <= 48 for line in text.splitlines() if not line.startswith(("head", "checkpoint")))


# What a crash or another program leaves.


def test_a_crash_in_the_close_leaves_it_open_with_its_counts(shop: House) -> None:
    """Every cut of the journal: it is closed with all of it, or open with what was counted."""
    shop.ask("shift.open", "maria")
    count(shop, hopper=29)
    shop.ask("shift.close", "maria", reason="one is lost", **SECOND)
    shop.close()
    path = segment_path(shop.data / "journal", 1)
    (shop.data / CHECKPOINTS).rename(shop.data / "elsewhere")  # it would tell that the end is gone
    path.write_bytes(path.read_bytes()[:-40])
    shop.open()
    assert shop.ask("shift.show", "maria")["left"] == []
    with shop.books.transaction() as view:
        assert "count-adjustment" not in view.balances()["wni"]
    assert shop.ask("shift.close", "maria", reason="one is lost", **SECOND)["shift"] == "S0001"


FORGED: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("another shift", lambda body: body.update(shift="S0002")),
    ("a count that was not made", lambda body: body["counted"][0].__setitem__(2, 11)),
    ("a place left out", lambda body: body["counted"].pop()),
    ("other books", lambda body: body["counted"][1].__setitem__(3, 29)),
    ("no move", lambda body: body.update(moves=[])),
    ("a move too many", lambda body: body["moves"].append(["wni", "BAST-1", "shift", "count-adjustment", 1])),
    ("no reason", lambda body: body.pop("reason")),
    ("nobody else", lambda body: body.pop("approved")),
    ("oneself", lambda body: body.update(approved="op:maria")),
    ("an equation", lambda body: body["equation"]["wni"].__setitem__("printed", 1)),
    ("to spoiled", lambda body: body["moves"][0].__setitem__(3, "spoiled")),
]


@pytest.mark.parametrize(("what", "change"), FORGED, ids=[what for what, _ in FORGED])
def test_a_frame_that_closes_otherwise_is_refused(
    shop: House, what: str, change: Callable[[dict[str, Any]], object]
) -> None:
    shop.ask("shift.open", "maria")
    count(shop, hopper=29)
    commit, taken = shop.books.commit, []

    def forged(kind: str, data: dict[str, Any], by: str) -> Any:
        body = dict(data)
        if kind == "shift-closed":
            change(body)
            taken.append(kind)
        return commit(kind, body, by)

    shop.books.commit = forged  # type: ignore[method-assign]
    refused("not-possible-now", lambda: shop.ask("shift.close", "maria", reason="one is lost", **SECOND))
    assert taken == ["shift-closed"]


def test_a_frame_that_opens_otherwise_is_refused(shop: House) -> None:
    opening = [[place, sku, 0] for sku in SKUS for place in (*PLACES, "in-machine")]
    refused(
        "not-possible-now", lambda: shop.books.commit("shift-opened", {"shift": "S0001", "opening": opening}, "x")
    )
    refused("not-possible-now", lambda: shop.books.commit("shift-opened", {"shift": "S0007", "opening": []}, "x"))
    refused("not-possible-now", lambda: shop.books.commit("shift-counted", {"shift": "S1", "counted": []}, "x"))


# On a whole station.


@pytest.fixture
def clerk(office: Office) -> Office:
    for ident, role in (("maria", Role.OPERATOR), ("yosep", Role.SUPERVISOR)):
        office.station.staff._people.add(ident, ident.title(), role, PINS[ident])
    office.station.shifts.open("op:maria")
    return office


def counted(office: Office, hopper: int) -> None:
    rows: list[list[str | int]] = [
        [place, sku, hopper if (place, sku) == ("hopper", "wni") else 0] for place in PLACES for sku in SKUS
    ]
    office.station.shifts.count("op:maria", rows)


def test_what_was_printed_is_in_the_equation(clerk: Office) -> None:
    clerk.print_one()
    counted(clerk, 11)
    slip = clerk.station.shifts.close("op:maria")
    assert (slip["equation"]["wni"]["printed"], slip["equation"]["wni"]["closing"]) == (1, 11)
    assert clerk.station.status()["shift"] is None


def test_a_card_in_doubt_keeps_it_open(clerk: Office) -> None:
    job = stop_in_doubt(clerk, "feed")
    told = refused("card-in-path", lambda: clerk.station.shifts.close("op:maria"))
    assert f"the card of job {job}" in told
    assert "is unresolved" in told


def test_where_a_shift_is_required_nothing_is_printed_without(office: Office) -> None:
    office.bring_records(2)
    office.station.shifts.required = True
    refused("shift-not-open", lambda: office.station.desk.run_jobs("test"))
    office.station.shifts.open("op:maria")
    [job] = office.station.desk.run_jobs("test")
    office.until(lambda: office.state(job) == "completed")


def test_jobs_that_wait_when_it_closes_wait_for_the_next(office: Office) -> None:
    office.station.shifts.required = True
    assert str(office.station.shifts.barred()).startswith("no shift is open")
    office.station.shifts.open("op:maria")
    assert office.station.shifts.barred() is None


def test_without_one_it_is_told(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.print_one()
    assert "while no shift is open" in caplog.text
    assert office.station.status()["shift"] is None


def test_books_without_the_key_sign_nothing(tmp_path: Path) -> None:
    house = House(tmp_path, "maria")
    house.close()
    books = Books.open(tmp_path, 1 << 20, "test")
    with pytest.raises(ValueError, match="key"):
        books.checkpoint()
    books.close()


# Opened by a count.


def test_what_is_counted_at_the_opening_is_booked_before_it(shop: House) -> None:
    there = [[place, sku, {"shift": 9, "hopper": 30}.get(place, 0) if sku == "wni" else 0]
             for place in PLACES for sku in SKUS]  # fmt: skip
    assert "shift of wni" in refused("count-differs", lambda: shop.ask("shift.open", "maria", counted=there))
    with pytest.raises(UsageError):
        shop.ask("shift.open", "maria", counted=there[1:])
    assert (shop.frames("shift-opened"), shop.shifts.current) == ([], None)
    found = shop.ask("shift.open", "maria", counted=there, reason="one is gone", **SECOND)
    assert {(place, sku): blanks for place, sku, blanks in found["opening"] if blanks} == {
        ("shift", "wni"): 9, ("hopper", "wni"): 30,
    }  # fmt: skip
    refused("shift-open", lambda: shop.ask("shift.open", "rosa", counted=there))
    assert sum(row.get("movement") == "count" for row in shop.frames("stock")) == 1, "nothing is counted in vain"


def test_what_is_said_of_another_shift_touches_none(shop: House) -> None:
    shop.ask("shift.open", "maria")
    count(shop)
    refused("shift-over", lambda: shop.ask("shift.count", "maria", counted=[["bench", "wni", 0]], shift="S0002"))
    refused("shift-over", lambda: shop.ask("shift.close", "maria", shift="S0002"))
    assert shop.ask("shift.close", "maria", shift="S0001")["shift"] == "S0001"
