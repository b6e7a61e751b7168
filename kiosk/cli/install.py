"""install: this computer becomes a station, or is none any more."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from kiosk.cli.context import App, pass_app
from kiosk.errors import KepingError, Rejected
from kiosk.install import Installation, Step

RUNNING = Path("/run/systemd/system")
"""There while systemd is the init of this system (sd_booted(3))."""


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--uninstall", is_flag=True, help="Take away what was installed. What is stored stays, and is named.")
@click.option(
    "--root", type=click.Path(exists=True, file_okay=False, path_type=Path, resolve_path=True), default=Path("/"),
    show_default=True, help="The system that it is done to, as in a chroot.",
)  # fmt: skip
@pass_app
def install(app: App, dry_run: bool, uninstall: bool, root: Path) -> None:
    """Make this Debian a station: units, users, device rules, the touchscreen, a first configuration.

    As root. Done again it repairs and upgrades; a configuration that is there is kept. Nothing is started.
    """
    if os.geteuid() != 0 and not dry_run:
        raise Rejected("only root may install; --dry-run says what would be done", "not-root")
    there = Installation(root, program(root), carry_out, live=root == Path("/") and RUNNING.is_dir())
    steps = there.uninstall() if uninstall else there.install()
    for step in steps:
        _take(step, dry_run=dry_run, silent=app.as_json)
    if app.as_json:
        app.answer([step.said for step in steps], str)
    elif not uninstall and not dry_run:
        click.echo("then: keping enrol, and systemctl restart keping keping-screen (docs/install.md)")


def _take(step: Step, *, dry_run: bool, silent: bool) -> None:
    if not silent:
        click.echo(step.said)
    if step.act and not dry_run:
        step.act()


def program(root: Path) -> str:
    """This program, as it is called from within `root`."""
    path = Path(sys.prefix, "bin", "keping")
    return f"/{path.relative_to(root)}" if path.is_relative_to(root) else str(path)


def carry_out(words: Sequence[str]) -> None:
    """Blocks until it has ended. KepingError if it is missing or fails, with what it said."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603  # its own words
    except FileNotFoundError as exc:
        raise KepingError(f"{words[0]} is missing; is this a Debian with systemd?") from exc
    if done.returncode:
        raise KepingError(f"{' '.join(words)}: {done.stderr.strip() or f'ended with {done.returncode}'}")
