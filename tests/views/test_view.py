"""What the view relies on of TinyDB 4.9.0's private surface, and what it promises on top."""

from __future__ import annotations

import json
import random

import pytest
from tinydb import where

from kiosk.core.change import Change
from kiosk.views import ReadOnlyView, View, load_snapshot


@pytest.fixture
def view() -> View:
    made = View()
    rows = {f"j{n}": {"id": f"j{n}", "n": n, "nested": {"list": [n]}} for n in range(5)}
    made.apply(5, [Change("jobs", key, row) for key, row in rows.items()])
    return made


def test_get_by_key_search_count_and_all(view: View) -> None:
    table = view.table("jobs")
    assert view.get("jobs", "j3") == {"id": "j3", "n": 3, "nested": {"list": [3]}}
    assert view.get("jobs", "none") is None
    assert [row["id"] for row in table.search(where("n") > 2)] == ["j3", "j4"]
    assert table.count(where("n") < 2) == 2
    assert len(table) == 5
    assert table.contains(where("id") == "j1")
    assert view.table("nothing").all() == []


def test_a_result_is_a_copy_all_the_way_down(view: View) -> None:
    for found in (view.get("jobs", "j1"), view.table("jobs").search(where("n") == 1)[0], view.table("jobs").all()[1]):
        assert found is not None
        found["nested"]["list"].append("changed")
        found["n"] = 99
    assert view.read("jobs", "j1") == {"id": "j1", "n": 1, "nested": {"list": [1]}}


def test_the_query_cache_is_off(view: View) -> None:
    before = view.table("jobs").search(where("n") == 1)
    view.apply(6, [Change("jobs", "j9", {"id": "j9", "n": 1, "nested": {}})])
    assert len(view.table("jobs").search(where("n") == 1)) == len(before) + 1


def test_writing_through_a_table_is_refused(view: View) -> None:
    table = view.table("jobs")
    for write in (
        lambda: table.insert({"id": "x"}),
        lambda: table.update({"n": 1}),
        lambda: table.remove(where("n") == 1),
        lambda: table.upsert({"id": "j1"}, where("id") == "j1"),
        table.truncate,
    ):
        with pytest.raises(ReadOnlyView):
            write()
    assert len(view.table("jobs")) == 5


def test_a_deleted_key_is_gone_and_an_empty_table_leaves_no_trace(view: View) -> None:
    view.apply(6, [Change("jobs", f"j{n}", None) for n in range(5)])
    assert json.loads(view.dump())["tables"] == {}


def test_a_snapshot_is_taken_only_with_its_digest(view: View, tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "snapshot.json"
    assert load_snapshot(path, view.digest) is None
    path.write_bytes(view.dump())
    again = load_snapshot(path, view.digest)
    assert again is not None
    assert again.dump() == view.dump()
    path.write_bytes(view.dump().replace(b"j1", b"j7"))
    assert load_snapshot(path, view.digest) is None


def test_records_are_found_by_state_after_any_changes() -> None:
    rng = random.Random(7)
    view = View({"records": {"r0": {"ref": "r0", "state": "waiting", "sku": "wni"}}}, 1)
    for seq in range(2, 300):
        key, state = f"r{rng.randrange(20)}", rng.choice(["waiting", "in-job", "issued", None])
        row = None if state is None else {"ref": key, "state": state, "sku": rng.choice(["wni", "wna"])}
        view.apply(seq, [Change("records", key, row)])
        for wanted in ({"state": "waiting"}, {"state": "issued", "sku": "wna"}, {"state": "no such"}, {"sku": "wni"}):
            right = [row for row in view.rows("records") if all(row[name] == wanted[name] for name in wanted)]
            assert sorted(view.rows("records", **wanted), key=str) == sorted(right, key=str)
            assert view.count("records", **wanted) == len(view.select("records", **wanted)) == len(right)
