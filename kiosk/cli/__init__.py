"""The command `keping`. Exit 0 ok, 1 failed, 2 usage or config, 3 data damaged, 4 device or centre out of reach."""

from __future__ import annotations

from pathlib import Path

import click

from kiosk.cli.context import App, KepingGroup

COMMANDS = {
    "backup": "kiosk.cli.backup:backup",
    "bundle": "kiosk.cli.bundle:bundle",
    "calls": "kiosk.cli.calls:calls",
    "demo": "kiosk.cli.rig:demo",
    "diag": "kiosk.cli.diag:diag",
    "doctor": "kiosk.cli.doctor:doctor",
    "enrol": "kiosk.cli.station:enrol_command",
    "equipment": "kiosk.cli.equipment:equipment",
    "gap": "kiosk.cli.gap:gap",
    "hub": "kiosk.cli.hub:hub",
    "install": "kiosk.cli.install:install",
    "jobs": "kiosk.cli.jobs:jobs",
    "ledger": "kiosk.cli.ledger:ledger",
    "power": "kiosk.cli.power:power",
    "report": "kiosk.cli.report:report",
    "restore": "kiosk.cli.restore:restore",
    "run": "kiosk.cli.station:run",
    "scenario": "kiosk.cli.rig:scenario",
    "shift": "kiosk.cli.shift:shift",
    "sim": "kiosk.cli.rig:sim",
    "stock": "kiosk.cli.stock:stock",
    "sync": "kiosk.cli.sync:sync",
    "user": "kiosk.cli.user:user",
    "vault": "kiosk.cli.vault:vault",
    "waiting-page": "kiosk.cli.station:waiting_page_command",
}


@click.group(cls=KepingGroup, later=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(path_type=Path), help="Configuration file.")
@click.option("--data", type=click.Path(path_type=Path), help="Directory of journal, vault and keys.")
@click.option("--json", "as_json", is_flag=True, help="One JSON value on standard output.")
@click.option("--as", "person", metavar="ID", help="Who does it: asks for their PIN, or takes it from KEPING_PIN.")
@click.version_option(package_name="keping")
@click.pass_context
def main(context: click.Context, config: Path | None, data: Path | None, as_json: bool, person: str | None) -> None:
    """Keping: one print station, every blank accounted for."""
    context.obj = App(config, data, as_json, person)


__all__ = ["main"]
