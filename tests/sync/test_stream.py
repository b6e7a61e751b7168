"""Lines of the centre's list, however they are cut on the way: one item each, or none."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.sync.stream import LINE_BYTES, LONGEST_SKIPPED, OVERSIZE, RECORD, Item, NotItems, read_items

ITEMS = st.lists(st.text(max_size=40), max_size=8).map(
    lambda tokens: [Item(str(place * 3 + 1), RECORD, token) for place, token in enumerate(tokens)]
)


def line(item: Item) -> bytes:
    return json.dumps({"cursor": item.cursor, item.kind: item.token}).encode() + b"\n"


def cut(body: bytes, places: list[int]) -> Iterator[bytes]:
    ends = sorted({place % (len(body) + 1) for place in places} | {len(body)})
    begin = 0
    for end in ends:
        yield body[begin:end]
        begin = end


@settings(max_examples=60)
@given(ITEMS, st.lists(st.integers(0, 1 << 20), max_size=6), st.integers(0, 1 << 20))
def test_cut_anywhere_every_whole_line_counts_and_no_other(items: list[Item], places: list[int], end: int) -> None:
    body = b"".join(map(line, items))
    body = body[: end % (len(body) + 1)]
    assert list(read_items(cut(body, places))) == items[: body.count(b"\n")]


@pytest.mark.parametrize(
    "text",
    [
        b"<h1>Welcome to our hotel</h1>\n",
        b"\n",
        b"[]\n",
        b"{}\n",
        b'{"cursor":"1"}\n',
        b'{"record":"x"}\n',
        b'{"cursor":1,"record":"x"}\n',
        b'{"cursor":"x","record":"x"}\n',
        b'{"cursor":"1","record":7}\n',
        b'{"cursor":"' + b"1" * 20 + b'","record":"x"}\n',
    ],
)
def test_what_is_no_item_ends_the_list_after_those_before(text: bytes) -> None:
    found = read_items([b'{"cursor":"1","record":"a"}\n' + text])
    assert next(found) == Item("1", RECORD, "a")
    with pytest.raises(NotItems):
        next(found)


def test_the_longest_line_counts_and_a_longer_one_is_passed_over() -> None:
    fits = line(Item("1", RECORD, "a" * (LINE_BYTES - 26 - 3)))[:-1]
    assert len(fits) == LINE_BYTES
    longer = fits[:-2] + b'a"}'
    found = list(
        read_items([fits[:9], fits[9:] + b"\n" + longer[:5], longer[5:], b"\n", line(Item("3", RECORD, "b"))])
    )
    assert [item.kind for item in found] == [RECORD, OVERSIZE, RECORD]
    assert found[1] == Item("1", OVERSIZE, hashlib.sha256(longer).hexdigest())
    with pytest.raises(NotItems, match="begin with its cursor"):
        list(read_items([b'{"record":"' + b"a" * LINE_BYTES + b'","cursor":"1"}\n']))


def test_a_line_without_end_takes_no_memory_and_no_time() -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"cursor":"1","record":"'
        while True:
            yield b"a" * 65_536

    tracemalloc.start()
    try:
        with pytest.raises(NotItems, match="no end"):
            list(read_items(endless()))
        assert tracemalloc.get_traced_memory()[1] < 4 * LINE_BYTES < LONGEST_SKIPPED
    finally:
        tracemalloc.stop()
