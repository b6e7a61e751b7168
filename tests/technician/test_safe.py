"""Safe mode: all is read, nothing is written, no device is touched; and why, if the books can not be read."""

from __future__ import annotations

import html
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from kiosk.config import Config
from kiosk.core.permissions import BEGINNING, ROUTES
from kiosk.errors import DamagedData, Rejected, Unavailable
from kiosk.people import People, Role
from kiosk.station import Station
from kiosk.web import House, WebServer, create_app, create_broken_app
from kiosk.web.safe import HARMLESS
from tests.docs.pages import ROOT
from tests.office import Office
from tests.web.conftest import OTHER_PIN, PIN, Visitor

PAGES = ("/queue", "/supplies", "/outbox", "/technician", "/printed", "/now", "/calls", "/devices", "/help")


def config_of(office: Office) -> Config:
    """With drivers that there are not: none is loaded."""
    found = office.station.config
    return replace(found, printer=replace(found.printer, driver="none"), reader=replace(found.reader, encoder="none"))


def content(data: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(data.rglob("*")) if path.is_file() and path.name != "LOCK"}


@contextmanager
def looked_at(office: Office, language: str = "id") -> Iterator[tuple[House, Visitor]]:
    """The office's station, stopped and looked at by a supervisor."""
    station = Station(config_of(office), office.data, "test", safe=True)
    station.begin_roster()
    house = House(station, People(office.data))
    server = WebServer(create_app(house), 0)
    somebody = Visitor(f"http://127.0.0.1:{server.port}", language)
    try:
        assert somebody.sign_in("yosep", OTHER_PIN).status_code == 303
        yield house, somebody
    finally:
        somebody.leave()
        server.close()
        station.close()


@pytest.fixture
def stopped(office: Office) -> Iterator[Office]:
    people = People(office.data)
    people.add("maria", "Maria Taek", Role.OPERATOR, PIN)
    people.add("yosep", "Yosep Bria", Role.SUPERVISOR, OTHER_PIN)
    office.print_one()
    office.station.close()
    yield office
    office.reopen()


def test_every_page_is_read_and_says_so(stopped: Office) -> None:
    before = content(stopped.data)
    with looked_at(stopped) as (_, visitor):
        for path in PAGES:
            page = visitor.get(path)
            assert (page.status_code, "MODE AMAN" in page.text) == (200, True), path
        assert stopped.residents[0].fields.nama in visitor.get("/printed").text
        assert '<b class="number">11</b><span>wadah printer' in visitor.get("/supplies").text
    assert content(stopped.data) == before


def test_every_act_is_refused_in_one_sentence(stopped: Office) -> None:
    before = content(stopped.data)
    with looked_at(stopped) as (house, visitor):
        form, tried = visitor.form(), 0
        adapter = create_app(house).url_map.bind("127.0.0.1")
        for rule in adapter.map.iter_rules():
            if "POST" not in (rule.methods or ()) or rule.endpoint in HARMLESS | BEGINNING:
                continue
            path = adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, "x"), method="POST")
            answer = visitor.post(path, {**form, "own_pin": OTHER_PIN, "key": f"k{tried}"})
            assert (answer.status_code, "Mode aman" in answer.text) == (409, True), rule.endpoint
            tried += 1
        assert tried > 10
        with pytest.raises(Rejected) as refused:
            house.station.stock.move("test", "unload", "wni", 1)
        assert refused.value.reason == "safe-mode", "the second wall"
    assert content(stopped.data) == before
    assert set(ROUTES) >= HARMLESS - {"sign_in", "choose_language"}


def test_the_doctor_leaves_the_devices_alone(stopped: Office) -> None:
    with looked_at(stopped) as (house, visitor):
        assert visitor.post("/technician/examine", visitor.form(what="printer")).status_code == 503
        visitor.post("/technician/examine", visitor.form(what="doctor"))
        doctor = house.examinations._doctor
        assert doctor is not None
        doctor.join(120)
        report = house.examinations.report
        assert report is not None
        assert "printer.left-alone" in [each.situation for each in report.findings]
        assert report.seq == house.station.books.seq
        page = visitor.get("/technician").text
        assert 'class="qr"' in page
        assert 'value="printer"' not in page


def test_beside_a_running_station_there_is_none(office: Office) -> None:
    with pytest.raises(Unavailable, match="is in use by process"):
        Station(config_of(office), office.data, "test", safe=True)


def test_a_torn_end_stays_torn(stopped: Office) -> None:
    last = max((stopped.data / "journal").glob("seg-*"))
    whole = last.read_bytes().rstrip(b"\0")
    last.write_bytes(whole + b'{"c":1,"h"')
    with looked_at(stopped) as (house, _):
        assert house.station.books.seq > 0
    assert last.read_bytes() == whole + b'{"c":1,"h"'


def test_damaged_books_are_named_with_what_to_read_aloud_and_without_anybody(stopped: Office) -> None:
    last = max((stopped.data / "journal").glob("seg-*"))
    whole = last.read_bytes()
    last.write_bytes(whole.replace(b'"k":"stock"', b'"k":"stoch"', 1))
    with pytest.raises(DamagedData) as damage:
        Station(config_of(stopped), stopped.data, "test", safe=True)
    server = WebServer(create_broken_app(config_of(stopped), stopped.data, str(damage.value)), 0)
    url = f"http://127.0.0.1:{server.port}"
    try:
        page = html.unescape(httpx.get(url, timeout=None).text)
        assert "Buku stasiun tidak dapat dibuka" in page
        assert last.name in page
        assert "journal.damaged" in page
        assert "screen." not in page, "it is shown on that screen"
        assert 'class="qr"' in page
        assert stopped.residents[0].fields.nama not in page
        assert httpx.get(url, headers={"Host": "evil.example"}, timeout=None).status_code == 400
        assert httpx.get(f"{url}/healthz", timeout=None).json() == {"ok": True}
        assert httpx.get(f"{url}/queue", timeout=None).status_code == 404
    finally:
        server.close()
        last.write_bytes(whole)


def test_the_command_serves_until_it_is_told_to_end(stopped: Office, tmp_path: Path) -> None:
    """As a process: SIGTERM ends it, and nothing has changed."""
    config = tmp_path / "safe.yaml"
    config.write_text("printer:\n  driver: none\nweb:\n  port: 0\n")
    before = content(stopped.data)
    words = [sys.executable, "-m", "kiosk", "--config", str(config), "--data", str(stopped.data), "run", "--safe"]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stderr is not None
    try:
        said = next(line for line in process.stderr if "safe mode, touchscreen at" in line)
        url = said.split()[-1]
        assert "MODE AMAN" in httpx.get(f"{url}/sign-in", headers={"Accept-Language": "id"}, timeout=None).text
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    assert content(stopped.data) == before
