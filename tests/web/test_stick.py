"""The stick by touch: one tap writes, one tap reads what came back, and nothing is lost in between."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.people import Role
from kiosk.sticks import Work, mounted
from kiosk.sync import packing
from tests.office_centre import Centre
from tests.web.conftest import Kiosk, Visitor


@pytest.fixture
def centre(kiosk: Kiosk, tmp_path: Path) -> Iterator[Centre]:
    made = Centre(kiosk.office, tmp_path / "hub")
    yield made
    made.store.close()


def tap(kiosk: Kiosk, visitor: Visitor, verb: str, place: Path) -> str:
    """The page when the work has ended."""
    sticks = kiosk.office.station.sticks
    answer = visitor.post("/outbox/stick", visitor.form(verb=verb, place=str(place)))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/outbox")
    assert sticks._turn.acquire(timeout=120)
    sticks._turn.release()
    return visitor.get("/outbox").text


def test_without_a_stick_the_page_says_what_to_do(kiosk: Kiosk, visitor: Visitor) -> None:
    kiosk.office.station.sticks.offered = ["/nowhere/*"]
    assert "Tancapkan stik USB" in visitor.get("/outbox").text
    kiosk.office.station.sticks.offered = []
    assert "stik" not in visitor.get("/outbox").text


def test_a_directory_in_which_nothing_is_mounted_is_not_offered(kiosk: Kiosk, visitor: Visitor, stick: Path) -> None:
    assert "KANTOR" in visitor.get("/outbox").text
    kiosk.office.station.sticks.look = mounted
    assert "KANTOR" not in visitor.get("/outbox").text


def test_a_whole_trip(kiosk: Kiosk, visitor: Visitor, centre: Centre, stick: Path) -> None:
    kiosk.office.print_one()
    centre.issue(4)  # the first is the one that was printed
    last = f"{kiosk.office.station.books.seq:,}".replace(",", ".")
    written = tap(kiosk, visitor, "export", stick)
    assert "Stik siap dibawa" in written
    assert f"Catatan 1 sampai {last} ada di stik" in written
    centre.visit(stick)
    read = tap(kiosk, visitor, "import", stick)
    assert "Stik sudah dibaca" in read
    assert f"Pusat mengakui catatan sampai nomor {last}. Data kartu baru: 3." in read
    with kiosk.office.station.books.transaction() as view:
        assert view.count("records", state="waiting") == 3


def test_a_stick_that_is_pulled_is_one_clear_message(kiosk: Kiosk, visitor: Visitor, stick: Path) -> None:
    page = visitor.get("/outbox").text
    assert "Tulis ke stik" in page
    shutil.rmtree(stick)
    gone = tap(kiosk, visitor, "export", stick)
    assert "Stik tercabut atau tidak terbaca" in gone
    assert not stick.exists()


def test_a_pull_in_the_middle(kiosk: Kiosk, visitor: Visitor, stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = packing.replace_file

    def pull(path: Path, content: bytes) -> None:
        shutil.rmtree(stick, ignore_errors=True)
        inner(path, content)

    monkeypatch.setattr(packing, "replace_file", pull)
    assert "Stik tercabut atau tidak terbaca" in tap(kiosk, visitor, "export", stick)
    monkeypatch.setattr(packing, "replace_file", inner)
    stick.mkdir()
    assert "Stik siap dibawa" in tap(kiosk, visitor, "export", stick)


def test_a_second_tap_while_it_works_does_nothing(kiosk: Kiosk, visitor: Visitor, stick: Path) -> None:
    sticks, began = kiosk.office.station.sticks, []
    sticks._work = began.append  # type: ignore[method-assign]
    for _ in range(2):
        visitor.post("/outbox/stick", visitor.form(verb="export", place=str(stick)))
    assert [type(work) for work in began] == [Work]
    page = visitor.get("/outbox").text
    assert "Jangan cabut stik" in page
    assert "Tulis ke stik</button>" not in page


def test_no_other_place_is_written_to(kiosk: Kiosk, visitor: Visitor, stick: Path, tmp_path: Path) -> None:
    for place in (tmp_path, kiosk.office.data, stick / "..", Path("/")):
        assert "Stik tercabut" in tap(kiosk, visitor, "export", place)
    assert list(stick.iterdir()) == []
    assert not list(tmp_path.glob("keping-*"))
    assert visitor.post("/outbox/stick", visitor.form(verb="erase", place=str(stick))).status_code >= 400


def test_an_auditor_sees_it_and_does_nothing(kiosk: Kiosk, stick: Path) -> None:
    kiosk.house.people.add("agus", "Agus", Role.AUDITOR, "135790")
    auditor = Visitor(kiosk.url)
    auditor.sign_in("agus", "135790")
    assert "Tulis ke stik" not in auditor.get("/outbox").text
    assert auditor.post("/outbox/stick", auditor.form(verb="export", place=str(stick))).status_code == 403
    auditor.leave()
