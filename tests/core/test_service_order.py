"""The order of service: total, the same whatever the list, within the quota, and nobody starves."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core import service_order
from kiosk.core.change import Change, ProjectionError
from kiosk.core.frames import ZERO_HEAD, Frame, Stamp, make_frame
from kiosk.core.movements import ApprovalError
from kiosk.core.records import Reason
from kiosk.core.service_order import HAS_CARD, JUST_CAME_MS, QUOTA_USED, Line, Rules, line, overtaken
from kiosk.core.workdays import DAY_MS, office_day

REASONS = [reason.value for reason in Reason]
MONDAY_MS = 20_000 * DAY_MS

ROW = st.fixed_dictionaries(
    {
        "reason": st.sampled_from(REASONS),
        "priority": st.integers(0, 3),
        "day": st.integers(0, 20),
    },
    optional={"ahead": st.integers(1, 50)},
)
RULES = st.builds(
    Rules,
    order=st.lists(st.sampled_from(REASONS), unique=True).map(tuple),
    step_days=st.integers(0, 10),
    quota=st.dictionaries(st.sampled_from(REASONS), st.integers(1, 4)),
)


def rows_of(drawn: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As the view has them: each came in a place of its own, the later ones in later frames."""
    placed = []
    for place, row in enumerate(sorted(drawn, key=lambda row: int(row["day"]))):
        came = MONDAY_MS + row["day"] * DAY_MS
        kept = {name: value for name, value in row.items() if name != "day"}
        placed.append({**kept, "ref": f"{place:032x}", "came": came, "order": [row["day"], place], "sku": "wni"})
    return placed


ROWS = st.lists(ROW, max_size=25).map(rows_of)


def line_of(rows: list[dict[str, Any]], rules: Rules, used: dict[str, int] | None = None) -> Line:
    fit = {row["ref"] for row in rows}
    counted = used or {}
    return line(
        sorted(rows, key=rules.key), fit, lambda reason: rules.quota.get(reason, 10**6) - counted.get(reason, 0)
    )


@given(rows=ROWS, rules=RULES, seed=st.integers())
def test_the_order_is_total_and_does_not_depend_on_how_the_rows_lie(
    rows: list[dict[str, Any]], rules: Rules, seed: int
) -> None:
    keys = [rules.key(row) for row in rows]
    assert len(set(map(repr, keys))) == len(rows)
    shuffled = random.Random(seed).sample(rows, len(rows))
    assert line_of(shuffled, rules) == line_of(rows, rules)
    assert sorted(row["ref"] for row in line_of(rows, rules).rows) == sorted(row["ref"] for row in rows)


@given(rows=ROWS, rules=RULES, used=st.dictionaries(st.sampled_from(REASONS), st.integers(0, 5)))
def test_a_quota_is_never_exceeded_and_never_left_unused(
    rows: list[dict[str, Any]], rules: Rules, used: dict[str, int]
) -> None:
    found = line_of(rows, rules, used)
    now = set(found.now)
    for reason, quota in rules.quota.items():
        mine = [row for row in rows if row["reason"] == reason and "ahead" not in row]
        served = sum(row["ref"] in now for row in mine)
        assert served == min(len(mine), max(0, quota - used.get(reason, 0)))
    assert all(row["ref"] in now for row in rows if "ahead" in row)
    places = [row["ref"] in now for row in found.rows]
    assert places == sorted(places, reverse=True), "who is not served stands behind"
    for part in (True, False):
        keys = [rules.key(row) for row in found.rows if (row["ref"] in now) is part]
        assert keys == sorted(keys)


@given(rows=ROWS, rules=RULES, a_day=st.integers(1, 3), data=st.data())
def test_nobody_starves(rows: list[dict[str, Any]], rules: Rules, a_day: int, data: st.DataObject) -> None:
    """However many come later: whoever comes when the steps are over stands behind, so the wait has an end that is
    known on the day of arrival."""
    others = [row for row in rows if "ahead" not in row]
    if not others:
        return
    last = max(others, key=rules.key)
    steps = (len(REASONS) + 1) * rules.step_days
    served, waiting, day = [], list(rows), 21
    while last["ref"] not in served:
        assert day < 21 + steps + 40 * len(rows), "no end"
        newcomer = data.draw(ROW)
        arrival = {
            "reason": newcomer["reason"], "priority": 0, "came": MONDAY_MS + day * DAY_MS, "sku": "wni",
            "ref": f"{day:032x}"[::-1], "order": [day, 0],
        }  # fmt: skip
        waiting.append(arrival)
        today = line_of(waiting, rules).now[: a_day + 1]  # one more than come, or nobody could ever be done
        served += today
        waiting = [row for row in waiting if row["ref"] not in today]
        if day > 20 + steps:
            assert rules.key(arrival) > rules.key(last)
        day += 1


def test_first_timers_go_before_replacements_until_those_have_waited_a_step() -> None:
    rules = Rules(order=("baru",), step_days=7)
    old = {"ref": "a", "reason": "hilang-rusak", "priority": 0, "came": MONDAY_MS, "order": [1, 0]}
    new = {"ref": "b", "reason": "baru", "priority": 9, "came": MONDAY_MS + 6 * DAY_MS, "order": [2, 0]}
    assert [row["ref"] for row in sorted([old, new], key=rules.key)] == ["b", "a"]
    new["came"] += 2 * DAY_MS
    assert [row["ref"] for row in sorted([old, new], key=rules.key)] == ["a", "b"]


def test_a_card_to_test_the_printer_with_comes_first() -> None:
    waits = {"ref": "a", "reason": "baru", "priority": 0, "came": 0, "order": [1, 0], "ahead": 1}
    assert Rules().key({"reason": "", "created": 7, "priority": -1}) < Rules().key(waits)


def test_a_person_who_has_a_card_takes_no_place_of_the_quota() -> None:
    rows = rows_of([{"reason": "hilang-rusak", "priority": 0, "day": day} for day in range(3)])
    rules = Rules(quota={"hilang-rusak": 1})
    found = line(sorted(rows, key=rules.key), {rows[1]["ref"], rows[2]["ref"]}, lambda reason: 1)
    assert found.now == [rows[1]["ref"]]
    assert found.why == {rows[0]["ref"]: HAS_CARD, rows[2]["ref"]: QUOTA_USED}


def test_who_is_overtaken() -> None:
    rows = rows_of([{"reason": "baru", "priority": 0, "day": day} for day in range(4)])
    first, second, third, last = (row["ref"] for row in rows)
    waiting, late = Line(rows, {}), rows[3]["came"] + JUST_CAME_MS
    assert overtaken(waiting, [first, second], late) == []
    assert overtaken(waiting, [first, third], late) == [second]
    assert overtaken(waiting, [second, last], late) == [first, third]
    assert overtaken(waiting, [last], late) == [first, second, third]
    assert overtaken(waiting, [last], rows[2]["came"]) == [first, second], "who has just come is not overtaken"
    assert overtaken(Line(rows, {second: HAS_CARD}), [third], late) == [first]
    assert overtaken(waiting, ["no such"], late) == []


# What frames make true.


def frame(seq: int, kind: str, time_ms: int = MONDAY_MS, **data: Any) -> Frame:
    return make_frame(seq, kind, Stamp(time_ms, "boot", seq, "op:maria"), data, ZERO_HEAD)


def put(state: dict[tuple[str, str], Any], changes: list[Change]) -> None:
    for change in changes:
        state[change.table, change.key] = change.document


def test_a_job_counts_on_its_day_and_gives_its_place_back() -> None:
    state: dict[tuple[str, str], Any] = {}

    def read(table: str, key: str) -> Any:
        return state.get((table, key))

    record = {"ref": "a", "reason": "baru", "came": 0, "order": [1, 0]}
    day = office_day(MONDAY_MS)
    jobs: list[dict[str, Any]] = []
    for seq, when in enumerate((day, day, day + 1), start=1):
        job: dict[str, Any] = {"reason": "baru"}
        put(state, service_order.begun(frame(seq, "job-created", day=when), record, job, read))
        jobs.append(job)
    assert [service_order.served(read, "baru", each) for each in (day, day + 1, day + 2)] == [2, 1, 0]
    put(state, service_order.given_back(jobs[0], read))
    assert service_order.served(read, "baru", day) == 1
    assert service_order.given_back({"reason": "baru"}, read) == []
    moved_up: dict[str, Any] = {"reason": "baru"}
    assert service_order.begun(frame(9, "job-created", day=day), {**record, "ahead": 3}, moved_up, read) == []
    assert "day" not in moved_up
    old: dict[str, Any] = {}
    put(state, service_order.begun(frame(4, "job-created"), record, old, read))
    assert old["day"] == day, "of a journal whose frames do not say it"
    for later in range(20):
        put(state, service_order.begun(frame(30 + later, "job-created", day=day + later), record, {}, read))
    assert len(state["served", "baru"]["days"]) == service_order.DAYS_KEPT


@pytest.mark.parametrize(
    ("record", "said", "error"),
    [
        (None, {}, ProjectionError),
        ({"state": "in-job"}, {}, ProjectionError),
        ({"state": "waiting", "ahead": 3}, {}, ProjectionError),
        ({"state": "waiting"}, {"reason": "friend"}, ProjectionError),
        ({"state": "waiting"}, {"approved": "op:maria"}, ApprovalError),
        ({"state": "waiting"}, {"approved": ""}, ApprovalError),
    ],
)
def test_a_jump_that_can_not_be(record: Any, said: dict[str, str], error: type[Exception]) -> None:
    body = {"ref": "a", "reason": "ill", "approved": "op:yosep", **said}
    found = {**record, "ref": "a", "reason": "baru", "sku": "wni"} if record else None
    with pytest.raises(error):
        service_order.jumped(frame(5, "queue-jump", **body), lambda table, key: found if table == "records" else None)
