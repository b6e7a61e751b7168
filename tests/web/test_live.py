"""Streams are few, end with their reader, their session and the station, and tell what was committed at once."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx
import pytest

from kiosk.doctor.examine import examine
from kiosk.web.examination import Examination, Kind
from kiosk.web.live import MOST_STREAMS
from tests.patience import BUSY_S
from tests.web.browser import screen_of
from tests.web.conftest import OTHER_PIN, Kiosk, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def listen(stack: ExitStack, visitor: Visitor) -> tuple[httpx.Response, Iterator[str]]:
    answer = stack.enter_context(visitor.http.stream("GET", "/live"))
    lines = answer.iter_lines()
    if answer.status_code == 200:
        assert next(lines) == "retry: 1000"
        assert next(lines).startswith("data: ")
        assert next(lines) == ""
    return answer, lines


def soon(kiosk: Kiosk, reached: Callable[[], bool]) -> bool:
    """Beats until it is so: a dead reader is noticed when it is written to."""
    end = time.monotonic() + 60
    while not reached():
        kiosk.office.station.pulse.beat()
        if time.monotonic() > end:
            return False
    return True


def test_a_commit_is_told_at_once(kiosk: Kiosk, visitor: Visitor) -> None:
    with ExitStack() as stack:
        _, lines = listen(stack, visitor)
        began = time.monotonic()
        kiosk.office.bring_records(1)
        assert next(line for line in lines if line).startswith("data: ")
        assert time.monotonic() - began < 1 + BUSY_S
        kiosk.house.station.closing = True
        kiosk.office.station.pulse.beat()


def test_what_happens_while_a_page_is_made_is_news_to_it(kiosk: Kiosk, visitor: Visitor) -> None:
    """Else a page that was read before the last commit and numbered after it would never change again."""

    def committed_meanwhile() -> dict[str, str]:
        kiosk.office.station.pulse.beat()
        return {}

    kiosk.app.template_context_processors[None].insert(0, committed_meanwhile)
    found = re.search(r'data-pulse="(\d+)"', visitor.get("/now").text)
    assert found
    assert int(found[1]) < kiosk.office.station.pulse.count


def test_six_streams_then_503_and_a_place_is_free_when_its_reader_goes(kiosk: Kiosk, visitor: Visitor) -> None:
    with ExitStack() as stack:
        readers = [ExitStack() for _ in range(MOST_STREAMS)]
        for reader in readers:
            stack.enter_context(reader)
            assert listen(reader, visitor)[0].status_code == 200
        refused, _ = listen(stack, visitor)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
        assert visitor.get("/glance").status_code == 200, "it polls instead"
        assert visitor.get("/queue").status_code == 200, "pages have places of their own"
        readers[0].close()

        def free() -> bool:
            with visitor.http.stream("GET", "/live") as answer:
                return answer.status_code == 200

        assert soon(kiosk, free)
        kiosk.house.leave()


def test_a_stream_that_is_never_read_gives_its_place_back(kiosk: Kiosk, visitor: Visitor) -> None:
    for _ in range(MOST_STREAMS + 2):
        assert visitor.http.head("/live").status_code == 200


def test_the_stop_of_the_station_ends_the_streams(kiosk: Kiosk, visitor: Visitor) -> None:
    with ExitStack() as stack:
        _, lines = listen(stack, visitor)
        began = time.monotonic()
        kiosk.office.station.close()
        assert [line for line in lines if line.startswith("event")] == []  # it ends
        assert time.monotonic() - began < 5 + BUSY_S


def test_the_stop_of_the_server_ends_the_streams(kiosk: Kiosk, visitor: Visitor) -> None:
    with ExitStack() as stack:
        _, lines = listen(stack, visitor)
        began = time.monotonic()
        visitor.http.cookies.clear()
        kiosk.server.close()
        assert list(lines)[-1:] in ([], [""])
        assert time.monotonic() - began < 2 + BUSY_S


def test_a_stream_ends_with_its_session(kiosk: Kiosk, visitor: Visitor) -> None:
    with ExitStack() as stack:
        _, lines = listen(stack, visitor)
        kiosk.clock.advance(601)
        kiosk.office.station.pulse.beat()
        list(lines)
        assert visitor.get("/live").status_code == 401


@pytest.mark.browser
def test_a_part_that_the_page_had_not_comes_while_one_looks(browser: Browser, kiosk: Kiosk) -> None:
    """The six lines of the doctor are there when it has ended, whoever was quicker, page or doctor."""
    station, examinations = kiosk.office.station, kiosk.house.examinations
    begun = examinations.latest = Examination(Kind.DOCTOR, time.monotonic())
    with screen_of(browser, kiosk.url) as screen:
        screen.sign_in(OTHER_PIN, "yosep")
        screen.open("/technician")
        assert screen.page.query_selector(".telephone") is None
        examinations.report = examine(station.config, "", station.data)
        begun.ended = True
        station.pulse.beat()
        screen.page.wait_for_selector(".telephone")
