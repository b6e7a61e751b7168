"""IPP messages as a printer reads and writes them (RFC 8010, 3). Written from the standard, without the driver."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["Attribute", "Request", "read", "written"]

OPERATION, JOB, END, PRINTER, UNSUPPORTED = 0x01, 0x02, 0x03, 0x04, 0x05
INTEGER, BOOLEAN, ENUM, TEXT, NAME, KEYWORD, URI, CHARSET, LANGUAGE, MIME = (
    0x21, 0x22, 0x23, 0x41, 0x42, 0x44, 0x45, 0x47, 0x48, 0x49,
)  # fmt: skip
_FIRST_VALUE_TAG = 0x10

Attribute = tuple[int, str, list[bytes]]
"""Value tag, name, values as on the wire."""


@dataclass
class Request:
    """`said`: values by name, of all groups; `document`: what follows the attributes."""

    operation: int = 0
    number: int = 0
    said: dict[str, list[bytes]] = field(default_factory=dict)
    document: bytes = b""

    def text(self, name: str) -> str:
        return self.said.get(name, [b""])[0].decode("utf-8", "replace")

    def integer(self, name: str) -> int | None:
        values = self.said.get(name)
        return int.from_bytes(values[0], "big", signed=True) if values else None


def read(message: bytes) -> Request:
    """ValueError if its attributes do not end."""
    request = Request(int.from_bytes(message[2:4], "big"), int.from_bytes(message[4:8], "big"))
    at, name = 8, ""
    while True:
        if at >= len(message):
            raise ValueError("attributes without an end")
        tag, at = message[at], at + 1
        if tag == END:
            request.document = message[at:]
            return request
        if tag < _FIRST_VALUE_TAG:
            continue
        size, at = int.from_bytes(message[at : at + 2], "big"), at + 2
        name, at = message[at : at + size].decode() or name, at + size
        size, at = int.from_bytes(message[at : at + 2], "big"), at + 2
        request.said.setdefault(name, []).append(message[at : at + size])
        at += size


def written(status: int, number: int, groups: Iterable[tuple[int, list[Attribute]]]) -> bytes:
    """A response of version 2.0, its operation group first."""
    head = [(CHARSET, "attributes-charset", [b"utf-8"]), (LANGUAGE, "attributes-natural-language", [b"en"])]
    body = b"\x02\x00" + status.to_bytes(2, "big") + number.to_bytes(4, "big") + _group(OPERATION, head)
    return body + b"".join(_group(tag, attributes) for tag, attributes in groups) + bytes([END])


def _group(tag: int, attributes: list[Attribute]) -> bytes:
    out = bytes([tag])
    for kind, name, values in attributes:
        for at, value in enumerate(values):
            called = b"" if at else name.encode()
            out += bytes([kind]) + len(called).to_bytes(2, "big") + called + len(value).to_bytes(2, "big") + value
    return out


def number(value: int) -> bytes:
    return value.to_bytes(4, "big", signed=True)
