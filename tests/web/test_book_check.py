"""Periksa buku sekarang: everything is read again beside the work, and what is wrong is said in red."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kiosk.core.frames import Frame
from kiosk.journal.segments import list_segments
from kiosk.people import Role
from tests.web.conftest import OTHER_PIN, Kiosk, Visitor
from tests.web.test_roles import PINS
from tests.web.test_stock_forms import send


@pytest.fixture
def umi(kiosk: Kiosk) -> Iterator[Visitor]:
    """The auditor."""
    kiosk.house.people.add("umi", "Umi Kale", Role.AUDITOR, PINS["umi"])
    somebody = Visitor(kiosk.url)
    assert somebody.sign_in("umi", PINS["umi"]).status_code == 303
    yield somebody
    somebody.leave()


def checked(kiosk: Kiosk, visitor: Visitor) -> str:
    assert send(visitor, "/books").headers["Location"] == "/books"
    thread = kiosk.house.book_check._thread
    assert thread
    thread.join()
    return visitor.get("/books").text


def test_an_auditor_and_a_supervisor_find_it_and_the_books_whole(
    kiosk: Kiosk, visitor: Visitor, umi: Visitor
) -> None:
    kiosk.office.print_one()
    yosep = Visitor(kiosk.url)
    yosep.sign_in("yosep", OTHER_PIN)
    for somebody in (umi, yosep):
        assert 'href="/books"' in somebody.get("/supplies").text
        page = checked(kiosk, somebody)
        assert f"Buku utuh: {kiosk.office.station.books.seq} catatan" in page
        assert "Saldo di layar sama dengan hitungan ulang" in page
    assert (visitor.get("/books").status_code, 'href="/books"' in visitor.get("/supplies").text) == (403, False)
    yosep.leave()


def test_what_was_changed_on_the_medium_is_found(kiosk: Kiosk, umi: Visitor) -> None:
    path = list_segments(kiosk.office.data / "journal")[0].path
    stored = path.read_bytes()
    at = stored.index(b'"quantity"') if b'"quantity"' in stored else stored.index(b"BAST-1")
    with path.open("r+b") as file:
        file.seek(at + 5)
        file.write(b"9")
    page = checked(kiosk, umi)
    assert ("Buku stasiun rusak" in page, "Buku utuh" in page) == (True, False)
    assert path.name in page


def test_a_screen_that_shows_other_balances_is_found_out(kiosk: Kiosk, umi: Visitor) -> None:
    with kiosk.office.station.books.look() as view:
        row: Any = next(iter(view.rows("balances")))
        row["quantity"] += 1
    page = checked(kiosk, umi)
    assert "Saldo di layar berbeda dari hitungan ulang" in page
    assert "sama dengan hitungan ulang" not in page


def test_work_goes_on_meanwhile_and_a_second_tap_begins_nothing(
    kiosk: Kiosk, umi: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go_on = threading.Event(), threading.Event()
    check = kiosk.house.book_check

    def held(data: Any, seen: Any) -> Any:
        from kiosk.verification import verify

        def look(frame: Frame) -> None:
            seen(frame)
            reached.set()
            go_on.wait()

        return verify(data, seen=look)

    monkeypatch.setattr("kiosk.web.book_check.verify", held)
    send(umi, "/books")
    assert reached.wait(60)
    first = check._thread
    send(umi, "/books")
    assert check._thread is first
    assert "Buku sedang diperiksa" in umi.get("/books").text
    kiosk.office.print_one()
    go_on.set()
    assert first
    first.join()
    page = umi.get("/books").text
    assert "Buku utuh" in page
    assert "berbeda dari hitungan ulang" not in page


def test_it_ends_with_the_station(kiosk: Kiosk, umi: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.web.book_check.REST_FRAMES", 1)
    kiosk.house.book_check._leaving.set()
    send(umi, "/books")
    thread = kiosk.house.book_check._thread
    assert thread
    thread.join()
    latest = kiosk.house.book_check.latest
    assert latest
    assert (latest.ended, latest.found, latest.damage) == (False, None, "")
