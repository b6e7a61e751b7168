"""The centre's page: what it shows of 3 and of 300 stations, to whom, and what it costs."""

from __future__ import annotations

import ast
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from kiosk.errors import UsageError
from kiosk.hub import alarms
from kiosk.hub.app import create_app
from kiosk.hub.lending import Fault
from kiosk.hub.overview import DAY_MS, DAYS, overview
from kiosk.hub.page import HEADERS, create_page
from kiosk.hub.page_words import ALARMS
from kiosk.hub.register import HOUR_MS
from kiosk.hub.stations import raise_alarm
from kiosk.hub.store import Store
from tests.conftest import Measured
from tests.docs.pages import ROOT
from tests.hub.conftest import Hub
from tests.hub.offices import populate
from tests.sync.centre import NOW

FRIDAY = 1_795_758_000_000
"""27 November 2026, 13.40 in Kupang."""
NONE = "\N{EN DASH}"
MOST_BYTES = 400_000
QUERIES = 6


@pytest.fixture
def store(tmp_path: Path, database: str) -> Iterator[Store]:
    made = Store.open(tmp_path, database)
    yield made
    made.close()


def shown(store: Store, now_ms: int = FRIDAY, zone: str = "wita") -> str:
    answer = create_page(store, zone, lambda: now_ms / 1000).test_client().get("/")
    assert answer.status_code == 200
    assert HEADERS.items() <= dict(answer.headers).items()
    return answer.get_data(as_text=True)


def cells(page: str, station: str) -> list[str]:
    """The text of the station's row."""
    row = re.search(rf'<tr><th scope="row">{station}.*?</tr>', page, re.DOTALL)
    assert row
    plain = (re.sub(r"<[^>]+>", " ", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row[0], re.DOTALL))
    return [" ".join(cell.split()) for cell in plain]


def test_what_a_station_told_is_shown(hub: Hub) -> None:
    """Real frames, through the stations' door: 40 came, 12 more are promised by the signed word."""
    now_ms = int(NOW * 1000)
    receipt = {"movement": "receive", "document": "BAST-1", "moves": [["wni", "BAST-1", "supplier", "vault", 1500]]}
    hub.journal.append("stock", receipt)
    spoilt = {"movement": "spoil", "cause": "damaged", "moves": [["wni", "BAST-1", "vault", "spoiled", 2]]}
    hub.journal.append("stock", spoilt)
    body = b"".join(frame.line for frame in hub.journal.frames)
    hub.journal.stock(12)
    assert hub.ship(body).status_code == 200
    found = cells(shown(hub.store, now_ms), "kupang-01")
    assert found[2] == "12"
    assert found[4:6] == ["1.498", "0"]
    assert found[6].split() == ["1", "WNI", "BAST-1", "1.498"]
    hub.ship()
    assert cells(shown(hub.store, now_ms), "kupang-01")[2:4] == [NONE, NONE]


def test_300_stations_at_the_price_of_three(store: Store, measured: Measured) -> None:
    populate(store, 300, FRIDAY)
    asked: Counter[str] = Counter()

    @event.listens_for(store._engine, "before_cursor_execute")
    def note(_c: object, _d: object, statement: str, *_: object) -> None:
        asked[statement.split(maxsplit=1)[0]] += 1

    shown(store)  # templates are compiled once
    asked.clear()
    start = time.perf_counter()
    page = shown(store)
    took = time.perf_counter() - start
    measured(
        f"the centre's page of 300 stations on {store._engine.dialect.name}: {took:.2f} s, {len(page) >> 10} KiB"
    )
    assert asked["SELECT"] == QUERIES + 1  # loans are read for the alarms too
    assert len(re.findall(r'<tr><th scope="row">[a-z]', page)) == 300
    assert len(page) < MOST_BYTES


def test_trouble_comes_first(store: Store) -> None:
    populate(store, 40, FRIDAY)
    lines = overview(store, FRIDAY, 8).stations
    ranks = [(bool(line.alarms), line.silent(FRIDAY)) for line in lines]
    assert ranks == sorted(ranks, reverse=True)
    assert ranks[0] != ranks[-1]


def test_days_begin_in_the_zone_that_was_asked_for(hub: Hub) -> None:
    """Midnight in Kupang is an hour before it in Jakarta, and an hour past it in Jayapura."""
    midnight_wita = 20_000 * DAY_MS - 8 * HOUR_MS
    hub.journal.stock(20)
    for at_ms, moved in ((midnight_wita - 1, 5), (midnight_wita, 7)):
        said = {"movement": "spoil", "cause": "damaged", "moves": [["wni", "L1", "vault", "spoiled", moved]]}
        hub.journal.append("stock", said, at_ms)
    hub.ship()
    for zone_h, wanted in ((8, [5, 7]), (7, [0, 12]), (9, [0, 12])):
        days = overview(hub.store, midnight_wita + 1, zone_h).days
        assert len(days) == DAYS
        made = {day.number: day.made["spoiled"] for day in days}
        last = (midnight_wita + zone_h * HOUR_MS) // DAY_MS
        assert [made[last - 1], made[last]] == wanted


def test_an_alarm_is_cleared_by_name_and_comes_back(store: Store) -> None:
    populate(store, 3, FRIDAY)

    def read() -> list[alarms.Alarm]:
        with store.snapshot() as connection:
            return alarms.read(connection, FRIDAY)

    [alarm] = read()
    assert alarm.id in shown(store)
    for by, reason in (("", "counted again"), ("yosep", " ")):
        with pytest.raises(UsageError, match="by name and with a reason"):
            alarms.clear(store, alarm.id, by, reason, FRIDAY)
    alarms.clear(store, alarm.id, "yosep", "counted again", FRIDAY)
    assert alarm.id not in shown(store)
    [cleared] = read()
    assert (cleared.cleared_by, cleared.cleared_reason, cleared.is_open) == ("yosep", "counted again", False)
    with pytest.raises(UsageError, match="no open alarm"):
        alarms.clear(store, alarm.id, "yosep", "again", FRIDAY)
    with store.transaction() as connection:
        raise_alarm(connection, alarm.station, alarm.kind, alarm.detail, FRIDAY + 1)
    assert alarm.id in shown(store)


def test_only_a_browser_on_this_machine_is_answered(store: Store) -> None:
    client = create_page(store, "wita", lambda: 0).test_client()
    for host in ("localhost:8441", "127.0.0.1", "[::1]:8441"):
        assert client.get("/", headers={"Host": host}).status_code == 200
    for host in ("evil.example", "127.0.0.1.evil.example", "hub.example:8441", "[", "", "[::1", ":8441"):
        assert client.get("/", headers={"Host": host}).status_code == 403
    assert client.post("/").status_code == 405


def test_the_stations_door_does_not_know_the_page(hub: Hub) -> None:
    app = create_app(hub.store, hub.keys, hub.clock)
    public = [rule.rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]
    assert all(path.startswith("/v1/") for path in public)
    assert hub.http.get("/").status_code == 404


def test_every_alarm_has_its_words() -> None:
    raised = {str(fault) for fault in Fault} | {
        "gap",
        "fork",
        "rollback",
        "incarnation",
        "superseded",
        "station-lost",
        "key-retired",
    }
    for path in (ROOT / "kiosk" / "hub").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("alarm"):
                said = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
                raised |= {str(kind) for kind in said[:1]}
    assert raised == set(ALARMS)
