"""ledger: verify, tail."""

from __future__ import annotations

from collections import deque

import click

from kiosk.books import replay
from kiosk.cli.context import App, pass_app
from kiosk.journal import scan


@click.group()
def ledger() -> None:
    """The journal itself. Reads the segments without a lock."""


@ledger.command()
@pass_app
def verify(app: App) -> None:
    """Check every frame: checksum, chain, sequence, and that each event fits the ones before it."""
    last = None

    def counted() -> object:
        nonlocal last
        for frame in scan(app.data / "journal"):
            last = frame
            yield frame

    view = replay(counted())  # type: ignore[arg-type]
    found = {"frames": view.seq, "head": last.head if last else None, "view": view.digest}
    app.answer(found, lambda: f"{view.seq} frames, chain whole, head {found['head']}")


@ledger.command()
@click.option("--lines", type=click.IntRange(1), default=20, show_default=True, help="How many frames.")
@pass_app
def tail(app: App, lines: int) -> None:
    """The last frames, as stored."""
    frames = deque(scan(app.data / "journal"), maxlen=lines)
    found = [{"seq": f.seq, "kind": f.kind, "by": f.stamp.by, "time_ms": f.stamp.time_ms, **f.data} for f in frames]
    app.answer(found, lambda: "".join(frame.line.decode() for frame in frames).rstrip())
