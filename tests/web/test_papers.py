"""Papers by touch: three ways out, whole or not at all, and whoever is named on one is named in the books as well."""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from kiosk import papers as papers_module
from kiosk.core.frames import Frame
from kiosk.outbox import Inbox
from kiosk.people import Role
from kiosk.reports import office_printer
from kiosk.reports.catalogue import CATALOGUE, NAMED
from kiosk.reports.events import EVENTS
from kiosk.reports.office_printer import NotPrinted
from kiosk.sync.intake import judge
from tests.office import STATION
from tests.privacy.life import secrets_of
from tests.privacy.search import Needles, search, search_bytes
from tests.station.test_handover import printed
from tests.web.conftest import Kiosk, Visitor
from tests.web.test_roles import sign_in, staffed

__all__ = ["staffed"]


class Tray:
    """Stands for the office's printer: what was put out, and of what it was said that it names people."""

    def __init__(self) -> None:
        self.sheets: list[tuple[bytes, bool]] = []
        self.trouble: NotPrinted | None = None

    def put_out(self, content: bytes, title: str, *, private: bool = False) -> str:
        if self.trouble:
            raise self.trouble
        self.sheets.append((content, private))
        return "request id is HP-7"


@pytest.fixture
def tray(kiosk: Kiosk) -> Tray:
    made = Tray()
    kiosk.house.papers.printer = made  # type: ignore[assignment]
    return made


@pytest.fixture
def supervisor(staffed: Kiosk) -> Iterator[Visitor]:
    somebody = sign_in(staffed, "yosep")
    yield somebody
    somebody.leave()


def make(kiosk: Kiosk, visitor: Visitor, path: str, **fields: Any) -> str:
    """The page on which it ends."""
    answer = visitor.post(path, visitor.form(**fields))
    assert answer.status_code == 303, answer.text
    work = kiosk.house.papers.latest
    assert work
    assert work.over.wait(120)
    return visitor.get("/papers/shown" if work.made else answer.headers["Location"]).text


def looks(kiosk: Kiosk) -> list[Frame]:
    return [frame for frame in kiosk.office.frames() if frame.kind == "looked-up"]


def test_each_paper_without_names_on_each_way(staffed: Kiosk, supervisor: Visitor, tray: Tray, stick: Path) -> None:
    printed(staffed.office)
    page = supervisor.get("/papers").text
    for name, entry in {**CATALOGUE, **EVENTS}.items():
        assert f'href="/papers/of/{name}"' in page
        assert entry.title in page
        assert supervisor.get(f"/papers/of/{name}").status_code == 200
    for name in CATALOGUE:
        assert '<article class="sheet"' in make(staffed, supervisor, f"/papers/of/{name}", way="screen")
        assert "Diterima printer kantor" in make(staffed, supervisor, f"/papers/of/{name}", way="printer")
        written = make(staffed, supervisor, f"/papers/of/{name}", way=f"stick:{stick}")
        [file] = [path for path in stick.iterdir() if name in path.name]
        assert file.name in written
        assert file.read_bytes() == tray.sheets[-1][0]
    [entry] = re.findall(r'<option value="(\d+)">BAST-1', supervisor.get("/papers/of/berita-acara").text)
    assert "BAST-1" in make(staffed, supervisor, "/papers/of/berita-acara", way="screen", item=entry)
    assert looks(staffed) == []
    assert not any(private for _, private in tray.sheets)


def test_a_list_names_people_and_the_books_say_whom(staffed: Kiosk, supervisor: Visitor, tray: Tray) -> None:
    jobs = printed(staffed.office, 3)
    fields = [staffed.office.residents[place].fields for place in range(3)]
    refs = {staffed.office.station.counter.card(job)["ref"] for job in jobs}
    for place, (name, way) in enumerate(product(("ekspedisi", "uncollected-names"), ("printer", "screen"))):
        shown = make(staffed, supervisor, f"/papers/names/{name}", way=way)
        assert all((each.nama in shown and each.nik in shown) is (way == "screen") for each in fields)
        look = looks(staffed)[place]
        assert look.stamp.by == "op:yosep"
        assert {**look.data, "refs": set(look.data["refs"])} == {"paper": name, "way": way, "refs": refs}
    assert [private for _, private in tray.sheets] == [True, True]
    assert len(looks(staffed)) == 4
    of_one_kelurahan_only_its_people_are_named(staffed, supervisor)


def of_one_kelurahan_only_its_people_are_named(staffed: Kiosk, supervisor: Visitor) -> None:
    mine = staffed.office.residents[0].fields
    place = f"{mine.kel_desa}, Kecamatan {mine.kecamatan}"
    assert f'<option value="{place}">' in supervisor.get("/papers/names/ekspedisi").text
    shown = make(staffed, supervisor, "/papers/names/ekspedisi", way="screen", place=place)
    there = [r.fields for r in staffed.office.residents[:3] if (r.fields.kel_desa, r.fields.kecamatan) ==
             (mine.kel_desa, mine.kecamatan)]  # fmt: skip
    assert [each.fields.nama in shown for each in staffed.office.residents[:3]] == [
        each.fields in there for each in staffed.office.residents[:3]
    ]
    assert len(looks(staffed)[-1].data["refs"]) == len(there)
    refused = supervisor.post("/papers/names/ekspedisi", supervisor.form(way="screen", place="ATLANTIS, Kecamatan X"))
    assert refused.status_code == 400


def test_nobody_is_named_before_it_is_in_the_books(
    staffed: Kiosk, supervisor: Visitor, tray: Tray, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed(staffed.office)
    commit = staffed.office.station.books.commit

    def refuse(kind: str, *rest: Any) -> Frame:
        if kind == "looked-up":
            raise OSError(5, "Input/output error")
        return commit(kind, *rest)

    monkeypatch.setattr(staffed.office.station.books, "commit", refuse)
    for way in ("printer", "screen"):
        page = make(staffed, supervisor, "/papers/names/uncollected-names", way=way)
        assert "Kertas tidak dapat dibuat" in page
        assert staffed.office.residents[0].fields.nama not in page
    assert tray.sheets == []


def test_names_go_to_no_stick(staffed: Kiosk, supervisor: Visitor, stick: Path) -> None:
    printed(staffed.office)
    assert "Tulis ke stik" not in supervisor.get("/papers/names/ekspedisi").text
    for name in NAMED:
        answer = supervisor.post(f"/papers/names/{name}", supervisor.form(way=f"stick:{stick}", ref="0" * 32))
        assert answer.status_code == 403
    assert list(stick.iterdir()) == []
    assert looks(staffed) == []


def test_an_auditor_has_the_papers_and_no_name(staffed: Kiosk, supervisor: Visitor, stick: Path) -> None:
    [job] = printed(staffed.office)
    ref = staffed.office.station.counter.card(job)["ref"]
    shown = make(staffed, supervisor, "/papers/names/ekspedisi", way="screen")
    assert staffed.office.residents[0].fields.nama in shown
    auditor = sign_in(staffed, "umi")
    page = auditor.get("/papers").text
    assert "/papers/of/stock" in page
    assert "/papers/names/" not in page
    for name in NAMED:
        assert auditor.get(f"/papers/names/{name}").status_code == 403
        assert auditor.post(f"/papers/names/{name}", auditor.form(way="screen", ref=ref)).status_code == 403
        assert auditor.post(f"/papers/of/{name}", auditor.form(way="screen", ref=ref)).status_code == 404
    assert auditor.get("/papers/shown").headers["Location"] == "/papers", "what another session was shown is not hers"
    assert "Ada di stik" in make(staffed, auditor, "/papers/of/audit-pack", way=f"stick:{stick}")
    auditor.leave()
    again = sign_in(staffed, "yosep")
    assert again.get("/papers/shown").status_code == 302, "nor another session's of the same person"
    again.leave()
    make(staffed, supervisor, "/papers/names/ekspedisi", way="screen")
    staffed.house.people.add("budi", "Budi", Role.SUPERVISOR, "975313")
    staffed.office.station.staff.change_role("op:budi", "yosep", "auditor")
    assert supervisor.get("/papers/shown").status_code == 403, "whose role has changed sees no name any more"


def test_the_trail_is_of_all_that_was_done_and_ends_with_itself(staffed: Kiosk, supervisor: Visitor) -> None:
    [job] = printed(staffed.office)
    station, person = staffed.office.station, staffed.office.residents[0].fields
    ref = station.counter.card(job)["ref"]
    number = station.callbacks.add("op:maria", person.nik, "081234567890", "no-blank")
    supervisor.post("/trace", supervisor.form(what=job))
    station.counter.hand_over(
        "op:maria", job, taker="holder", verified="kk", chip="by-eye", old_card="none", name="", strokes="1,1 2,2"
    )
    shown = make(staffed, supervisor, "/papers/names/trail", way="screen", ref=ref)
    for text in (
        person.nama, person.nik, "Data diterima dari pusat", "Data ditulis ke cip", "Muka kartu dicetak",
        "Kartu diserahkan kepada pemiliknya, bukti: kartu keluarga", "Riwayat kartunya dilihat di layar",
        "Nomor telepon dicatat", "riwayat pemrosesan ini, ditampilkan di layar",
    ):  # fmt: skip
        assert text in shown, text
    rows = re.findall(r"<td>(\d+)</td></tr>", shown)
    about = [frame.seq for frame in staffed.office.frames() if {ref, job, number} & _words(frame)]
    assert rows == [str(seq) for seq in about]
    assert looks(staffed)[-1].seq == about[-1]


def _words(frame: Frame) -> set[str]:
    return set(re.findall(r'"([^"]+)"', frame.record.decode()))


def test_of_whom_nothing_is_left_the_trail_says_so(staffed: Kiosk, supervisor: Visitor) -> None:
    [job] = printed(staffed.office)
    ref, person = staffed.office.station.counter.card(job)["ref"], staffed.office.residents[0].fields
    staffed.office.station.vault.erase([ref])
    staffed.office.station.roster.forget([ref])
    for path, fields in (("trail", {"ref": ref}), ("uncollected-names", {}), ("ekspedisi", {})):
        shown = make(staffed, supervisor, f"/papers/names/{path}", way="screen", **fields)
        assert "data dimusnahkan" in shown
        assert job in shown
        assert person.nama not in shown
    assert [frame.data["paper"] for frame in looks(staffed)] == ["trail"], "a list that names nobody is no look"


@pytest.mark.long
def test_all_records_of_one_person_are_in_their_trail(staffed: Kiosk, supervisor: Visitor) -> None:
    office = staffed.office
    first, other = office.bring_records(2)
    mine = office.residents[0]
    again = replace(mine, fields=replace(mine.fields, alamat="JL. BARU NO. 1"))
    record, token = office.token(again)
    Inbox(office.station.books, office.station.vault).accept([judge(token, STATION, [office.hub_key])], "2")
    make(staffed, supervisor, "/papers/names/trail", way="screen", ref=first)
    assert set(looks(staffed)[-1].data["refs"]) == {first, record.ref}
    assert other not in looks(staffed)[-1].data["refs"]


def test_nothing_of_a_name_is_left_beside_the_paper(
    staffed: Kiosk, supervisor: Visitor, tray: Tray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, stick: Path,
) -> None:  # fmt: skip
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    [job] = printed(staffed.office)
    ref = staffed.office.station.counter.card(job)["ref"]
    for name in NAMED:
        for way in ("printer", "screen"):
            make(staffed, supervisor, f"/papers/names/{name}", way=way, ref=ref)
    make(staffed, supervisor, "/papers/of/audit-pack", way=f"stick:{stick}")
    needles = Needles(secrets_of(0, staffed.office.residents[0]))
    for folder in (staffed.office.data, temporary, stick):
        assert search(folder, needles)[0] == []
    assert list(search_bytes("log", caplog.text.encode(), needles)) == []
    assert len(looks(staffed)) == 2 * len(NAMED)


def test_the_audit_pack_on_a_stick_is_whole(staffed: Kiosk, supervisor: Visitor, stick: Path) -> None:
    printed(staffed.office)
    page = make(staffed, supervisor, "/papers/of/audit-pack", way=f"stick:{stick}", period="2026-11")
    [pack] = stick.iterdir()
    assert pack.name in page
    with zipfile.ZipFile(pack) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    assert {name.partition("-20")[0] for name in names if name.startswith("laporan/")} == {
        f"laporan/{name}" for name in CATALOGUE
    }
    refused = supervisor.post("/papers/of/audit-pack", supervisor.form(way="printer"))
    assert refused.status_code == 400


# What goes wrong on the way.


def test_a_stick_that_is_pulled_in_mid_write_leaves_nothing_half(
    staffed: Kiosk, supervisor: Visitor, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = papers_module.replace_file

    def pull(path: Path, content: bytes) -> None:
        shutil.rmtree(stick)
        inner(path, content)

    monkeypatch.setattr(papers_module, "replace_file", pull)
    assert "Stik tercabut" in make(staffed, supervisor, "/papers/of/stock", way=f"stick:{stick}")
    assert not stick.exists()
    monkeypatch.setattr(papers_module, "replace_file", inner)
    assert "Stik tercabut" in make(staffed, supervisor, "/papers/of/stock", way=f"stick:{stick}"), "it is not there"
    assert not stick.exists(), "and not made on the station's own disk"
    stick.mkdir()
    assert "Ada di stik" in make(staffed, supervisor, "/papers/of/stock", way=f"stick:{stick}")

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(papers_module, "replace_file", full)
    assert "Stik penuh" in make(staffed, supervisor, "/papers/of/stock", way=f"stick:{stick}")


@pytest.mark.long
def test_no_other_place_is_written_to(staffed: Kiosk, supervisor: Visitor, stick: Path, tmp_path: Path) -> None:
    for place in (tmp_path, staffed.office.data, stick / "..", Path("/")):
        for name in ("stock", "audit-pack"):
            assert "Stik tercabut" in make(staffed, supervisor, f"/papers/of/{name}", way=f"stick:{place}")
    assert not list(tmp_path.rglob("keping-*"))


REASONS = [
    value for name, value in vars(office_printer).items() if name.isupper() and str(value).startswith("printer-")
]


@pytest.mark.long
def test_each_trouble_of_the_printer_has_one_clear_sentence(staffed: Kiosk, supervisor: Visitor, tray: Tray) -> None:
    seen = set()
    for reason in REASONS:
        tray.trouble = NotPrinted("as CUPS says it", reason)
        said = make(staffed, supervisor, "/papers/of/stock", way="printer").partition('role="alert"')[2]
        heading = said.partition("<h2>")[2].partition("</h2>")[0]
        assert "Stik" not in heading
        assert "as CUPS says it" in said
        seen.add(heading)
    assert len(seen) == len(REASONS) == 6


def test_what_breaks_in_an_unforeseen_way_is_no_success(
    staffed: Kiosk, supervisor: Visitor, tray: Tray, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda what: said.append(what.exc_value))
    monkeypatch.setattr(papers_module, "as_pdf", lambda *of: {}["a fault of ours"])
    page = make(staffed, supervisor, "/papers/of/stock", way="printer")
    assert "Kertas tidak dapat dibuat" in page
    assert "Diterima printer kantor" not in page
    assert [type(each) for each in said] == [KeyError]
    monkeypatch.undo()
    assert '<article class="sheet"' in make(staffed, supervisor, "/papers/of/stock", way="screen"), "and the next one"


def test_one_at_a_time(staffed: Kiosk, supervisor: Visitor) -> None:
    papers = staffed.house.papers
    with papers._turn:
        answer = supervisor.post("/papers/of/stock", supervisor.form(way="screen"))
        assert (answer.status_code, answer.headers["Location"]) == (303, "/papers")
        assert papers.latest is None
    assert '<article class="sheet"' in make(staffed, supervisor, "/papers/of/stock", way="screen")


NONSENSE = ("", "x", "2026-13", "9999-99-99", "2026-11-31", "1-1-1", "2099-01-01", "\uff12026-11")


def test_days_months_and_nonsense(staffed: Kiosk, supervisor: Visitor) -> None:
    today = staffed.office.station.books.today
    for said in NONSENSE:
        page = supervisor.http.get("/papers/of/stock", params={"period": said}).text
        assert f'value="{today}"' in page or f'value="{today:%Y-%m}"' in page, said
        assert "Berikutnya" not in page, "no day that has not begun"
    month = supervisor.get("/papers/of/stock?period=2026-01").text
    assert 'value="2026-01"' in month
    for key in ("2025-12", "2026-02", "2026-01-31"):
        assert f"period={key}" in month
    day = supervisor.get("/papers/of/stock?period=2026-01-01").text
    for key in ("2025-12-31", "2026-01-02", "2026-01"):
        assert f'period={key}"' in day
    assert "Januari 2026" in make(staffed, supervisor, "/papers/of/stock", way="screen", period="2026-01")
    what_there_is_not_is_not_made(staffed, supervisor)


def what_there_is_not_is_not_made(staffed: Kiosk, supervisor: Visitor) -> None:
    for path in ("/papers/of/x", "/papers/names/x", "/papers/names/stock", "/papers/of/ekspedisi"):
        assert supervisor.get(path).status_code == 404
        assert supervisor.post(path, supervisor.form(way="screen")).status_code == 404
    for way in ("", "fax", "screen "):
        assert supervisor.post("/papers/of/stock", supervisor.form(way=way)).status_code == 400
    for name, item in (("berita-acara", "x"), ("berita-acara", "99999"), ("shift-slip", "S9")):
        assert 'role="alert"' in make(staffed, supervisor, f"/papers/of/{name}", way="screen", item=item)
