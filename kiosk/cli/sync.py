"""sync: status, now, release."""

from __future__ import annotations

import json
from pathlib import Path

import click

from kiosk.cli.context import App, pass_app
from kiosk.control import NotRunning, call
from kiosk.journal import scan


@click.group()
def sync() -> None:
    """The link to the centre."""


@sync.command()
@pass_app
def status(app: App) -> None:
    """What the centre has acknowledged, what waits, and how the mirror stands."""
    try:
        running = call(app.data, "station.status", {}, app.named)
        found = {**(running["sync"] or {}), "mirror": running["mirror"]}
    except NotRunning:
        last = max((frame.seq for frame in scan(app.data / "journal")), default=0)
        acknowledged = _noted(app.data / "sync" / "ack.json")
        found = {"online": False, "acknowledged": acknowledged, "unsent": last - acknowledged}
    app.answer(found, lambda: "\n".join(f"{name}: {value}" for name, value in found.items()))


def _noted(path: Path) -> int:
    """What was acknowledged when the station last ran; 0 if the note is lost: the centre knows it too."""
    try:
        return int(json.loads(path.read_bytes())["seq"])
    except (OSError, ValueError, TypeError, LookupError):
        return 0


@sync.command()
@pass_app
def now(app: App) -> None:
    """Look at the centre at once, whatever the back-off says. Needs a running station."""
    call(app.data, "sync.now", {}, app.named)
    app.answer({"asked": True}, lambda: "asked")


@sync.command()
@click.argument("refs", nargs=-1)
@click.option("--all-waiting", is_flag=True, help="Every record that is in no job and has no card.")
@click.option("--reason", required=True, help="Why they are given back; it stands in the books.")
@pass_app
def release(app: App, refs: tuple[str, ...], all_waiting: bool, reason: str) -> None:
    """Give records back to the centre, so that it may lease them to another station; a supervisor's word.

    None of them can be printed here again. The centre frees them when it has the frame that says so.
    """
    gone = app.execute("sync.release", refs=list(refs), reason=reason, all_waiting=all_waiting)
    app.answer(gone, lambda: f"{len(gone)} records given back; the centre knows when it is reached")
