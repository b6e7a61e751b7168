"""IPP messages (RFC 8010) as values, both ways. Pure.

Sure of: the encoding and the enums, from the RFCs; that CUPS 2.4 and `ippeveprinter` speak so, by test.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

__all__ = ["NOT_FOUND", "Attributes", "Job", "JobState", "Operation", "Reply", "Value", "as_job", "parse", "request"]

Value = int | bool | str | bytes
Attributes = Mapping[str, tuple[Value, ...]]

NOT_FOUND = 0x0406
_VERSION = 0x0200
_OPERATION_GROUP, _JOB_GROUP, _END, _PRINTER_GROUP = 0x01, 0x02, 0x03, 0x04
_INTEGER, _BOOLEAN, _ENUM = 0x21, 0x22, 0x23
_COLLECTION, _END_COLLECTION = 0x34, 0x37
_STRINGS = range(0x40, 0x60)
_KEYWORD, _URI, _CHARSET, _LANGUAGE, _MIME, _NAME = 0x44, 0x45, 0x47, 0x48, 0x49, 0x42


class Operation(IntEnum):
    PRINT_JOB = 0x0002
    CANCEL_JOB = 0x0008
    GET_JOB_ATTRIBUTES = 0x0009
    GET_JOBS = 0x000A
    GET_PRINTER_ATTRIBUTES = 0x000B


class JobState(IntEnum):
    PENDING = 3
    PENDING_HELD = 4
    PROCESSING = 5
    PROCESSING_STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9

    @property
    def ended(self) -> bool:
        return self >= JobState.CANCELED


@dataclass(frozen=True)
class Reply:
    """`status`: 0 to 0xFF is success. `groups`: each group after the operation's own, in order, with its tag.

    What is named twice in a group has the values of both: of nothing that stops a printer one half is lost.
    """

    status: int
    groups: tuple[tuple[int, Attributes], ...]

    @property
    def succeeded(self) -> bool:
        return self.status <= 0xFF

    @property
    def refused(self) -> bool:
        """A job was asked for, and none was begun. Of a time that ran out, or an error in device or document, it
        may have been: those come when the job is under way already (RFC 8011, B.1.4 and B.1.5)."""
        by_client = 0x0400 <= self.status < 0x0500 and self.status not in (_TIMEOUT, _DOCUMENT_FORMAT_ERROR)
        return by_client or self.status in _NOT_BEGUN

    @property
    def printer(self) -> Attributes:
        """An answer may have other groups before it, as of what it does not support (RFC 8011, 4.2.5.2)."""
        return next((attributes for tag, attributes in self.groups if tag == _PRINTER_GROUP), {})

    @property
    def jobs(self) -> list[Attributes]:
        return [attributes for tag, attributes in self.groups if tag == _JOB_GROUP]


_TIMEOUT, _DOCUMENT_FORMAT_ERROR = 0x0405, 0x0411
_NOT_BEGUN = frozenset({0x0501, 0x0502, 0x0503, 0x0506, 0x0507, 0x0509, 0x050A})


@dataclass(frozen=True)
class Job:
    """`name`: None where it was not told."""

    number: int
    state: JobState
    reasons: frozenset[str]
    name: str | None = None

    @property
    def is_good(self) -> bool:
        """Completed, and said so with no other word: the bytes being away, or errors on the way, are no card."""
        return self.state is JobState.COMPLETED and bool(self.reasons) and self.reasons <= _NOTHING_SAID


_NOTHING_SAID = frozenset({"none", "job-completed-successfully", "processing-to-stop-point"})
"""The last is what CUPS 2.4 says of every job that has ended (seen)."""


def request(
    operation: Operation, uri: str, user: str, job: int | None = None, *, wanted: Mapping[str, Value] | None = None,
    **named: Value | list[str],
) -> bytes:  # fmt: skip
    """One message to the printer `uri`, about `job` of it; a document follows it. `named`: "_" stands for "-".

    `wanted`: attributes of a job that is to be made.
    """
    attributes: dict[str, Value | list[str]] = {
        "attributes-charset": "utf-8",
        "attributes-natural-language": "en",
        "printer-uri": uri,
        **({} if job is None else {"job-id": job}),
        "requesting-user-name": user,
        **{name.replace("_", "-"): value for name, value in named.items()},
    }
    body = b"".join(_attribute(name, value) for name, value in attributes.items())
    if wanted:
        body += bytes([_JOB_GROUP]) + b"".join(_attribute(name, value) for name, value in wanted.items())
    return struct.pack(">HHIB", _VERSION, operation, 1, _OPERATION_GROUP) + body + bytes([_END])


_TAGS = {
    "attributes-charset": _CHARSET,
    "attributes-natural-language": _LANGUAGE,
    "printer-uri": _URI,
    "document-format": _MIME,
    "requesting-user-name": _NAME,
    "job-name": _NAME,
}


def _attribute(name: str, value: Value | list[str]) -> bytes:
    tag = _TAGS.get(name, _BOOLEAN if isinstance(value, bool) else _INTEGER if isinstance(value, int) else _KEYWORD)
    encoded = b""
    for each in value if isinstance(value, list) else [value]:
        content = _content(each)
        encoded += struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(content)) + content
        name = ""  # of a further value (RFC 8010, 3.1.5)
    return encoded


def _content(value: Value) -> bytes:
    if isinstance(value, bool):
        return bytes([value])
    if isinstance(value, int):
        return struct.pack(">i", value)
    return value.encode() if isinstance(value, str) else value


def parse(message: bytes) -> Reply:
    """ValueError if it is no IPP response. Members of collections are passed over: nothing here needs one."""
    if len(message) < 9 or message[0] not in (1, 2):
        raise ValueError("no IPP message")
    (status,) = struct.unpack_from(">H", message, 2)
    at, current, depth = 8, "", 0
    groups: list[tuple[int, dict[str, list[Value]]]] = []
    while (tag := _byte(message, at)) != _END:
        at += 1
        if tag < 0x10:
            _must_be_whole(depth)
            groups.append((tag, {}))
            current = ""
            continue
        name, at = _counted(message, at)
        content, at = _counted(message, at)
        if name:
            _must_be_whole(depth)
            current = name.decode("ascii", "replace")
        depth += (tag == _COLLECTION) - (tag == _END_COLLECTION)
        if depth < 0 or not groups or not current:
            raise ValueError("a value of no attribute")
        if not depth and tag != _END_COLLECTION:
            groups[-1][1].setdefault(current, []).append(_value(tag, content))
    _must_be_whole(depth)
    told = [(tag, {name: tuple(values) for name, values in said.items()}) for tag, said in groups]
    return Reply(status, tuple(each for each in told if each[0] != _OPERATION_GROUP))


def _must_be_whole(depth: int) -> None:
    if depth:
        raise ValueError("a collection has no end")


def _byte(message: bytes, at: int) -> int:
    if at >= len(message):
        raise ValueError("the message has no end")
    return message[at]


def _counted(message: bytes, at: int) -> tuple[bytes, int]:
    if at + 2 > len(message):
        raise ValueError("the message has no end")
    end = at + 2 + int.from_bytes(message[at : at + 2], "big")
    if end > len(message):
        raise ValueError("the message has no end")
    return message[at + 2 : end], end


def _value(tag: int, content: bytes) -> Value:
    if tag in (_INTEGER, _ENUM):
        if len(content) != 4:
            raise ValueError("an integer has four bytes")
        return int.from_bytes(content, "big", signed=True)
    if tag == _BOOLEAN:
        return content == b"\1"
    return content.decode("utf-8", "replace") if tag in _STRINGS else content


def as_job(said: Attributes) -> Job:
    """ValueError if it does not tell which one, and how it stands."""
    try:
        (number,), (state,) = said["job-id"], said["job-state"]
    except KeyError as exc:
        raise ValueError(f"a job without {exc}") from None
    if type(number) is not int or type(state) is not int:
        raise ValueError(f"a job is called {number!r}, its state {state!r}")
    names = said.get("job-name", ())
    return Job(
        number, JobState(state), frozenset(map(str, said.get("job-state-reasons", ()))),
        str(names[0]) if len(names) == 1 else None,
    )  # fmt: skip
