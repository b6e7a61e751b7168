"""The public figure of a day: right for today and for a day that is past, without a name, and cheap to ask for."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from kiosk.hub import stations
from kiosk.hub.register import HOUR_MS
from kiosk.hub.stockline import Busy, PublicLine, StockLine, stock_line
from tests.hub.conftest import STATION, Hub
from tests.hub.offices import populate

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
NOON = int(datetime(2026, 11, 24, 4, tzinfo=UTC).timestamp() * 1000)
"""Tuesday, 12.00 in Kupang."""
DAY_MS = 24 * HOUR_MS


@pytest.fixture
def told(hub: Hub) -> Hub:
    """On Monday 1,500 came and 300 were taken out, on Tuesday 10 were spoiled and one was given back."""
    hub.clock.now_s = NOON / 1000
    for at_ms, said in (
        (NOON - DAY_MS, {"movement": "receive", "document": "B", "moves": [["wni", "B", "supplier", "vault", 1500]]}),
        (NOON - DAY_MS, {"movement": "release", "moves": [["wni", "B", "vault", "shift", 300]]}),
        (NOON, {"movement": "load", "moves": [["wni", "B", "shift", "hopper", 100]]}),
        (NOON, {"movement": "spoil", "cause": "damaged", "moves": [["wni", "B", "hopper", "spoiled", 10]]}),
        (NOON, {"movement": "spoil", "cause": "damaged", "moves": [["wni", "B", "hopper", "spoiled", 5]]}),
        (
            NOON,
            {"movement": "reverse", "reverses": 6, "reason": "x", "moves": [["wni", "B", "spoiled", "hopper", 5]]},
        ),
    ):
        hub.journal.append("stock", said, at_ms)
    assert hub.ship().status_code == 200
    return hub


def places(line: StockLine, sku: str = "wni") -> tuple[int, ...]:
    return tuple(line.blanks[sku][name] for name in ("vault", "shift", "hopper", "printed", "spoiled"))


def test_today_and_a_day_that_is_past(told: Hub) -> None:
    today = stock_line(told.store, NOON, "wita")
    assert (today.date, places(today), places(today, "wna")) == (TUESDAY, (1200, 200, 90, 0, 10), (0,) * 5)
    assert today.waiting == {"wni": 0, "wna": 0}
    before = stock_line(told.store, NOON, "wita", MONDAY)
    assert (places(before), before.waiting) == ((1200, 300, 0, 0, 0), None)
    assert places(stock_line(told.store, NOON, "wita", date(2026, 11, 22))) == (0,) * 5


def test_how_many_have_told(told: Hub) -> None:
    stations.add_station(told.store, "kupang-02")  # not enrolled: not one that owes anything
    assert (stock_line(told.store, NOON, "wita").told, stock_line(told.store, NOON, "wita").stations) == (1, 1)
    later = stock_line(told.store, NOON + DAY_MS, "wita")
    assert (later.told, later.stations) == (0, 1)


def test_what_a_lost_station_had_is_not_there(told: Hub) -> None:
    stations.declare_lost(told.store, STATION, NOON)
    assert places(stock_line(told.store, NOON, "wita")) == (0, 0, 0, 0, 10)


def test_the_sentence() -> None:
    counted = {"vault": 1200, "shift": 200, "hopper": 90, "printed": 1321, "issued": 8, "spoiled": 3}
    none = dict.fromkeys(counted, 0)
    line = StockLine(TUESDAY, "wita", {"wni": counted, "wna": none}, {"wni": 40, "wna": 2}, 288, 300)
    assert line.sentence == (
        "Selasa, 24 November 2026: tersedia 1.490 keping blangko KTP-el WNI dan 0 keping WNA; hari ini 1.321 kartu "
        "dicetak, 8 diserahkan, dan 3 blangko rusak; 42 rekaman siap cetak (PRR) menunggu dicetak, menurut catatan "
        "288 dari 300 tempat cetak."
    )
    past = StockLine(MONDAY, "wita", {"wni": counted, "wna": none}, None, 300, 300)
    assert "pada hari itu 1.321 kartu" in past.sentence
    assert "menunggu" not in past.sentence


def test_everybody_may_ask_and_learns_no_name(told: Hub) -> None:
    answer = told.http.get("/v1/stock-line")
    assert answer.status_code == 200
    assert STATION not in answer.get_data(as_text=True)
    assert json.loads(answer.data) == json.loads(json.dumps(stock_line(told.store, NOON, "wita").plain))
    for text in ("2026-13-01", "24.11.2026", "20261124", "2026-11-25", "2020-01-01", "\N{ARABIC-INDIC DIGIT TWO}"):
        refused = told.http.get("/v1/stock-line", query_string={"date": text})
        assert (refused.status_code, refused.get_json(force=True)["reason"]) == (400, "bad-query")


def test_a_day_is_counted_once_a_minute_and_one_at_a_time(told: Hub) -> None:
    now = [NOON / 1000]
    public = PublicLine(told.store, "wita", lambda: now[0])
    first = public.of(None)
    populate(told.store, 2, NOON)
    assert public.of(TUESDAY) is first
    with public._counting:
        assert public.of(None) is first
        with pytest.raises(Busy):
            public.of(MONDAY)
    now[0] += 61
    assert public.of(None).stations == 3
