"""restore: a station goes on after its disk was lost."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from kiosk.cli.context import App, pass_app
from kiosk.errors import UsageError
from kiosk.restore import Restored
from kiosk.restore import restore as go_on


@click.command()
@click.option(
    "--from", "copy", type=click.Path(path_type=Path), help="The mirror, or a backup: a directory or a zip."
)
@click.option("--from-hub", is_flag=True, help="Neither is left: take what the centre holds.")
@click.option("--hub", "url", help="Address of the centre; the config's hub.url without it.")
@click.option("--code", required=True, help="The one-time code of `keping hub allow-restore`.")
@click.option("--fingerprint", required=True, help="Fingerprint of the centre's key, as the centre shows it.")
@click.option("--ca", type=click.Path(path_type=Path), help="The authority, a PEM file; hub.ca without it.")
@pass_app
def restore(
    app: App, copy: Path | None, from_hub: bool, url: str | None, code: str, fingerprint: str, ca: Path | None
) -> None:
    """Go on after a lost disk, in an empty --data, with what a copy and the centre hold. docs/restore.md, in steps.

    May be repeated when it was cut off. Nothing is printed before the gap is closed: keping gap.
    """
    if (copy is None) != from_hub:
        raise UsageError("give --from PATH, or --from-hub")
    config = app.at_centre(url, ca)
    found = go_on(config, app.data, copy, config.hub.url, code, fingerprint, app.by)
    app.answer(vars(found), lambda: _text(found))


def _text(found: Restored) -> str:
    last = datetime.fromtimestamp(found.last_ms / 1000).astimezone().isoformat(" ", "seconds")
    return (
        f"{found.station} goes on as incarnation {found.incarnation}, after frame {found.seq} of {last}\n"
        f"{found.fetched} frames came from the centre, {found.shipped} went there\n"
        "What happened after that is not known. Start the station, then: keping gap show"
    )
