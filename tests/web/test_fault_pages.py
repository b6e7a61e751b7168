"""Every stop that the code knows has a page in both languages: what happened, where to look, what it costs."""

from __future__ import annotations

import ast
import html
import random
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from kiosk.core.faults import FAULTS, JOB_STOPS
from kiosk.core.jobs import ASKED, Why
from kiosk.resources import resource
from kiosk.web import fault_words, words
from kiosk.web.screens.faults import PLACE_OF, tell, tell_all
from tests.docs.pages import files, page, table
from tests.docs.test_vocabulary import HALTING
from tests.web.browser import LAYOUT_FAULTS, seats
from tests.web.conftest import OTHER_PIN, PINS, Kiosk, Visitor
from tests.web.test_words import english

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ALL = (*FAULTS, *JOB_STOPS)
TABLES = {
    "heading": words.STOPS,
    "sentence": fault_words.HAPPENED,
    "place": PLACE_OF,
    "words of the place": fault_words.PLACES,
}
SYMBOLS = dict(
    re.findall(
        r'<symbol id="([a-z]+)"[^>]*>(.*?)</symbol>',
        resource("templates", "static", "printer.svg").read_text(encoding="utf-8"),
    )
)
ARROW = 'fill="currentColor"'
SCROLLS = "() => { const page = document.querySelector('.page'); return page.scrollHeight - page.clientHeight; }"


def job_stops(source: str) -> Iterator[str]:
    """Job reasons given straight to a Halt: `Halt("...", frozenset({Why.RECORD_REFUSED.value}))`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in HALTING:
            for part in ast.walk(node):
                if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "Why":
                    yield Why[part.attr].value


def stops_of_the_code() -> set[str]:
    """Without those that invite a person to the desk, which are no fault and have a screen of their own.

    The printer-state reasons of the vocabulary are those of the code (tests/docs/test_vocabulary.py).
    """
    sources = [path.read_text(encoding="utf-8") for path in files(".py", under="kiosk")]
    found = {word for source in sources if "Halt(" in source for word in job_stops(source)}
    machine = {row[0] for row in table(page("vocabulary.md"), "Printer-state reasons")}
    return (found - (ASKED - {Why.OUTCOME_UNKNOWN})) | machine


def flaws(reason: str) -> list[str]:
    """What the page of that stop lacks."""
    try:
        told, known = tell(reason), english()
    except KeyError as exc:
        return [f"no {exc}"]
    said = [told.heading, told.happened, told.where, told.then, *(text for act in told.acts for text in act[:2])]
    found = [f"no English: {text}" for text in said if not known.get(text)]
    found += [] if ARROW in SYMBOLS.get(told.place, "") else [f"no drawing of {told.place}"]
    found += [] if 1 <= len(told.acts) <= 3 else [f"{len(told.acts)} acts"]
    found += [] if len({act.text for act in told.acts}) == len(told.acts) else ["one act twice"]
    # Whoever reads a page by its words, a test or a person at the telephone, must not find another stop's there.
    body = " ".join(said[1:])
    return found + [f"says the heading of {other}" for other, heading in words.STOPS.items() if heading in body]


def test_every_stop_of_the_code_has_a_page_and_no_page_is_of_another() -> None:
    assert stops_of_the_code() == set(ALL)
    assert set(words.STOPS) == set(fault_words.HAPPENED) == set(PLACE_OF) == set(ALL)


def test_a_stop_that_has_no_page_would_be_found() -> None:
    source = (
        'raise Halt("x", frozenset({Why.CARD_MISSING.value})) from Halt("y", status.stopping | {Why.OUTCOME_UNKNOWN})'
    )
    assert set(job_stops(source)) == {"card-missing", "outcome-unknown"}
    assert flaws("card-missing") != []


@pytest.mark.parametrize("reason", ALL)
def test_a_page_says_all_in_both_languages(reason: str) -> None:
    assert flaws(reason) == []


@pytest.mark.parametrize("table", TABLES)
def test_a_page_without_it_would_be_found(monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    pages = {"words of the place": "path", "place": "media-jam"}
    place = {**PLACE_OF}
    monkeypatch.setattr("kiosk.web.screens.faults.PLACE_OF", place)
    changed = place if table == "place" else TABLES[table]
    monkeypatch.delitem(changed, pages.get(table, "media-jam"))  # type: ignore[arg-type]
    assert flaws("media-jam") != []
    monkeypatch.undo()
    assert flaws("media-jam") == []


def test_a_place_that_is_not_drawn_and_a_word_without_english_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.web.screens.faults.PLACE_OF", {**PLACE_OF, "media-jam": "power"})
    monkeypatch.delitem(SYMBOLS, "power")
    monkeypatch.setitem(fault_words.ACTS, "clear-jam", "Pukul printer. Kartu macet di dalam printer.")
    assert flaws("media-jam") == [
        f"no English: {fault_words.ACTS['clear-jam']}", "no drawing of power", "says the heading of media-jam"
    ]  # fmt: skip


def test_every_place_is_drawn_and_looked_at() -> None:
    assert SYMBOLS.keys() - {"machine", "lid"} == fault_words.PLACES.keys() == set(PLACE_OF.values())


def test_words_of_an_act_at_one_stop_are_of_an_act_of_that_stop() -> None:
    acts = {(reason, act.text) for reason in ALL for act in tell(reason).acts}
    assert {(reason, text) for (reason, _), text in fault_words.ACTS_AT.items()} <= acts


def test_what_nobody_has_words_for_is_a_fault_without_a_name() -> None:
    assert [told.reason for told in tell_all({"printer-stopped"})] == ["other"]
    assert [told.reason for told in tell_all({"cover-open", "media-jam", "printer-stopped"})] == [
        "media-jam",
        "cover-open",
    ]
    assert tell_all(set()) == []


def test_without_a_card_in_the_machine_none_is_at_stake_but_another_try_costs_one() -> None:
    def costs(reason: str) -> list[int]:
        return [act.blanks for act in tell(reason, card_inside=False).acts]

    assert all(costs(reason) == [0] * len(tell(reason).acts) for reason in FAULTS)
    assert costs("refusals-in-a-row") == [0, 1, 0]


# As they are served.


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_served_pages(quiet: Kiosk, language: str) -> None:
    known = english() if language == "en" else {}
    somebody = Visitor(quiet.url, language)
    somebody.sign_in()
    for reason in ALL:
        shown = html.unescape(somebody.get(f"/faults/{reason}").text)
        told = tell(reason)
        said = [told.heading, told.happened, told.where, told.then, *(text for act in told.acts for text in act[:2])]
        assert [text for text in said if known.get(text, text) not in shown] == [], reason
        assert f'printer.svg#{told.place}"' in shown
        title = re.search(r'<svg class="printer"[^>]* role="img"><title>([^<]+)</title>', shown)
        assert title, reason
        assert known.get(told.where, told.where) in title[1]
        assert told.code in shown
    somebody.leave()


def test_what_stops_nothing_has_no_page(reader: Visitor) -> None:
    for path in ("/faults/baru", "/faults/job-printing", "/faults/desk-card-wanted", "/faults/P-03"):
        assert reader.get(path).status_code == 404, path


def test_whoever_has_a_code_finds_its_page(quiet: Kiosk, reader: Visitor) -> None:
    listed = reader.get("/faults").text
    links = re.findall(r'<li><a href="/faults/([a-z-]+)">(?:<b class="number">([PRS]-\d\d)</b>)?', listed)
    assert links == [(reason, FAULTS[reason].code if reason in FAULTS else "") for reason in ALL]
    assert 'href="/faults"' in reader.get("/help").text
    technician = Visitor(quiet.url)
    technician.sign_in("yosep", OTHER_PIN)
    assert 'href="/faults"' in technician.get("/technician").text
    technician.leave()


def test_the_page_of_what_stands_now_is_marked_and_cetak_shows_the_same(kiosk: Kiosk, visitor: Visitor) -> None:
    cards = kiosk.office.world.empty_hopper()
    kiosk.office.bring_more_and_run()
    kiosk.office.until_held_up()
    section = re.compile(r'<section class="fault">.*?</section>', re.DOTALL)
    shown = [section.findall(visitor.get(path).text) for path in ("/now", "/faults/media-empty")]
    assert [re.sub(r"\s+", " ", part.replace("<p>1 kartu menunggu.</p>", "")) for [part] in shown] == [
        re.sub(r"\s+", " ", shown[1][0])
    ] * 2
    assert re.findall(r'faults/([a-z-]+)" aria-current', visitor.get("/faults").text) == ["media-empty"]
    kiosk.office.world.load(cards)


def look_at_pages(browser: Browser, kiosk: Kiosk, pages: list[tuple[str, str]]) -> None:
    with seats(browser, kiosk.url, PINS) as seat:
        screen = seat("yosep")
        for reason, language in pages:
            screen.page.context.add_cookies([{"name": "bahasa", "value": language, "url": kiosk.url}])
            screen.open(f"/faults/{reason}")
            assert screen.page.evaluate(LAYOUT_FAULTS) == [], reason
            assert screen.page.evaluate(SCROLLS) == 0, f"{reason} {language} is to be scrolled"


@pytest.mark.browser
def test_a_page_is_seen_whole(browser: Browser, quiet: Kiosk) -> None:
    """The largest, and some by lot; every act, also for who has a button more."""
    tried = [(reason, language) for reason in ALL for language in ("id", "en")]
    look_at_pages(browser, quiet, [("reader-missing", "id"), ("printer-unknown", "en"), *random.sample(tried, 6)])


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.timeout(180)
def test_every_page_is_seen_whole(browser: Browser, quiet: Kiosk) -> None:
    look_at_pages(browser, quiet, [(reason, language) for reason in ALL for language in ("id", "en")])
