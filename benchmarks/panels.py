"""What a colour card weighs on the wire, and what drawing and compressing it costs, over the faces of many residents.

    .venv/bin/python -m benchmarks.panels [--faces 200]

The residents are invented, the same each time. Each face is drawn as the station draws it and downloaded onto a YMCKO
ribbon in each form that `printer.compression` knows. A ratio is bytes by those of `none`, the same panels at the same
depth as they are, commands and all: our card has dye under the portrait alone, and one with a photo from edge to edge
would shrink less. Times are of one thread, milliseconds a face; the first face, which loads Pillow,
numpy and the fonts, is drawn before.

Bars, held against the default form: the heaviest card's ratio; and drawing plus compressing, at its 95th percentile,
as a part of the 16 s that a card takes on a printer of 225 cards an hour.

The result is printed, and kept in benchmarks/results/panels.json. Takes 15 s.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, TypeVar

from benchmarks.machine import machine, report
from drivers.printers.evolis_panels import COMPRESSIONS, downloads
from drivers.protocols import Face
from kiosk.config import PrinterConfig
from kiosk.core.records import Record
from kiosk.render import render_face
from kiosk.rig.residents import invent
from kiosk.rig.specimen import unsigned

T = TypeVar("T")

SEED, ISSUED, WNA_SHARE = 2018, date(2018, 8, 14), 0.1
RIBBON = "ymcko"
DEFAULT = PrinterConfig().compression
CARD_S = 3600 / 225
BYTES_PER_S = 115_200 / 10
BARS = {"bytes_ratio": 0.60, "time_ratio": 0.10}


def records(count: int) -> Iterator[Record]:
    for number, resident in enumerate(invent(SEED, count, issued=ISSUED, wna_share=WNA_SHARE)):
        yield unsigned(resident, ref=f"{number:032x}")


def timed(call: Callable[[], T]) -> tuple[T, float]:
    begun = time.perf_counter()
    result = call()
    return result, (time.perf_counter() - begun) * 1_000


def weighed(face: Face, compression: str) -> tuple[int, float]:
    """Bytes of all downloads, and milliseconds."""
    made, ms = timed(lambda: downloads(face, RIBBON, compression))
    return sum(map(len, made)), ms


def percentiles(values: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=20)
    return {"p50": round(statistics.median(values), 2), "p95": round(cuts[18], 2), "max": round(max(values), 2)}


def measure(count: int) -> dict[str, Any]:
    render_face(next(records(1)))
    render: list[float] = []
    sizes: dict[str, list[int]] = {form: [] for form in COMPRESSIONS}
    spent: dict[str, list[float]] = {form: [] for form in COMPRESSIONS}
    for record in records(count):
        face, ms = timed(lambda record=record: render_face(record))  # type: ignore[misc]
        render.append(ms)
        for form in COMPRESSIONS:
            size, ms = weighed(face, form)
            sizes[form].append(size)
            spent[form].append(ms)
    plain = sizes["none"]
    forms = {
        form: {
            "bytes_median": int(statistics.median(size)),
            "ratio": round(sum(size) / sum(plain), 4),
            "ratio_worst": round(max(ours / theirs for ours, theirs in zip(size, plain, strict=True)), 4),
            "serial_s": round(statistics.median(size) / BYTES_PER_S, 1),
            "compress_ms": percentiles(spent[form]),
        }
        for form, size in sizes.items()
    }
    both = percentiles([drawn + made for drawn, made in zip(render, spent[DEFAULT], strict=True)])
    return {"faces": count, "default": DEFAULT, "render_ms": percentiles(render), "both_ms": both, "forms": forms}


def judged(found: dict[str, Any]) -> dict[str, Any]:
    """The bars: [measured, limit, held]."""
    figures = {
        "bytes_ratio": found["forms"][DEFAULT]["ratio_worst"],
        "time_ratio": round(found["both_ms"]["p95"] / 1_000 / CARD_S, 4),
    }
    return {name: [figure, BARS[name], figure <= BARS[name]] for name, figure in figures.items()}


def main() -> None:
    """Print one JSON object and keep it; exit 0 whatever the figures are: a benchmark measures, it does not judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=int, default=200)
    before = machine()
    found = measure(parser.parse_args().faces)
    report("panels", before, {**found, "bars": judged(found)})


if __name__ == "__main__":
    main()
