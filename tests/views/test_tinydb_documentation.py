"""The examples of TinyDB 4.9.0's documentation ("Getting Started", "Advanced Usage"), against the view and against
TinyDB itself: the same answers, but for the differences that kiosk/views.py lists, each of which has a test here."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest
from tinydb import Query, TinyDB, operations, where
from tinydb.storages import MemoryStorage
from tinydb.table import Table

from kiosk.core.change import Change
from kiosk.views import ReadOnlyView, View, ViewTable

PEOPLE: list[dict[str, Any]] = [
    {"name": "John", "age": 22, "type": "apple", "groups": ["user"], "birthday": {"year": 1990, "month": 1}},
    {"name": "Jane", "age": 39, "type": "peach", "groups": ["user", "admin"], "birthday": {"year": 1985, "month": 6}},
    {"name": "jack", "age": 17, "type": "apple", "groups": [], "country-code": "fo\no", "count": 7},
    {"name": "Bob", "age": 22, "permissions": [{"type": "read"}, {"type": "write"}], "groups": [{"name": "admin"}]},
    {"name": "Ann", "age": None, "kind": {"a": {"b": [1, 2, 3]}}, "groups": "user"},
]  # fmt: skip
User, Group, Permission = Query(), Query(), Query()
FRAGMENT = {"age": 22, "type": "apple"}


def ours() -> ViewTable:
    view = View()
    view.apply(1, [Change("people", str(number), row) for number, row in enumerate(PEOPLE, start=1)])
    return view.table("people")


def stock() -> Table:
    table = TinyDB(storage=MemoryStorage).table("people")
    table.insert_multiple([dict(row) for row in PEOPLE])
    return table


def adult(value: Any) -> bool:
    return value is not None and value >= 18


QUERIES: dict[str, Query] = {
    "==": User.name == "John",
    "!=": User.name != "John",
    "<": User.count < 8,
    "<=": User.count <= 7,
    ">": User.count > 7,
    ">=": User.count >= 7,
    "where": where("name") == "Jane",
    "nested": User.birthday.year == 1990,
    "not an identifier": User["country-code"] == "fo\no",
    "deep": User.kind.a.b.any([3]),
    "exists": User.type.exists(),
    "matches": User.name.matches("J.*n"),
    "matches, flags": User.name.matches("JANE", flags=re.IGNORECASE),
    "search": User.name.search("b$"),
    "test": User.age.test(adult),
    "test, arguments": User.age.test(lambda value, low, high: value is not None and low <= value <= high, 20, 30),
    "any of": User.groups.any(["admin", "sudo"]),
    "any, query": User.groups.any(Group.name == "admin"),
    "any, test": User.permissions.any(Permission.type == "write"),
    "all of": User.groups.all(["user"]),
    "all, query": User.permissions.all(Permission.type.one_of(["read", "write"])),
    "one of": User.name.one_of(["jane", "Ann", "Bob"]),
    "fragment": Query().fragment(FRAGMENT),
    "fragment, nested": User.birthday.fragment({"year": 1985}),
    "noop": Query().noop(),
    "map": User.age.map(lambda value: (value or 0) + 1) == 23,
    "not": ~(User.name == "John"),
    "and": (User.name == "John") & (User.age <= 30),
    "or": (User.name == "John") | (User.name == "Bob"),
    "nothing": User.name == "nobody",
}  # fmt: skip


def matched(table: Table, query: Query) -> list[dict[str, Any]] | str:
    try:
        return [dict(row) for row in table.search(query)]
    except TypeError as exc:  # as `<` between a number and None
        return str(exc)


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_query_finds_the_same(query: Query) -> None:
    found = matched(ours(), query)
    assert found == matched(stock(), query)
    if isinstance(found, list):
        assert ours().count(query) == stock().count(query) == len(found)
        assert ours().contains(query) == stock().contains(query) == bool(found)
        assert ours().get(query) == stock().get(query) == (found[0] if found else None)


def test_queries_find_something_and_not_everything() -> None:
    """The cases above would prove nothing if all were empty."""
    sizes = {name: len(found) for name, query in QUERIES.items() if isinstance(found := matched(ours(), query), list)}
    assert {name for name, size in sizes.items() if size == 0} == {">", "nothing"}
    assert {name for name, size in sizes.items() if size == len(PEOPLE)} == {"noop"}


def test_all_len_and_iteration_are_the_same() -> None:
    assert ours().all() == stock().all() == PEOPLE
    assert len(ours()) == len(stock()) == len(PEOPLE)
    assert list(ours()) == list(stock())


@pytest.mark.parametrize("wanted", [1, 5, 99])
def test_by_id(wanted: int) -> None:
    mine: Any = ours()
    assert mine.get(doc_id=str(wanted)) == stock().get(doc_id=wanted)
    assert mine.contains(doc_id=str(wanted)) == stock().contains(doc_id=wanted)


def test_by_several_ids_in_the_order_of_the_table() -> None:
    mine: Any = ours()
    assert mine.get(doc_ids=["3", "1", "99"]) == stock().get(doc_ids=[3, 1, 99]) == [PEOPLE[0], PEOPLE[2]]


def test_nothing_asked_is_the_same_error() -> None:
    for table in (ours(), stock()):
        with pytest.raises(RuntimeError, match="cond or doc_id"):
            table.get()  # type: ignore[call-overload]
        with pytest.raises(RuntimeError, match="cond or doc_id"):
            table.contains()


def test_an_empty_query_is_refused_as_by_tinydb() -> None:
    for table in (ours(), stock()):
        with pytest.raises(RuntimeError, match="Empty query"):
            table.search(Query())


def test_the_id_of_a_document_is_its_key() -> None:
    [mine] = ours().search(User.name == "Bob")
    [theirs] = stock().search(User.name == "Bob")
    assert (mine.doc_id, theirs.doc_id) == ("4", 4)


WRITES: dict[str, Callable[[Table], object]] = {
    "insert": lambda table: table.insert({"name": "x"}),
    "insert_multiple": lambda table: table.insert_multiple([{"name": "x"}]),
    "update": lambda table: table.update({"age": 1}),
    "update, operation": lambda table: table.update(operations.increment("age"), User.name == "John"),
    "update, ids": lambda table: table.update({"age": 1}, doc_ids=[1]),
    "update_multiple": lambda table: table.update_multiple([({"age": 1}, where("name") == "John")]),
    "upsert": lambda table: table.upsert({"name": "John", "age": 1}, User.name == "John"),
    "remove": lambda table: table.remove(User.name == "John"),
    "remove, ids": lambda table: table.remove(doc_ids=[1]),
    "truncate": lambda table: table.truncate(),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_difference_no_write_gets_through_the_table(write: Callable[[Table], object]) -> None:
    table, theirs = ours(), stock()
    with pytest.raises(ReadOnlyView):
        write(table)
    assert table.all() == PEOPLE
    write(theirs)
    assert theirs.all() != PEOPLE


def mutations(row: dict[str, Any]) -> None:
    row["groups"].append("changed")
    row["age"] = 99


ASKED: dict[str, Callable[[Any], dict[str, Any]]] = {
    "get": lambda table: table.get(User.name == "John"),
    "get, id": lambda table: table.get(doc_id=table.document_id_class(1)),
    "get, ids": lambda table: table.get(doc_ids=[1])[0],
    "search": lambda table: table.search(User.name == "John")[0],
    "search twice": lambda table: [table.search(User.name == "John"), table.search(User.name == "John")][1][0],
    "all": lambda table: table.all()[0],
    "iteration": lambda table: next(iter(table)),
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_difference_a_result_that_is_changed_changes_nothing_else(asked: Callable[[Any], dict[str, Any]]) -> None:
    table = ours()
    mutations(asked(table))
    assert table.get(User.name == "John") == PEOPLE[0]


def test_stock_tables_do_alias() -> None:
    """What the difference above is for."""
    table = TinyDB(storage=MemoryStorage).table("people")
    table.insert({"name": "John", "groups": ["user"]})
    table.search(User.name == "John")[0]["groups"].append("changed")
    assert table.all()[0]["groups"] == ["user", "changed"]


def test_difference_a_key_is_not_given_out_again() -> None:
    storage = MemoryStorage()
    theirs = Table(storage, "people")
    first = theirs.insert({})
    theirs.remove(doc_ids=[first])
    assert Table(storage, "people").insert({}) == first  # as after a new start
    with pytest.raises(ReadOnlyView):
        ours()._get_next_id()


def test_difference_there_is_no_query_cache_to_be_stale() -> None:
    view = View()
    view.apply(1, [Change("people", "1", PEOPLE[0])])
    table = view.table("people")
    assert table.search(User.age == 23) == []
    view.apply(2, [Change("people", "1", {**PEOPLE[0], "age": 23})])
    assert len(table.search(User.age == 23)) == 1
    table.clear_cache()


# What an operation costs must not depend on how much is there.

Timed = Callable[[View, int], object]
CHANGES: dict[str, Timed] = {
    "insert": lambda view, n: view.apply(n, [Change("jobs", f"new{n}", {"n": n, "nested": [1, 2, 3]})]),
    "update": lambda view, n: view.apply(n, [Change("jobs", "j7", {"n": n, "nested": [1, 2, 3]})]),
    "remove": lambda view, n: view.apply(n, [Change("jobs", f"j{n}", None)]),
    "get": lambda view, n: view.get("jobs", f"j{n}"),
    "read": lambda view, n: view.read("jobs", f"j{n}"),
    "len": lambda view, n: len(view.table("jobs")),
}


def filled(count: int) -> View:
    view = View()
    view.apply(1, [Change("jobs", f"j{n}", {"n": n, "nested": [1, 2, 3]}) for n in range(count)])
    return view


@pytest.fixture(scope="module")
def sizes() -> tuple[View, View]:
    return filled(500), filled(50_000)


def median_s(operation: Timed, view: View) -> float:
    taken = []
    for n in range(10, 210):
        begun = time.perf_counter()
        operation(view, n)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


@pytest.mark.parametrize("operation", CHANGES.values(), ids=CHANGES)
def test_an_operation_by_key_takes_the_same_with_a_hundred_times_as_many(
    operation: Timed, sizes: tuple[View, View]
) -> None:
    small, large = sizes
    assert min(median_s(operation, large) / median_s(operation, small) for _ in range(5)) < 4


def test_a_search_does_not() -> None:
    """The measure above would find a walk through the table."""

    def search(view: View, n: int) -> object:
        return view.table("jobs").count(where("n") == n) if n < 13 else None

    small, large = filled(100), filled(10_000)
    begun = time.perf_counter()
    search(small, 10)
    between = time.perf_counter()
    search(large, 10)
    assert (time.perf_counter() - between) / (between - begun) > 10
