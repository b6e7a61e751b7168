"""Runs cases of a fuzzer, each within a budget of work, and keeps what was found.

Work is counted in calls, not in seconds: a slow machine finds no hang that is none, and the same case is the same.
"""

from __future__ import annotations

import hashlib
import logging
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType, TracebackType
from typing import Protocol

AWKWARD = (
    b"", b"\x00", b"\xff", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"\n", b"\r\n", b"\x1b", b"\xef\xbb\xbf",
    b"[" * 5000, b'{"a":' * 3000, b"9" * 5000, b"0x" + b"f" * 5000,
    b"-1", b"1e999", b"NaN", b"null", b"true", b"[]", b"{}", b"../" * 9,
    b"%00", b"&a [*a]", b"!!int ''", b"!!timestamp x", b"!!binary '%'", b"!!bool x", b"<<: 1", b"A" * 70_000,
    "\u0663\u00e9\u202e".encode(),
)  # fmt: skip


MOST_TOLD = 2_000
"""Characters of an error that somebody reads on a screen or in a log."""
MOST_KINDS = 40
MOST_SECONDS = 20.0
"""Of processor for one case, mostly in what no call is counted of: a pattern, a compression."""
MOST_KIB = 256 << 10
"""By so much the process may grow over all cases."""


class Finding(AssertionError):
    """The case had an effect that it must not have."""


class OverBudget(BaseException):
    """More work than any input may cost. No `Exception`: what is tried must not take it for its own."""


class Fuzzer(Protocol):
    """`budget`: calls that one case may cost. `declared`: the errors that may come out. `secrets`: what neither
    they nor the log may tell."""

    budget: int
    declared: tuple[type[Exception], ...]
    secrets: tuple[str, ...]

    def case(self, random: Random) -> bytes: ...

    def hold(self, case: bytes) -> str:
        """Give it to the code; how far it came. Raises `declared`, a Finding, or what is one."""

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


def peak_kib() -> int:
    """The most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@dataclass
class Report:
    """`taken`, `refused`: how many cases ended how, by what was reached and by the reason of a declared error.
    `found`: one for each place in the code. `kib`: the most memory that the process had."""

    taken: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    found: dict[str, Found] = field(default_factory=dict)
    cases: int = 0
    kib: int = field(default_factory=peak_kib)

    @property
    def told(self) -> str:
        """In lines: how many, and how they ended."""
        sums = f"{self.taken.total()} accepted, {self.refused.total()} refused, {len(self.found)} found"
        told = f"{self.cases} cases, {sums}"
        for way, counted in (("accepted", self.taken), ("refused", self.refused)):
            told += "".join(f"\n  {way:8} {count:7} {kind}" for kind, count in counted.most_common(MOST_KINDS))
        return told


def run(fuzzer: Fuzzer, seed: int, *, cases: int | None = None, seconds: float = 0.0) -> Report:
    """So many cases, or as many as begin within `seconds`."""
    report, random, end = Report(), Random(seed), time.monotonic() + seconds
    while report.cases < cases if cases is not None else time.monotonic() < end:
        one(fuzzer, fuzzer.case(random), report)
    return report


def one(fuzzer: Fuzzer, case: bytes, report: Report) -> None:
    report.cases += 1
    began = time.thread_time()
    with _Judged(fuzzer, case, report), _Overheard() as log:
        try:
            with bounded(fuzzer.budget):
                reached = fuzzer.hold(case)
        except fuzzer.declared as exc:
            _must_tell_little(str(exc), fuzzer.secrets)
            raise
        finally:
            _must_be_cheap(began, report)
            for line in log.lines:
                _must_tell_little(line, fuzzer.secrets)
                if "\n" in line:
                    raise Finding(f"what came from outside writes a line of its own into the log: {line!r}")
        report.taken[reached] += 1


class _Overheard(logging.Handler):
    """`lines`: what was logged in a `with`; it goes nowhere else."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    def __enter__(self) -> _Overheard:
        root = logging.getLogger()
        self._before, root.handlers = root.handlers, [self]
        return self

    def __exit__(self, *raised: object) -> None:
        logging.getLogger().handlers = self._before


def _must_tell_little(told: str, secrets: Iterable[str]) -> None:
    if told.encode(errors="replace").decode() != told:
        raise Finding("an error that no log and no page can hold")
    if len(told) > MOST_TOLD:
        raise Finding(f"an error of {len(told)} characters")
    if found := [each for each in secrets if each in told]:
        raise Finding(f"an error tells {found}")


def _must_be_cheap(began: float, report: Report) -> None:
    spent, before = time.thread_time() - began, report.kib
    if spent > MOST_SECONDS:
        raise Finding(f"{spent:.0f} s of processor")
    if peak_kib() > before + MOST_KIB:
        report.kib = peak_kib()
        raise Finding(f"{(report.kib - before) >> 10} MiB more than at the beginning")


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
            self.report.refused[str(getattr(exc, "reason", "") or type(exc).__name__)[:70]] += 1
        elif isinstance(exc, (Exception, OverBudget)):
            where = traceback.extract_tb(trace)[-1]
            place = f"{type(exc).__name__} at {where.filename}:{where.lineno}"
            told = "".join(f"{line[:300]}\n" for line in "".join(traceback.format_exception(exc)[-6:]).splitlines())
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
