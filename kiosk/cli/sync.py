"""sync: status, now, release, lift, rotate-keys, export, import."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from kiosk.cli.context import App, pass_app
from kiosk.control import NotRunning, call
from kiosk.core.authority import LiftReason
from kiosk.journal import scan


@click.group()
def sync() -> None:
    """The link to the centre."""


@sync.command()
@pass_app
def status(app: App) -> None:
    """What the centre has acknowledged, what waits, how far the station may go on without it, and the mirror."""
    try:
        running = call(app.data, "station.status", {}, app.named)
        told = {"mirror": running["mirror"], "keys": running["keys"]}
        found = {**(running["sync"] or {}), **running["authority"], **told}
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


@sync.command()
@click.option("--cards", default=0, type=click.IntRange(0), help="So many more, from now on.")
@click.option("--days", default=0, type=click.IntRange(0), help="So many more, from now on.")
@click.option(
    "--reason",
    required=True,
    type=click.Choice([each.value for each in LiftReason]),
    help="Why; it stands in the books.",
)
@pass_app
def lift(app: App, cards: int, days: int, reason: str) -> None:
    """Let the station go on beyond its limit without the centre; a supervisor's word, with the PIN (keping --as ID).

    At most as many as the config lets it do at all. It ends when the centre has the frame that says so.
    """
    left = app.execute("sync.lift", cards=cards, days=days, reason=reason)
    app.answer(left, lambda: f"{left['cards_left']} cards and {left['days_left']} days are left without the centre")


@sync.command("rotate-keys")
@pass_app
def rotate_keys(app: App) -> None:
    """Give the station new keys, which it uses as soon as the centre holds them (docs/keys.md).

    Until then, and without a link, all goes on with the old ones. `keping sync status` says whether it is done.
    """
    found = app.execute("sync.rotate-keys")
    app.answer(found, lambda: f"{found['fingerprint']} is replaced when the centre is reached: keping sync status")


STICK_S = 3600.0
"""A slow stick with a month on it."""


@sync.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--all", "everything", is_flag=True, help="From the first frame on: the centre lost some.")
@pass_app
def export(app: App, directory: Path, *, everything: bool) -> None:
    """Write what the centre has not confirmed to a stick, sealed for the centre.

    Carry it there (keping hub import); a stick that is lost costs nothing, the next one has it all again. Older ones
    of this station in DIRECTORY are replaced. When this has ended the stick may be pulled.
    """
    asked = {"directory": str(directory.absolute()), "everything": everything}
    found = app.execute("sync.export", STICK_S, **asked)
    app.answer(found, lambda: exported(found))


def exported(found: dict[str, Any]) -> str:
    written, frames = found["written"], found["through"] - found["after"]
    told = f"frames {found['after'] + 1} to {found['through']}, {frames} of them" if frames else "no new frame"
    return f"{told}, {written['size'] / 1e6:.1f} MB as {written['name']}: carry it to the centre"


@sync.command("import")
@click.argument("directory", type=click.Path(path_type=Path))
@pass_app
def import_(app: App, directory: Path) -> None:
    """Take the centre's receipt and new records from a stick. Anything else on it is left alone.

    Exits with 1 if something of it could not be used, and says why; what could be, is kept.
    """
    found = app.execute("sync.import", STICK_S, directory=str(directory.absolute()))
    app.answer(found, lambda: imported(found))
    if found["unused"]:
        sys.exit(1)


def imported(found: dict[str, Any]) -> str:
    confirmed = f"the centre has frame {found['acknowledged']}, {found['confirmed']} more than was known here"
    besides = [f", {found[what]} {what}" for what in ("refused", "withdrawn") if found[what]]
    unused = [f"not used, {each['reason']}: {each['detail']}" for each in found["unused"]]
    return "\n".join([f"{confirmed}; {found['records']} new records{''.join(besides)}", *unused])
