"""Runs cases of a fuzzer, each within a budget of work, and keeps what was found.

Work is counted in calls, not in seconds: a slow machine finds no hang that is none, and the same case is the same.
"""

from __future__ import annotations

import hashlib
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType, TracebackType
from typing import Protocol

AWKWARD = (
    b"", b"\x00", b"\xff", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"\n", b"\r\n", b"\x1b", b"\xef\xbb\xbf",
    b"[" * 5000, b'{"a":' * 3000, b"9" * 5000, b"-1", b"1e999", b"NaN", b"null", b"true", b"[]", b"{}", b"../" * 9,
    b"%00", b"&a [*a]", b"!!int ''", b"!!timestamp x", b"!!binary '%'", b"!!bool x", b"<<: 1", b"A" * 70_000,
    "\u0663\u00e9\u202e".encode(),
)  # fmt: skip


class Finding(AssertionError):
    """The case had an effect that it must not have."""


class OverBudget(BaseException):
    """More work than any input may cost. No `Exception`: what is tried must not take it for its own."""


class Fuzzer(Protocol):
    """`budget`: calls that one case may cost. `declared`: the errors that may come out."""

    budget: int
    declared: tuple[type[Exception], ...]

    def case(self, random: Random) -> bytes: ...

    def hold(self, case: bytes) -> None:
        """Give it to the code. Raises `declared`, a Finding, or what is one."""

    def close(self) -> None: ...


@dataclass(frozen=True)
class Found:
    """`told`: the end of its stack. `case`: what brings it about."""

    told: str
    case: bytes = field(repr=False)

    def save(self, directory: Path, name: str) -> Path:
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{name}-{hashlib.sha256(self.case).hexdigest()[:12]}"
        path.write_bytes(self.case)
        return path


@dataclass
class Report:
    """`refused`: cases that ended in a declared error; `found`: one for each place in the code."""

    cases: int = 0
    refused: int = 0
    found: dict[str, Found] = field(default_factory=dict)


def run(fuzzer: Fuzzer, seed: int, *, cases: int | None = None, seconds: float = 0.0) -> Report:
    """So many cases, or as many as begin within `seconds`."""
    report, random, end = Report(), Random(seed), time.monotonic() + seconds
    while report.cases < cases if cases is not None else time.monotonic() < end:
        one(fuzzer, fuzzer.case(random), report)
    return report


def one(fuzzer: Fuzzer, case: bytes, report: Report) -> None:
    report.cases += 1
    with _Judged(fuzzer, case, report), bounded(fuzzer.budget):
        fuzzer.hold(case)


@dataclass(frozen=True)
class _Judged:
    """What comes out of a case is counted, and goes no further: an interrupt alone does."""

    fuzzer: Fuzzer
    case: bytes
    report: Report

    def __enter__(self) -> None:
        """Nothing is prepared."""

    def __exit__(self, kind: object, exc: BaseException | None, trace: TracebackType | None) -> bool:
        if isinstance(exc, self.fuzzer.declared):
            self.report.refused += 1
        elif isinstance(exc, (Exception, OverBudget)):
            where = traceback.extract_tb(trace)[-1]
            place = f"{type(exc).__name__} at {where.filename}:{where.lineno}"
            told = "".join(traceback.format_exception(exc)[-6:])
            self.report.found.setdefault(place, Found(told, self.case))
        return isinstance(exc, (Exception, OverBudget))


@contextmanager
def bounded(budget: int) -> Iterator[None]:
    """OverBudget after so many calls in this thread."""
    left = budget

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OverBudget(f"more than {budget} calls")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(before)


def mutated(random: Random, sample: bytes, awkward: Sequence[bytes] = AWKWARD) -> bytes:
    """`sample` with up to four changes; now and then none."""
    content = bytearray(sample)
    for _ in range(random.choice((0, 1, 1, 1, 2, 4))):
        random.choice(_CHANGES)(random, content, awkward)
    return bytes(content)


def _span(random: Random, content: bytearray) -> slice:
    start = random.randint(0, len(content))
    return slice(start, start + random.choice((0, 1, 2, 8, 64)))


def _flip(random: Random, content: bytearray, awkward: Sequence[bytes]) -> None:
    if content:
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)


def _replace(random: Random, content: bytearray, awkward: Sequence[bytes]) -> None:
    content[_span(random, content)] = random.choice(awkward)


def _delete(random: Random, content: bytearray, awkward: Sequence[bytes]) -> None:
    del content[_span(random, content)]


def _double(random: Random, content: bytearray, awkward: Sequence[bytes]) -> None:
    span = _span(random, content)
    content[span.start : span.start] = content[span]


def _cut(random: Random, content: bytearray, awkward: Sequence[bytes]) -> None:
    del content[random.randint(0, len(content)) :]


def _noise(random: Random, content: bytearray, awkward: Sequence[bytes]) -> None:
    content[_span(random, content)] = random.randbytes(random.randint(1, 16))


_CHANGES: tuple[Callable[[Random, bytearray, Sequence[bytes]], None], ...] = (
    _flip, _replace, _replace, _delete, _double, _cut, _noise,
)  # fmt: skip
