"""doctor: is everything in order, and if not, what to do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from kiosk.cli.context import App, pass_app
from kiosk.config import Config, find_config
from kiosk.doctor import CompactError, Finding, Report, Result, as_blocks, decode, encode, examine, six_lines
from kiosk.errors import KepingError, UsageError


@click.command()
@click.option("--decode", "text", metavar="TEXT", help="Read a result that somebody sent, instead of looking here.")
@click.option("--qr/--no-qr", "draw", default=None, help="Draw the QR code too; without either, on a terminal.")
@pass_app
def doctor(app: App, text: str | None, draw: bool | None) -> None:
    """Look at configuration, data, keys, centre, printer, readers and touchscreen; say what is wrong and what to do.

    Whether the station runs or not; nothing is written or moved. While it runs, its devices are asked by way of it.
    At the end six lines to read aloud, and the same as a text and as a QR code to photograph. Exit code 0 if nothing
    failed, 3 if stored data did, 4 if a device, the centre or the station can't be reached, else 1.
    """
    report = _decoded(text) if text is not None else look(app)
    drawn = sys.stdout.isatty() if draw is None else draw
    app.answer(as_json(report), lambda: as_text(report) + (f"\n\n{as_blocks(encode(report))}" if drawn else ""))
    if text is None and report.exit_code:
        raise click.exceptions.Exit(report.exit_code)


def look(app: App) -> Report:
    config: Config | KepingError
    data: Path | None = None
    try:
        path = find_config(app.config_path)
        config, data = app.config, app.data
    except KepingError as exc:
        return examine(exc, "", None)
    return examine(config, str(path) if path else "no file, defaults", data)


def config_is_broken(report: Report) -> bool:
    return any(each.situation == "config.broken" for each in report.findings)


def _decoded(text: str) -> Report:
    try:
        return decode(text)
    except CompactError as exc:
        raise UsageError(str(exc)) from exc


def as_json(report: Report) -> dict[str, Any]:
    found = [
        {
            "check": each.check, "situation": each.situation, "result": each.result.value, "detail": each.detail,
            "id": each.words.local, "en": each.words.english,
        }
        for each in report.findings
    ]  # fmt: skip
    return {
        "version": report.version, "station": report.station, "time_s": report.time_s, "seq": report.seq,
        "head": report.head, "printer": list(report.printer), "reasons": list(report.reasons), "checks": found,
        "lines": six_lines(report), "code": encode(report), "exit_code": report.exit_code,
    }  # fmt: skip


def as_text(report: Report) -> str:
    lines = [line for each in report.findings for line in _told(each)]
    return "\n".join([*lines, "", *six_lines(report), "", encode(report)])


def _told(finding: Finding) -> list[str]:
    mark = finding.result.value.upper() if finding.result is not Result.OK else "ok"
    first = f"{mark:<5} {finding.situation:<18} {finding.detail}".rstrip()
    return [first, *(f"      {words}" for words in finding.words[1:] if words)]
