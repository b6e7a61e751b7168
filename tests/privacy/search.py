"""Look for people in bytes: every usual encoding of what is known of them, in archives and streams too.

`search(folder, needles)` goes through any folder: a station's DATA, a mirror, a backup, an unpacked support bundle.
"""

from __future__ import annotations

import base64
import io
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

import numpy as np

SHORTEST = 5
"""Bytes of a needle: shorter ones are found by chance."""
DEEPEST = 3
MOST_INFLATED = 64 << 20
_LONG_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{64,}")
_ZLIB = frozenset((0x7801, 0x785E, 0x789C, 0x78DA))


@dataclass(frozen=True)
class Secret:
    """One thing that is known of somebody: `what` names it, `value` is its text, or bytes as they are."""

    what: str
    value: str | bytes


@dataclass(frozen=True)
class Found:
    """A secret, how it was written, and where: a file, and the members that lead to it."""

    what: str
    encoding: str
    where: str


def _base64(value: bytes) -> Iterator[bytes]:
    """What is the same of the Base64 of any text around it, for each of the three places it may begin at."""
    for offset in range(3):
        coded = base64.b64encode(bytes(offset) + value)
        whole = coded[-(-offset * 8 // 6) : (offset + len(value)) * 8 // 6]
        yield from {whole, whole.translate(bytes.maketrans(b"+/", b"-_"))}


def _bcd(digits: str) -> Iterator[bytes]:
    if digits.isdigit() and len(digits) % 2 == 0:
        yield bytes.fromhex(digits)
        yield bytes.fromhex("".join(b + a for a, b in zip(digits[::2], digits[1::2], strict=True)))


def _grouped(digits: str) -> Iterator[bytes]:
    if digits.isdigit() and len(digits) >= 8:
        for between in " .-":
            yield between.join(digits[at : at + 4] for at in range(0, len(digits), 4)).encode()


def _hex(value: bytes) -> Iterator[bytes]:
    yield value.hex().encode()
    yield value.hex(" ").encode()


def _cases(text: str) -> list[str]:
    return list(dict.fromkeys((text, text.lower(), text.upper(), text.title())))


ENCODINGS: dict[str, Callable[[str], Iterable[bytes]]] = {
    "plain": lambda text: [text.lower().encode()],
    "grouped": _grouped,
    "utf-16-le": lambda text: [text.lower().encode("utf-16-le")],
    "utf-16-be": lambda text: [text.lower().encode("utf-16-be")],
    "bcd": _bcd,
    "base64": lambda text: (each for form in _cases(text) for each in _base64(form.encode())),
    "hex": lambda text: (each for form in _cases(text) for each in _hex(form.encode())),
    "url": lambda text: [quote(text.lower(), safe="").lower().encode(), quote_plus(text.lower()).lower().encode()],
}
"""Name -> the forms of a text. Those of FOLDED are looked for without regard to upper and lower case."""
FOLDED = frozenset({"plain", "grouped", "utf-16-le", "utf-16-be", "hex", "url"})
_OF_BYTES: dict[str, Callable[[bytes], Iterable[bytes]]] = {
    "plain": lambda value: [value],
    "base64": _base64,
    "hex": _hex,
}


class Needles:
    """All forms of all secrets, found in one pass whatever their number: by three first bytes, then the rest."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._exact: dict[bytes, tuple[str, str]] = {}
        self._folded: dict[bytes, tuple[str, str]] = {}
        for secret in secrets:
            text = isinstance(secret.value, str)
            for name, forms in (ENCODINGS if text else _OF_BYTES).items():
                folded = name == "hex" or (text and name in FOLDED)
                for form in forms(secret.value):  # type: ignore[arg-type]
                    if len(form) >= SHORTEST:
                        (self._folded if folded else self._exact).setdefault(form, (secret.what, name))
        self._passes = [(_table(each), _by_start(each), each) for each in (self._exact, self._folded)]

    def __len__(self) -> int:
        return len(self._exact) + len(self._folded)

    def find(self, content: bytes) -> set[tuple[str, str]]:
        """What is in `content` as it is, and how it is written."""
        found: set[tuple[str, str]] = set()
        for data, (table, by_start, needles) in zip((content, content.lower()), self._passes, strict=True):
            if len(data) < 3:
                continue
            raw = np.frombuffer(data, np.uint8).astype(np.uint32)
            for at in np.flatnonzero(table[raw[:-2] << 16 | raw[1:-1] << 8 | raw[2:]]):
                for needle in by_start[data[at : at + 3]]:
                    if data.startswith(needle, at):
                        found.add(needles[needle])
        return found


def _table(needles: Iterable[bytes]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    table = np.zeros(1 << 24, np.bool_)
    for needle in needles:
        table[int.from_bytes(needle[:3], "big")] = True
    return table


def _by_start(needles: Iterable[bytes]) -> dict[bytes, list[bytes]]:
    starts: dict[bytes, list[bytes]] = defaultdict(list)
    for needle in needles:
        starts[needle[:3]].append(needle)
    return starts


def members(content: bytes) -> Iterator[tuple[str, bytes]]:
    """What is packed in `content`: files of a zip, long Base64, and gzip and zlib streams wherever they begin."""
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from ((name, archive.read(name)) for name in archive.namelist())
        return
    for run in _LONG_BASE64.finditer(content):
        coded = run[0].translate(bytes.maketrans(b"-_", b"+/"))
        yield f"Base64 at {run.start()}", base64.b64decode(coded[: len(coded) // 4 * 4])
    raw = np.frombuffer(content, np.uint8).astype(np.uint32)
    pairs = raw[:-1] << 8 | raw[1:]
    for at in np.flatnonzero(np.isin(pairs, [*_ZLIB, 0x1F8B])):
        stream = zlib.decompressobj(wbits=47)  # gzip or zlib, by its header
        try:
            inflated = stream.decompress(content[at:], MOST_INFLATED)
        except zlib.error:
            continue
        if inflated:
            yield f"stream at {at}", inflated


def search_bytes(where: str, content: bytes, needles: Needles, depth: int = 0) -> Iterator[Found]:
    for what, encoding in sorted(needles.find(content)):
        yield Found(what, encoding, where)
    if depth < DEEPEST:
        for name, member in members(content):
            yield from search_bytes(f"{where} > {name}", member, needles, depth + 1)


def search(folder: Path, needles: Needles) -> tuple[list[Found], int]:
    """What is found in the files of `folder`, their names included, and how many bytes were looked through."""
    found: list[Found] = []
    size = 0
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        found += [Found(what, how, f"the name {name}") for what, how in needles.find(name.encode())]
        if path.is_file():
            content = path.read_bytes()
            size += len(content)
            found += search_bytes(name, content, needles)
    return found, size
