"""Where every blank is: the equation adds up, and behind each term stand the lots and what was moved."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.accounts import SAID_AS_ZERO, Account, Place, Transfer, equation, post
from kiosk.core.records import Sku
from kiosk.web.screens.holdings import SHOWN
from tests.web.conftest import Kiosk, Visitor
from tests.web.test_roles import PINS, sign_in, staffed

__all__ = ["staffed"]


@given(st.lists(st.tuples(st.sampled_from(Account), st.sampled_from(Account), st.integers(1, 9)), max_size=30))
def test_the_terms_add_up_whatever_was_booked(moves: list[tuple[Account, Account, int]]) -> None:
    held: dict[Place, int] = {}
    for source, target, quantity in moves:
        if source is not target:
            held |= {
                place: held.get(place, 0) + change
                for place, change in (
                    (Place(Sku.WNI, "L", source), -quantity), (Place(Sku.WNI, "L", target), quantity),
                )
            }  # fmt: skip
    received, terms = equation({place.account.value: count for place, count in held.items()})
    assert received == sum(terms.values())
    assert set(SAID_AS_ZERO) <= terms.keys()
    assert Account.SUPPLIER not in terms


def test_what_is_booked_is_what_the_equation_says() -> None:
    moves = [
        Transfer(Sku.WNI, "L", Account.SUPPLIER, Account.VAULT, 9),
        Transfer(Sku.WNI, "L", Account.VAULT, Account.OTHER_OFFICE, 2),
    ]
    held = {place.account.value: count for place, count in post(lambda place: 0, moves).items()}
    received, terms = equation(held)
    assert (received, terms[Account.VAULT], terms[Account.OTHER_OFFICE]) == (9, 7, 2)


def numbers(page: str) -> list[tuple[str, str]]:
    return re.findall(r'<b class="number">([^<]*)</b><span>([^<]*)<', page)


def test_the_equation_leads_to_each_of_its_terms(kiosk: Kiosk, visitor: Visitor) -> None:
    kiosk.office.print_one()
    page = visitor.get("/supplies").text
    shown = {place: number for number, place in numbers(page)}
    assert shown == {
        "diterima": "12", "gudang": "0", "wadah printer": "11", "tercetak": "1", "diserahkan": "0", "rusak": "0",
    }  # fmt: skip
    links = re.findall(r'href="(/supplies/at/[^"]+)"', page)
    assert len(links) == 6
    for link in links:
        assert visitor.get(link.replace("&amp;", "&")).status_code == 200


def test_a_term_shows_its_lots_its_causes_and_who_moved_what(kiosk: Kiosk, visitor: Visitor) -> None:
    stock = kiosk.office.station.stock
    stock.move("op:yosep", "receive", "wni", 1200, "BAST-470/2026")
    stock.move("op:maria", "spoil", "wni", 2, source="hopper", cause="damaged")
    vault = visitor.get("/supplies/at/vault").text
    assert "BAST-470/2026" in vault
    assert re.search(r"\+1\.200</b>\s*<span>Terima blangko", vault)
    assert "Yosep Bria" in vault
    spoiled = visitor.get("/supplies/at/spoiled").text
    assert re.search(r'rusak fisik <b class="number">2</b>', spoiled)
    assert "Maria Taek" in spoiled
    hopper = visitor.get("/supplies/at/hopper").text
    assert re.search(r"-2</b>\s*<span>Catat rusak \(rusak fisik\)", hopper)
    lot = visitor.get("/supplies/lot?sku=wni&lot=BAST-470/2026").text
    assert re.search(r'gudang</span><b class="number">1\.200', lot)
    supplier = visitor.get("/supplies/at/supplier").text
    assert re.search(r'BAST-470/2026</span><b class="number">1\.200', supplier)


def test_the_history_is_paged_and_nothing_is_left_out(kiosk: Kiosk, visitor: Visitor) -> None:
    for number in range(SHOWN + 3):
        kiosk.office.station.stock.move("op:yosep", "receive", "wna", number + 1, f"B-{number}")
    seen: list[str] = []
    link = "/supplies/at/vault?sku=wna"
    while link:
        page = visitor.get(link).text
        seen += re.findall(r"vault|\+(\d+)</b>", page.partition('class="rows')[2])
        older = re.search(r'href="([^"]+)">Lebih lama', page)
        link = older[1].replace("&amp;", "&") if older else ""
    assert [int(each) for each in seen if each] == list(range(SHOWN + 3, 0, -1))


@pytest.mark.parametrize("path", ["/supplies/at/nowhere", "/supplies/at/vault?sku=gold", "/supplies/lot?lot=none"])
def test_what_is_not_there_is_said(reader: Visitor, path: str) -> None:
    assert reader.get(path).status_code == 404


def test_who_sees_no_people_sees_the_blanks(staffed: Kiosk) -> None:
    name = staffed.office.residents[0].fields.nama
    staffed.office.print_one()
    auditor = sign_in(staffed, "umi")
    page = auditor.get("/supplies/at/printed").text
    assert "BAST-1" in page
    assert name not in page
    assert 'href="/printed"' not in page
    auditor.leave()
    assert PINS
