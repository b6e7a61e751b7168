"""bundle: what support needs, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import click

from kiosk import bundle as bundles
from kiosk.cli import doctor
from kiosk.cli.context import App, pass_app


@click.command()
@click.argument("where", type=click.Path(path_type=Path))
@click.option("--log", type=click.File("rb"), help="Take its last 512 KiB along; - is standard input.")
@pass_app
def bundle(app: App, where: Path, log: IO[bytes] | None) -> None:
    """Write one zip file for support to WHERE: nothing of a resident is in it, no key, no PIN.

    What the doctor finds, the configuration with secrets masked, versions, the traces of the wires, and of the
    journal where it ends and how much is in it. The log is the system's, and comes along by --log.
    """
    report = doctor.look(app)
    parts = {
        "doctor.json": bundles.as_json(doctor.as_json(report)),
        "doctor.txt": bundles.masked(doctor.as_text(report)).encode() + b"\n",
    }
    if not doctor.config_is_broken(report):
        parts |= bundles.gather(app.config, app.data)
    if log:
        parts["log.txt"] = bundles.last_lines(log.read())
    bundles.write(where, parts)
    app.answer({"file": str(where), "parts": list(parts)}, lambda: "\n".join([f"{where}:", *parts]))
