"""What papers and stored bytes say of one history: the ground on which they are held against each other."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from kiosk.core.frames import Frame
from kiosk.core.records import Fields
from kiosk.reports.catalogue import CATALOGUE, NAMED
from kiosk.reports.named import Kelurahan, Whose
from kiosk.reports.paper import Paper, Table
from kiosk.reports.period import Period
from kiosk.reports.reading import read
from kiosk.views import View
from tests.purity import project
from tests.samples import FIELDS

KNOWN = Fields(**FIELDS)
PLACES = [Kelurahan("KELAPA LIMA", "OESAPA"), Kelurahan("OEBOBO", "LILIBA"), Kelurahan("KOTA LAMA", "LLBK")]


class Folded:
    """The stored bytes, folded by nothing of the program: balances at both ends, and every flow between accounts."""

    def __init__(self, frames: Iterable[Frame], period: Period) -> None:
        self.opening: Counter[tuple[str, str]] = Counter()
        self.closing: Counter[tuple[str, str]] = Counter()
        self.flows: Counter[tuple[str, str, str, str]] = Counter()
        self.came = self.served = 0
        for frame in frames:
            record = json.loads(frame.record)
            if record["t"] >= period.end_ms:
                continue
            if record["t"] >= period.begin_ms:
                self.came += len(record["d"].get("records", []))
                self.served += record["d"].get("state") == "completed"
            for sku, _, source, target, quantity in record["d"].get("moves", []):
                for books in [self.closing, *([self.opening] if record["t"] < period.begin_ms else [])]:
                    books[sku, source] -= quantity
                    books[sku, target] += quantity
                if record["t"] >= period.begin_ms:
                    self.flows[record["k"], sku, source, target] += quantity

    def into(self, sku: str, target: str, *but: str) -> int:
        return sum(n for (k, s, _, t), n in self.flows.items() if (s, t) == (sku, target) and k not in but)

    def out_of(self, sku: str, source: str) -> int:
        return sum(n for (_, s, f, _), n in self.flows.items() if (s, f) == (sku, source))


class Town:
    """Who is behind a reference: one in four is destroyed, the others live in three kelurahan."""

    def get(self, ref: str) -> Fields | None:
        number = int(ref, 16)
        place = PLACES[number % 3]
        return None if number % 4 == 0 else replace(
            KNOWN, nik=f"{number:016d}", nama=f"ORANG {number}", kecamatan=place.kecamatan, kel_desa=place.kel_desa
        )  # fmt: skip

    def call_of(self, nik: str) -> str:
        return "2026-11-03/001" if nik.endswith("1") else ""

    def has_biometrics(self, ref: str) -> bool:
        return int(ref, 16) % 2 == 0


@dataclass(frozen=True)
class Told:
    """`frames`, and what papers and bytes say of them in `period`."""

    frames: list[Frame]
    period: Period

    @cached_property
    def papers(self) -> dict[str, Paper]:
        reports = {name: entry.make() for name, entry in CATALOGUE.items()}
        basis = read(self.frames, self.period, reports.values())
        return {name: report.paper(self.period, basis) for name, report in reports.items()}

    def named(
        self, name: str, wanted: Sequence[Whose], period: Period | None = None
    ) -> list[tuple[Whose, Paper, list[str]]]:
        """That paper for each of `wanted`, from one reading."""
        when = period or self.period
        reports = [(whose, NAMED[name].make(Town(), whose)) for whose in wanted]
        basis = read(self.frames, when, [report for _, report in reports])
        return [(whose, report.paper(when, basis), report.named) for whose, report in reports]

    @cached_property
    def folded(self) -> Folded:
        return Folded(self.frames, self.period)

    @cached_property
    def view(self) -> View:
        """At the end of the period."""
        view = View()
        for frame in self.frames:
            if frame.stamp.time_ms < self.period.end_ms:
                view.apply(frame.seq, project(frame, view.read))
        return view

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        """All frames, from the stored bytes."""
        return [json.loads(frame.record) for frame in self.frames]


def rows(table: Table) -> Iterator[tuple[Any, ...]]:
    return iter(table.rows)
