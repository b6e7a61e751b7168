"""backup: make one, verify one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from kiosk import backup as copies
from kiosk.cli.context import App, pass_app
from kiosk.config import find_config


@click.command()
@click.argument("where", type=click.Path(path_type=Path))
@click.option("--verify", is_flag=True, help="Read the backup or mirror at WHERE and say whether it holds.")
@pass_app
def backup(app: App, where: Path, verify: bool) -> None:
    """Copy what the station can't do without to WHERE: one file if it ends in .zip, else a new directory.

    Beside a running station. It holds no resident's data and no key: the centre gives the records again, and a
    restored station is enrolled anew. Verifying needs neither station nor config, and does for the mirror too.
    """
    found = copies.check(where) if verify else copies.make(app.data, where, find_config(app.config_path))
    app.answer(vars(found), lambda: _text(found))


def _text(found: copies.Summary) -> str:
    made = f"made {_local(found.made_ms)}" if found.made_ms else "a mirror, without a manifest"
    journals = f"{found.journals} journals, " if found.journals > 1 else ""
    return (
        f"{found.station}, {journals}chain whole up to frame {found.seq} of {_local(found.last_ms)}\n"
        f"head {found.head}\n{found.checkpoints} checkpoints fit, {found.bytes} bytes, {made}"
    )


def _local(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000).astimezone().isoformat(" ", "seconds")
