"""`keping stock` as a person meets it: paper, cause, second person, count, counter-entry."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from kiosk.people import People, Role
from tests.office import Office

PIN = "135791"
SECOND = ("--second", "yosep", "--pin", PIN)
TEN = ("--sku", "wni", "--qty", "10")


@pytest.fixture
def shop(office: Office) -> Office:
    """An office whose people are known and whose hopper was emptied into the vault: 12 blanks."""
    People(office.data).add("yosep", "Yosep Bria", Role.SUPERVISOR, PIN)
    People(office.data).add("maria", "Maria Taek", Role.OPERATOR, "246810")
    for movement in ("unload", "return"):
        office.station.stock.move("test", movement, "wni", 12)
    return office


def stock(office: Office, *words: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["--data", str(office.data), "stock", *words], input=typed)


def answer(office: Office, *words: str) -> Any:
    result = stock(office, *words, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_blanks_to_another_office_and_blanks_from_one(shop: Office) -> None:
    paper = ("--document", "BA-1", "--office", "Kab. Kupang")
    assert answer(shop, "loan", "out", *TEN, *paper, *SECOND) == [["wni", "BAST-1", "vault", "other-office", 10]]
    assert answer(shop, "loan", "in", *TEN, *paper) == [["wni", "BA-1", "other-office", "vault", 10]]
    assert shop.frames()[-2].data["approved"] == "op:yosep"
    assert shop.frames()[-2].data["office"] == "Kab. Kupang"


HALF_SAID = [
    ("receive", *TEN),
    ("spoil", *TEN, "--from", "vault"),
    ("spoil", *TEN, "--cause", "damaged"),
    ("spoil", *TEN, "--from", "printed", "--cause", "damaged"),
    ("defect", *TEN, "--from", "vault", "--cause", "damaged"),
    ("loan", "out", *TEN, "--document", "BA-1", *SECOND),
    ("destroy", *TEN, "--from", "spoiled", "--document", "BA-1", "--method", "burned", *SECOND),
    ("mobile", "out", *TEN),
    ("count", "vault=3"),
    ("count", "vault/wni=-3"),
    ("count", "vault/wni=x"),
    ("count",),
    ("reverse", "1"),
]


def test_what_is_not_said_in_full_is_exit_2(shop: Office) -> None:
    before = len(shop.frames())
    for words in HALF_SAID:
        assert stock(shop, *words).exit_code == 2, words
    assert len(shop.frames()) == before


def test_spoiled_blanks_are_destroyed_before_witnesses(shop: Office) -> None:
    answer(shop, "spoil", *TEN, "--from", "vault", "--cause", "damaged")
    how = ("--document", "BA-3", "--witnesses", "Satpol PP, Inspektorat", "--method", "cut and burned")
    alone = stock(shop, "destroy", *TEN, "--from", "spoiled", *how)
    assert (alone.exit_code, alone.stderr) == (1, "keping: a supervisor must approve\n")
    assert stock(shop, "destroy", *TEN, "--from", "spoiled", *how, *SECOND).exit_code == 0
    assert shop.accounts()["destroyed"] == 10


@pytest.mark.parametrize(
    ("second", "pin"), [("yosep", "999991"), ("maria", "246810"), ("nobody", PIN)], ids=["pin", "role", "unknown"]
)
def test_the_second_person_is_a_supervisor_with_their_pin(shop: Office, second: str, pin: str) -> None:
    refused = stock(shop, "count", "vault/wni=11", "--reason", "x", "--second", second, "--pin", pin)
    assert refused.exit_code == 1
    assert "no supervisor with that PIN" in refused.stderr


def test_the_pin_is_asked_for(shop: Office) -> None:
    done = stock(shop, "count", "vault/wni=11", "--reason", "one is gone", "--second", "yosep", typed=f"{PIN}\n")
    assert done.exit_code == 0, done.stderr
    assert PIN not in done.stdout
    assert "vault  wni  -1" in done.stdout
    assert PIN not in str(shop.frames()[-1].data)


def test_a_count_that_agrees_needs_nobody(shop: Office) -> None:
    assert answer(shop, "count", "vault/wni=12", "hopper/wni=0") == {"differences": [], "moves": []}
    assert stock(shop, "count", "vault/wni=11").exit_code == 1


def test_a_slip_is_found_in_the_list_and_reversed(shop: Office) -> None:
    answer(shop, "release", *TEN)
    [entry, *_] = answer(shop, "list")
    assert (entry["movement"], entry["reversed"]) == ("release", None)
    moved = answer(shop, "reverse", str(entry["seq"]), "--reason", "it was one", *SECOND)
    assert moved == [["wni", "BAST-1", "shift", "vault", 10]]
    assert answer(shop, "list")[0]["reversed"] == entry["seq"] + 1
    again = stock(shop, "reverse", str(entry["seq"]), "--reason", "it was one", *SECOND)
    assert (again.exit_code, "was reversed" in again.stderr) == (1, True)
    assert f"{entry['seq']}" in stock(shop, "list").stdout
    assert shop.accounts() == {"supplier": -12, "vault": 12}


def test_nobody_is_their_own_second(shop: Office) -> None:
    arguments = {"entry": 2, "reason": "x", "second": "yosep", "pin": PIN}
    for by in ("op:yosep", "cli:yosep"):
        with pytest.raises(Exception, match="another person must approve"):
            shop.station.execute("stock.reverse", arguments, by)
