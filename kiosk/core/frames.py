"""The journal frame: one line, one commit. Pure; docs/journal-format.md describes every byte.

    {"c":<crc32 of r>,"h":"<64 hex>","r":<r>}\\n
    r = {"s":seq,"v":version,"k":kind,"t":UTC ms,"b":[boot id, monotonic ms],"by":actor,"d":{...}}
    h = SHA-256(32 raw bytes of the previous h, zeros for the first, then the bytes of r)

The hash is over the stored bytes of `r`, so there is no question of canonical JSON.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

VERSION = 1
ZERO_HEAD = "0" * 64

# What every version has in common: the envelope, the chain, the number that a record begins with.
_LONG_NUMBER = re.compile(rb"(?:\A|[\s:,\[])-?[0-9]{19}")
# What has no 19 digits in a row, whichever they are, is told in a fifteenth of the time.
_DIGITS, _LONG = bytes.maketrans(b"0123456789", b"0" * 10), b"0" * 19
_BEGINNING = re.compile(rb'\{"s":([1-9][0-9]{0,17})(?=[,}])(?:,"v":[0-9]+,"k":"([a-z0-9-]{1,64})")?')
_ENVELOPE = re.compile(rb'\{"c":(\d{1,10}),"h":"([0-9a-f]{64})","r":(\{.*\})\}\n', re.DOTALL)
_KEYS = ["s", "v", "k", "t", "b", "by", "d"]
# Made once: `json.dumps` makes an encoder anew for each call that is not all defaults.
_EMPTY = hashlib.sha256()
"""To be copied: a new one looks its algorithm up first, which is a quarter of the whole."""
_encoded = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_quoted = lru_cache(maxsize=256)(_encoded)
"""Kinds, people, the boot: few texts, again and again."""


class FrameError(ValueError):
    """The line is not the frame that must follow; the message says why."""


class NewerVersion(FrameError):
    """Written by a later release: upgrade first. Never skipped."""


class Link(NamedTuple):
    """A frame as far as the chain goes, whatever else its record says.

    `kind`: empty if it is not where this version has it. `head`: the hash that the line claims.
    """

    seq: int
    kind: str
    head: str
    record: bytes


class Stamp(NamedTuple):
    """When and by whom: wall clock (ms since 1970 UTC), boot id, monotonic ms within that boot, actor."""

    time_ms: int
    boot: str
    monotonic_ms: int
    by: str


class Frame(NamedTuple):
    """`head` is this frame's own hash; `record` the stored bytes it covers; `data` the event's body.

    A tuple, because a frozen dataclass takes three times as long to make.
    """

    seq: int
    kind: str
    head: str
    stamp: Stamp
    data: dict[str, Any]
    record: bytes

    @property
    def line(self) -> bytes:
        return line_of(self.head, self.record)


def line_of(head: str, record: bytes) -> bytes:
    """The line of the frame with this hash and these stored bytes."""
    return f'{{"c":{zlib.crc32(record)},"h":"{head}","r":'.encode() + record + b"}\n"


def chain(previous_head: str, record: bytes) -> str:
    hashed = _EMPTY.copy()
    hashed.update(bytes.fromhex(previous_head) + record)
    return hashed.hexdigest()


def make_frame(seq: int, kind: str, stamp: Stamp, data: dict[str, Any], previous_head: str) -> Frame:
    """ValueError if `data` is not plain JSON (NaN, non-string keys and other objects are refused).

    `data` is taken back from the stored bytes, so that what is applied now is what a replay applies
    (docs/adr/0017-frames-are-written-by-orjson.md). orjson writes more than JSON has (NaN as null, dates as text) and
    less (integers of 64 bits): whatever does not come back as it went goes the strict way, which writes it or refuses
    it.
    """
    time_ms, boot, monotonic_ms, by = stamp
    before = (
        f'{{"s":{seq},"v":{VERSION},"k":{_quoted(kind)},"t":{time_ms},'
        f'"b":[{_quoted(boot)},{monotonic_ms}],"by":{_quoted(by)},"d":'
    )
    try:
        said = orjson.dumps(data)
        taken = orjson.loads(said)
    except orjson.JSONEncodeError:
        taken = None
    if taken != data:
        said = _encoded(data).encode()
        taken = json.loads(said)
    record = before.encode() + said + b"}"
    return Frame(seq, kind, chain(previous_head, record), stamp, taken, record)


def parse_line(line: bytes, previous_head: str, expected_seq: int | None = None) -> Frame:
    """Check one complete line (newline included) and return its frame. FrameError says what is wrong."""
    head, record = _unwrapped(line)
    if chain(previous_head, record) != head:
        raise FrameError("hash chain broken")
    frame = parse_record(record, head)
    if expected_seq is not None and frame.seq != expected_seq:
        raise FrameError(f"sequence {frame.seq}, expected {expected_seq}")
    return frame


def parse_link(line: bytes) -> Link:
    """Of a complete line of this version or a later one. Its place in the chain is for the caller to check.

    FrameError if it is damaged, or no frame of any version.
    """
    head, record = _unwrapped(line)
    beginning = _BEGINNING.match(record)
    if not beginning:
        raise FrameError("no sequence number")
    try:
        record.decode()
    except UnicodeDecodeError as exc:
        raise FrameError(f"record is not UTF-8: {exc}") from exc
    return Link(int(beginning[1]), (beginning[2] or b"").decode(), head, record)


def _unwrapped(line: bytes) -> tuple[str, bytes]:
    match = _ENVELOPE.fullmatch(line)
    if not match:
        raise FrameError("not a frame")
    if zlib.crc32(match[3]) != int(match[1]):
        raise FrameError("checksum differs")
    return match[2].decode(), match[3]


def parse_record(record: bytes, head: str) -> Frame:
    """The frame of stored bytes whose hash was checked. FrameError if this release can't read it."""
    try:
        body = _decoded(record)
    except (ValueError, RecursionError) as exc:
        raise FrameError(f"record is not JSON: {exc}") from exc
    if not isinstance(body, dict):
        raise FrameError("record is no object")
    if type(body.get("v")) is int and body["v"] > VERSION:
        raise NewerVersion(f"schema version {body['v']} is newer than {VERSION}: upgrade first")
    if list(body) != _KEYS:
        raise FrameError("record keys are wrong")
    seq, version, kind, time_ms, boot, by, data = body.values()
    if not (
        version == VERSION
        and type(seq) is type(time_ms) is int
        and type(kind) is type(by) is str
        and type(data) is dict
        and type(boot) is list
        and len(boot) == 2
        and type(boot[0]) is str
        and type(boot[1]) is int
    ):
        raise FrameError("record fields are wrong")
    return Frame(seq, kind, head, Stamp(time_ms, boot[0], boot[1], by), data, record)


def _decoded(record: bytes) -> Any:
    """As json.loads, where that takes it. orjson is five times as quick, refuses a little more, and makes another
    number of what has no place in 64 bits."""
    if _LONG not in record.translate(_DIGITS) or not _LONG_NUMBER.search(record):
        try:
            return orjson.loads(record)
        except orjson.JSONDecodeError:
            pass  # the other says what is wrong, if it is
    return json.loads(record)
