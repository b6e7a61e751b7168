"""ledger: verify, tail, trace, export."""

from __future__ import annotations

import codecs
import csv
import json
import re
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import IO, Any

import click

from kiosk.cli.context import App, pass_app
from kiosk.cli.telling import tell
from kiosk.core import history
from kiosk.core.frames import Frame
from kiosk.errors import UsageError
from kiosk.journal import Anchor, scan
from kiosk.journal.extract import extract
from kiosk.journal.index import Index
from kiosk.lives import found, stretch
from kiosk.verification import ENVELOPE_BYTES
from kiosk.verification import verify as verify_journal

PROGRESS_BYTES = 1 << 20


class WrittenHead(click.ParamType[Anchor]):
    """`4711:9f86d081884c7d65`, as on a shift slip: a frame, and its hash or the first 16 digits of it."""

    name = "SEQ:HEAD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Anchor:
        match = re.fullmatch(r"(\d{1,15}):([0-9a-f]{16,64})", str(value))
        if not match:
            self.fail(f"{value!r} is no frame and hash (4711:9f86d081884c7d65)", param, ctx)
        return Anchor(int(match[1]), match[2], f"--against {value}")


@click.group()
def ledger() -> None:
    """The journal itself. Reads the segments without a lock."""


@ledger.command()
@click.option(
    "--against", type=WrittenHead(), multiple=True,
    help="A frame and its hash as they were written down: 4711:9f86d081884c7d65.",
)  # fmt: skip
@pass_app
def verify(app: App, against: tuple[Anchor, ...]) -> None:
    """Check every frame: checksum, chain, sequence, and that each event fits the ones before it, however old.

    No chip is written for two cards; no record is printed twice without a reprint.

    Then against what was signed before: the station's checkpoints and the centre's receipt. Says how many frames
    nothing outside the station vouches for.
    """
    with _progress(app.data / "journal") as seen:
        found = verify_journal(app.data, against, seen)
    frames, held = found.view.seq, found.held
    said = {
        "frames": frames, "head": found.last.head if found.last else None, "view": found.view.digest,
        **held.answer(frames),
    }  # fmt: skip
    app.answer(said, lambda: f"{frames} frames, chain whole, head {said['head']}\n{held.text(frames)}")


@contextmanager
def _progress(directory: Path) -> Iterator[Callable[[Frame], None]]:
    """How far it is, on standard error, if a person watches it."""
    if not sys.stderr.isatty():
        yield lambda frame: None
        return
    size = sum(path.stat().st_size for path in directory.glob("seg-*"))
    with click.progressbar(length=size, label="checking", file=sys.stderr, update_min_steps=PROGRESS_BYTES) as bar:
        yield lambda frame: bar.update(len(frame.record) + ENVELOPE_BYTES)
        bar.update(size + PROGRESS_BYTES)  # what the estimate of the envelopes left


@ledger.command()
@click.option("--lines", type=click.IntRange(1), default=20, show_default=True, help="How many frames.")
@pass_app
def tail(app: App, lines: int) -> None:
    """The last frames, as stored."""
    frames = deque(scan(app.data / "journal"), maxlen=lines)
    last = [{"seq": f.seq, "kind": f.kind, "by": f.stamp.by, "time_ms": f.stamp.time_ms, **f.data} for f in frames]
    app.answer(last, lambda: "".join(frame.line.decode() for frame in frames).rstrip())


@ledger.command()
@click.argument("what")
@pass_app
def trace(app: App, what: str) -> None:
    """The life of a card or a lot, oldest first: who did what, when, by which evidence, and where the blanks went.

    WHAT is a job, the UID of a chip, a record's reference, the number of a handover paper (BAST) or of another
    document, a call-back number, a day (2018-08-14), or a frame (4711, or #4711 where a job has that name too).
    A frame that bears the time of a doubtful clock is told under the time at which it was written, as far as that can
    be proved. As JSON it is the frames as they are stored.
    """
    frames, about = found(app.data, what, _tell_of_indexing)
    stored = [json.loads(frame.line) for frame in frames] if app.as_json else []
    clocks = [] if app.as_json else list(Index(app.data, _tell_of_indexing).find([history.CLOCKS]))
    app.answer(stored, lambda: "\n".join(tell(frame, about, clocks) for frame in frames))


@cache
def _tell_of_indexing() -> None:
    """Once, to a person who waits: a quarter of a minute for a million frames."""
    if sys.stderr.isatty():
        click.echo("indexing the journal, this once", err=True)


class _Place(click.ParamType[int | date]):
    """A frame or a local day."""

    name = "SEQ|DATE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | date:
        place = history.as_day(str(value)) or history.as_sequence(str(value))
        return place or self.fail(f"{value!r} is no frame (4711) and no day (2018-08-14)", param, ctx)


@ledger.command()
@click.option("--from", "first", type=_Place(), help="First frame or day; the beginning without it.")
@click.option("--to", "last", type=_Place(), help="Last frame or day, included; the end without it.")
@click.option(
    "--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True,
    help="Frames as stored, or a row for each movement and for each frame without one.",
)  # fmt: skip
@pass_app
def export(app: App, first: int | date | None, last: int | date | None, form: str) -> None:
    """Write frames to standard output, of any number, checking the chain from the first segment read.

    Damage ends it with 3; what was written before is good. In CSV a cell that a spreadsheet would take for a formula
    has an apostrophe before it.
    """
    if app.as_json and form != "jsonl":
        raise UsageError("--json and --format csv: choose one")
    journal = app.data / "journal"
    frames = extract(journal, *stretch(journal, first, last))
    out = sys.stdout.buffer
    if form == "csv":
        _write_csv(frames, out)
    else:
        out.writelines(frame.line for frame in frames)
    out.flush()


COLUMNS = (
    "seq", "time", "by", "kind", "job", "record", "chip", "sku", "lot", "from", "to", "quantity", "cause", "body",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _write_csv(frames: Iterable[Frame], out: IO[bytes]) -> None:
    """RFC 4180, UTF-8."""
    writer = csv.writer(codecs.getwriter("utf-8")(out))
    writer.writerow(COLUMNS)
    for frame in frames:
        data, when = frame.data, datetime.fromtimestamp(frame.stamp.time_ms / 1000).astimezone()
        chip = data.get("uid") or data.get("outcome", {}).get("uid", "")
        head = [when.isoformat(timespec="milliseconds"), frame.stamp.by, frame.kind,
                data.get("job", ""), data.get("ref", ""), chip]  # fmt: skip
        body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        for move in data.get("moves") or [[""] * 5]:
            writer.writerow([frame.seq, *map(_cell, [*head, *move, data.get("cause", ""), body])])


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
