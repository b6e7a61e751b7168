import hashlib
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kiosk.core.frames import ZERO_HEAD, FrameError, NewerVersion, Stamp, _decoded, chain, make_frame, parse_line

WORDS = st.text(st.characters(codec="utf-8"), max_size=20)


@dataclass
class Pair:
    left: int


AN_OBJECT = Pair(1)
STAMP = Stamp(1_790_000_000_000, "0123abcd", 42, "cli:maria")


def test_line_layout_is_the_documented_one() -> None:
    frame = make_frame(1, "genesis", STAMP, {"station": "kupang-01"}, ZERO_HEAD)
    assert frame.line == (
        b'{"c":3391361467,"h":"' + frame.head.encode() + b'","r":{"s":1,"v":1,"k":"genesis","t":1790000000000,'
        b'"b":["0123abcd",42],"by":"cli:maria","d":{"station":"kupang-01"}}}\n'
    ).replace(b"3391361467", frame.line[5 : frame.line.index(b",")])


def test_checksum_and_hash_agree_with_independent_arithmetic() -> None:
    first = make_frame(1, "genesis", STAMP, {"a": 1}, ZERO_HEAD)
    second = make_frame(2, "stock", STAMP, {"b": "é"}, first.head)
    body = json.loads(second.line)
    stored = second.line[second.line.index(b'"r":') + 4 : -2]
    assert body["c"] == zlib.crc32(stored)
    assert body["h"] == hashlib.sha256(bytes.fromhex(first.head) + stored).hexdigest()
    assert "é".encode() in stored


@given(st.binary(min_size=1, max_size=4), st.data())
def test_any_changed_byte_is_refused(noise: bytes, data: st.DataObject) -> None:
    line = make_frame(1, "stock", STAMP, {"moves": [["wni", "BAST-1", "vault", "shift", 5]]}, ZERO_HEAD).line
    at = data.draw(st.integers(0, len(line) - 1))
    changed = line[:at] + noise + line[at + len(noise) :]
    if changed != line:
        with pytest.raises(FrameError):
            parse_line(changed, ZERO_HEAD, 1)


def test_round_trip() -> None:
    frame = make_frame(7, "stock", STAMP, {"moves": []}, "ab" * 32)
    assert parse_line(frame.line, "ab" * 32, 7) == frame


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        {"in": [float("inf")]},
        {1, 2},
        b"bytes",
        date(2018, 8, 1),
        UUID(int=1),
        AN_OBJECT,
        "\ud800",
    ],
)
def test_what_is_not_json_is_refused(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        make_frame(1, "stock", STAMP, {"x": value}, ZERO_HEAD)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(WORDS, JSON, max_size=4))
def test_what_is_stored_is_what_was_given_and_what_a_replay_reads(data: dict[str, object]) -> None:
    frame = make_frame(1, "stock", STAMP, data, ZERO_HEAD)
    assert frame.data == data
    assert parse_line(frame.line, ZERO_HEAD, 1).data == data
    assert b"\n" not in frame.record
    assert b"\0" not in frame.record


@given(st.text())
def test_text_is_stored_as_the_standard_library_writes_it_or_refused(text: str) -> None:
    """The same bytes as in every journal written before."""
    try:
        expected = json.dumps(text, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        with pytest.raises(ValueError, match="surrogates"):
            make_frame(1, "stock", STAMP, {"x": text}, ZERO_HEAD)
    else:
        assert b'"d":{"x":' + expected + b"}}" in make_frame(1, "stock", STAMP, {"x": text}, ZERO_HEAD).record


@given(WORDS, WORDS, WORDS)
@example('"', "\\", "\n")
def test_kind_boot_and_person_are_stored_as_the_standard_library_writes_them(kind: str, boot: str, by: str) -> None:
    body = {"s": 1, "v": 1, "k": kind, "t": 5, "b": [boot, 6], "by": by, "d": {"x": 1}}
    frame = make_frame(1, kind, Stamp(5, boot, 6, by), {"x": 1}, ZERO_HEAD)
    assert frame.record == json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    assert parse_line(frame.line, ZERO_HEAD, 1) == frame


@pytest.mark.parametrize("number", [2**63, 2**64, 10**30, -(10**30)])
def test_a_large_integer_keeps_each_digit(number: int) -> None:
    frame = make_frame(1, "stock", STAMP, {"x": [number]}, ZERO_HEAD)
    assert frame.data == parse_line(frame.line, ZERO_HEAD).data == {"x": [number]}


def test_a_tuple_is_taken_back_as_the_list_that_a_replay_reads() -> None:
    assert make_frame(1, "stock", STAMP, {"x": (1, 2)}, ZERO_HEAD).data == {"x": [1, 2]}


def test_wrong_sequence_or_predecessor_is_refused() -> None:
    line = make_frame(3, "stock", STAMP, {}, "ab" * 32).line
    with pytest.raises(FrameError, match="sequence 3, expected 4"):
        parse_line(line, "ab" * 32, 4)
    with pytest.raises(FrameError, match="chain"):
        parse_line(line, "cd" * 32, 3)


def test_a_newer_version_says_upgrade_first() -> None:
    from kiosk.core import frames

    old = frames.VERSION
    frames.VERSION = old + 1
    try:
        line = make_frame(1, "stock", STAMP, {}, ZERO_HEAD).line
    finally:
        frames.VERSION = old
    with pytest.raises(NewerVersion, match="upgrade first"):
        parse_line(line, ZERO_HEAD, 1)


@pytest.mark.parametrize(
    "record",
    [
        b"[]",
        b'{"s":1}',
        b'{"s":1,"v":"1","k":"x","t":1,"b":["a",1],"by":"t","d":{}}',
        b'{"s":true,"v":1,"k":"x","t":1,"b":["a",1],"by":"t","d":{}}',
        b'{"s":1,"v":1,"k":"x","t":1,"b":["a"],"by":"t","d":{}}',
        b'{"s":1,"v":1,"k":"x","t":1,"b":null,"by":"t","d":{}}',
        b'{"s":1,"v":1,"k":"x","t":1,"b":["a",1],"by":"t","d":[]}',
        b'{"v":1,"s":1,"k":"x","t":1,"b":["a",1],"by":"t","d":{}}',
    ],
)
def test_a_sound_chain_over_a_senseless_record_is_refused(record: bytes) -> None:
    line = b'{"c":%d,"h":"%s","r":%s}\n' % (zlib.crc32(record), chain(ZERO_HEAD, record).encode(), record)
    with pytest.raises(FrameError):
        parse_line(line, ZERO_HEAD)


@given(
    st.one_of(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ).map(lambda value: json.dumps(value).encode()),
        st.text('[]{}:,"\\ -+.eE0123456789truefalsn', max_size=40).map(str.encode),
        st.binary(max_size=20),
    )
)
@example(b'{"n":123456789012345678901234567890}')
@example(b"[-18446744073709551616, 1e400, NaN]")
@example(b"20000000000000000000")
@example(b'"\\ud800"')
def test_a_record_is_read_as_the_standard_library_reads_it(record: bytes) -> None:
    assert read_by(_decoded, record) == read_by(json.loads, record)


def read_by(decode: Callable[[bytes], object], record: bytes) -> str:
    """With every digit and type, for NaN is not NaN and 1 is 1.0."""
    try:
        return repr(decode(record))
    except ValueError:
        return "refused"
