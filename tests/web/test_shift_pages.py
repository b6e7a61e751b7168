"""The shift by touch: counted blindly, closed once, and by nobody alone where count and books differ."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from kiosk.core.frames import Frame
from kiosk.crypto.checkpoint import verify_checkpoint
from kiosk.web.screens.shifts import FIELDS
from kiosk.web.security import OWN_PIN
from tests.web.conftest import OTHER_PIN, PIN, Kiosk, Visitor
from tests.web.states import paused
from tests.web.test_hurried import TINUS_PIN, office_printer
from tests.web.test_stock_forms import send, staffed, yosep

__all__ = ["staffed", "yosep"]

THERE = {f"{place}-{sku}": "0" for place, sku in FIELDS} | {"hopper-wni": "12"}
TINUS = {"reason": "tidak ditemukan", "supervisor": "tinus", "pin": TINUS_PIN}


def frames(kiosk: Kiosk, *kinds: str) -> list[Frame]:
    """Of a shift, and counts by hand; or of `kinds`."""
    found = [frame for frame in kiosk.office.frames() if frame.kind in (kinds or SHIFT)]
    return [frame for frame in found if frame.kind != "stock" or frame.data["movement"] == "count"]


SHIFT = ("shift-opened", "shift-counted", "shift-closed", "stock")


def begin(visitor: Visitor) -> None:
    assert send(visitor, "/shift/open", **THERE).headers["Location"] == "/shift"


def count(visitor: Visitor, shift: str = "S0001", **differs: str) -> httpx.Response:
    return send(visitor, "/shift/count", shift=shift, **{**THERE, **differs})


def close(visitor: Visitor, own: str = PIN, shift: str = "S0001", **said: Any) -> httpx.Response:
    return send(visitor, "/shift/close", shift=shift, **{OWN_PIN: own, **said})


def figures(page: str) -> str:
    """What a person can read of it, times of day apart: it may be 12."""
    return re.sub(r"<svg.*?</svg>|<script.*?</script>|<[^>]*>|\b\d\d\.\d\d\b", " ", page, flags=re.DOTALL)


def test_it_is_opened_by_a_count_and_closed_by_one_and_the_slip_proves_it(kiosk: Kiosk, visitor: Visitor) -> None:
    assert "Tidak ada giliran yang terbuka" in visitor.get("/shift").text
    for path in ("/shift/open", "/supplies/count"):
        assert not re.search(r"\b12\b", figures(visitor.get(path).text)), "counted blindly, in the bar too"
    begin(visitor)
    assert "giliran S0001" in visitor.get("/queue").text
    kiosk.office.print_one()
    assert visitor.get("/shift/close").headers["Location"] == "/shift/count", "nothing is counted yet"
    assert not re.search(r"\b11\b", figures(visitor.get("/shift/count").text))
    assert count(visitor, **{"hopper-wni": "11"}).headers["Location"] == "/shift/close"
    assert not re.search(r"\b11\b", figures(visitor.get("/shift/close").text)), "not before it is closed"
    assert close(visitor).headers["Location"] == "/shift/slip/S0001"
    page = visitor.get("/shift/slip/S0001").text
    line = figures(page).split("WNI", 2)[2].split("WNA")[0].split()
    assert [word for word in line if word.isdigit()] == ["12", "0", "0", "0", "11", "1", *["0"] * 6]
    assert "Hitungan sama dengan buku" in page
    assert 'class="qr"' in page
    assert [frame.kind for frame in frames(kiosk)] == ["stock", "shift-opened", "shift-counted", "shift-closed"]
    token = kiosk.office.station.shifts.show("test", "S0001")["checkpoint"]
    signed = verify_checkpoint(token, [kiosk.office.station._key])
    assert (signed.position.seq, signed.position.head) == (frames(kiosk)[-1].seq, frames(kiosk)[-1].head)


def test_zero_is_written_and_a_difference_at_the_opening_is_nobodys_of_this_shift(
    staffed: Kiosk, visitor: Visitor
) -> None:
    for name in THERE:
        for text in ("", "x", "-1"):
            answer = send(visitor, "/shift/open", **{**THERE, name: text})
            assert (answer.status_code, "Tidak ada data yang hilang" in answer.text) == (400, True)
    short = {**THERE, "hopper-wni": "10"}
    refused = send(visitor, "/shift/open", **short)
    assert (refused.status_code, "Hitungan tidak sama dengan buku" in refused.text) == (409, True)
    assert 'name="hopper-wni" value="10"' in refused.text
    assert "12" not in figures(refused.text)
    assert frames(staffed) == []
    assert send(visitor, "/shift/open", **short, **TINUS, **{OWN_PIN: PIN}).status_code == 303
    booked, opened = frames(staffed)
    assert (booked.data["approved"], booked.stamp.by) == ("op:tinus", "op:maria")
    assert ["hopper", "wni", 10] in opened.data["opening"]
    count(visitor, **{"hopper-wni": "10"})
    close(visitor)
    slip = staffed.office.station.shifts.show("test", "S0001")
    assert (slip["equation"]["wni"]["opening"], slip["equation"]["wni"]["missing"]) == (10, 0)


def test_a_difference_at_the_close_is_closed_by_two_people(staffed: Kiosk, visitor: Visitor, yosep: Visitor) -> None:
    begin(yosep)
    count(visitor, **{"hopper-wni": "11"})
    assert close(visitor, "000000").status_code == 403, "the PIN of who closes it"
    assert "Giliran ini milik orang lain" in close(visitor).text
    refused = close(yosep, OTHER_PIN)
    assert (refused.status_code, "Hitungan tidak sama dengan buku" in refused.text) == (409, True)
    assert not re.search(r"\b1[12]\b", figures(refused.text))
    other_tab = Visitor(staffed.url)
    other_tab.sign_in("yosep", OTHER_PIN)
    alone = [
        ({"supervisor": "yosep", "pin": OTHER_PIN}, "Orang lain yang harus menyetujui"),
        ({"supervisor": "maria", "pin": PIN}, "PIN penyelia salah"),
        ({"supervisor": "tinus", "pin": "000000"}, "PIN penyelia salah"),
        ({}, "Hitungan tidak sama dengan buku"),
    ]
    for second, title in alone:
        for tab in (yosep, other_tab):
            answer = close(tab, OTHER_PIN, reason="tidak ditemukan", **second)
            assert (answer.status_code, title in answer.text) == (409, True), second
            assert 'name="reason" value="tidak ditemukan"' in answer.text
    other_tab.leave()
    staffed.house.throttle.right("tinus")
    assert close(yosep, OTHER_PIN, supervisor="tinus", pin=TINUS_PIN).status_code == 409, "a reason is given"
    assert frames(staffed, "shift-closed") == []
    assert close(yosep, OTHER_PIN, **TINUS).headers["Location"] == "/shift/slip/S0001"
    page = figures(yosep.get("/shift/slip/S0001").text)
    assert re.search("wadah printer WNI\\s+\N{MINUS SIGN}1", page)
    assert "Disetujui tinus" in page or "Disetujui Tinus Lay" in page
    assert staffed.office.accounts()["count-adjustment"] == 1


def test_what_moved_is_counted_again_and_only_that(kiosk: Kiosk, visitor: Visitor) -> None:
    begin(visitor)
    count(visitor)
    kiosk.office.station.stock.move("test", "unload", "wni", 2)
    page = visitor.get("/shift/count").text
    assert page.count("(sudah tercatat)") == len(FIELDS) - 2
    assert close(visitor).headers["Location"] == "/shift/count"
    again = send(visitor, "/shift/count", **{"shift": "S0001", "hopper-wni": "10", "shift-wni": "2"})
    assert again.headers["Location"] == "/shift/close"
    assert close(visitor).headers["Location"] == "/shift/slip/S0001"
    assert [len(frame.data["counted"]) for frame in frames(kiosk, "shift-counted")] == [6, 2]


def test_not_while_a_card_is_in_the_machine(kiosk: Kiosk, visitor: Visitor) -> None:
    begin(visitor)
    refs = kiosk.office.bring_records(1)
    with paused(kiosk.office, "print", lambda: kiosk.office.station.desk.run_jobs("test", refs=refs)):
        count(visitor, **{"hopper-wni": "11"})
        answer = close(visitor)
        assert (answer.status_code, "Kartu masih di dalam printer" in answer.text) == (409, True)
    assert close(visitor).headers["Location"] == "/shift/slip/S0001", "what was counted still holds"


def test_two_tabs_close_it_once_and_see_the_same_slip(kiosk: Kiosk, visitor: Visitor) -> None:
    begin(visitor)
    count(visitor)
    other_tab = Visitor(kiosk.url)
    other_tab.sign_in()
    forms = [(tab, tab.form(shift="S0001", **{OWN_PIN: PIN})) for tab in (visitor, other_tab)]
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda each: each[0].post("/shift/close", each[1]), forms))
    assert [answer.headers["Location"] for answer in answers] == ["/shift/slip/S0001"] * 2
    assert len(frames(kiosk, "shift-closed")) == 1
    begin(visitor)
    for stale in (count(other_tab), close(other_tab)):
        assert stale.headers["Location"] == "/shift/slip/S0001", "a form of the first shift touches no other"
    assert kiosk.office.station.shifts.current == "S0002"
    assert frames(kiosk, "shift-counted")[-1].data["shift"] == "S0001"
    other_tab.leave()


def test_it_is_open_over_a_restart_and_over_midnight(
    kiosk: Kiosk, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(visitor)
    count(visitor)
    assert "hari lain" not in visitor.get("/queue").text
    today = kiosk.office.station.books.today
    monkeypatch.setattr(
        type(kiosk.office.station.books), "today", property(lambda books: today.fromordinal(today.toordinal() + 1))
    )
    for path in ("/queue", "/shift"):
        assert "dibuka pada hari lain" in visitor.get(path).text
    assert close(visitor).headers["Location"] == "/shift/slip/S0001"
    assert "hari lain" not in visitor.get("/queue").text


def test_where_one_is_required_opening_it_is_the_one_act(kiosk: Kiosk, visitor: Visitor) -> None:
    [ref] = kiosk.office.bring_records(1)
    kiosk.office.station.shifts.required = True
    for path in ("/queue", "/now"):
        page = visitor.get(path).text
        assert "Giliran kerja belum dibuka" in page
        [foot] = re.findall(r'<div class="foot".*', page, re.DOTALL)
        assert re.findall(r'class="button primary[^"]*" href="([^"]*)"', foot) == ["/shift/open"]
    refused = visitor.post("/jobs", visitor.form(ref=ref))
    assert (refused.status_code, 'href="/shift/open"' in refused.text) == (409, True)
    begin(visitor)
    assert "Cetak berikutnya" in visitor.get("/queue").text


# On paper.


def test_the_slip_goes_to_the_office_printer(
    kiosk: Kiosk, visitor: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(visitor)
    assert send(visitor, "/shift/slip/S0001/print").status_code == 409, "an open shift has no slip"
    count(visitor)
    close(visitor)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    refused = send(visitor, "/shift/slip/S0001/print")
    assert (refused.status_code, "Printer kantor tidak mencetak" in refused.text) == (503, True)
    assert 'class="qr"' in refused.text, "and the code can still be photographed"
    office_printer(tmp_path / "bin", monkeypatch, f"cat > {tmp_path}/got; echo done")
    answer = send(visitor, "/shift/slip/S0001/print")
    assert "Slip dikirim ke printer kantor" in visitor.get(answer.headers["Location"]).text
    assert (tmp_path / "got").read_bytes().startswith(b"%PDF")
    for name in ("S0002", "S9", "x"):
        assert visitor.get(f"/shift/slip/{name}").status_code == 409
