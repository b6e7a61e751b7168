"""What all commands share: the options, where a command is carried out, how it answers and how it fails."""

from __future__ import annotations

import getpass
import importlib
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from kiosk.config import Config, find_config, find_data, load_config
from kiosk.control import TIMEOUT_S, NotRunning, call
from kiosk.errors import KepingError, UsageError
from kiosk.people import Named

COMMON = {"--config", "--data", "--json", "--as"}
PIN_VARIABLE = "KEPING_PIN"


class KepingGroup(click.Group):
    """Turns a KepingError into one line on stderr and its exit code; takes the common options anywhere.

    `later`: name -> "module:attribute" of commands that are imported when they are asked for, so that a command
    never waits for what only another one needs.
    """

    def __init__(self, *args: Any, later: Mapping[str, str], **extra: Any) -> None:
        super().__init__(*args, **extra)
        self._later = later

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._later)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._later:
            return None
        module, _, attribute = self._later[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def main(self, args: Any = None, *rest: Any, **extra: Any) -> Any:
        given = list(sys.argv[1:] if args is None else args)
        try:
            return super().main(common_first(given), *rest, **extra)
        except KepingError as exc:
            click.echo(f"keping: {exc}", err=True)
            sys.exit(exc.exit_code)
        except OSError as exc:  # a directory that may not be written, a disk that is full
            click.echo(f"keping: {exc}", err=True)
            sys.exit(KepingError.exit_code)


def common_first(arguments: list[str]) -> list[str]:
    """Move --config, --data, --json and --as before the command, where click looks for them."""
    first: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            return [*first, *rest, word, *waiting]
        if word.partition("=")[0] not in COMMON:
            rest.append(word)
            continue
        first.append(word)
        if "=" not in word and word != "--json" and waiting:
            first.append(waiting.pop(0))
    return [*first, *rest]


@dataclass
class App:
    """The common options and what follows from them."""

    config_path: Path | None
    data_path: Path | None
    as_json: bool
    person: str | None = None

    @cached_property
    def config(self) -> Config:
        return load_config(find_config(self.config_path))

    def at_centre(self, url: str | None, ca: Path | None) -> Config:
        """The config, with the centre and its authority as they were given on the command line, if they were."""
        hub = self.config.hub
        named = replace(hub, url=url or hub.url, ca=str(ca) if ca else hub.ca)
        if not named.url:
            raise UsageError("no centre: give --hub URL or set hub.url in the config")
        return replace(self.config, hub=named)

    @cached_property
    def data(self) -> Path:
        return find_data(self.config, self.data_path)

    @property
    def by(self) -> str:
        return f"cli:{getpass.getuser()}"

    @cached_property
    def named(self) -> Named | None:
        """Who does it, if they said so (--as): their PIN is asked for, or taken from KEPING_PIN."""
        if self.person is None:
            return None
        pin = os.environ.get(PIN_VARIABLE) or click.prompt(f"PIN of {self.person}", hide_input=True, err=True)
        return Named(self.person, pin)

    def execute(self, command: str, patience_s: float = TIMEOUT_S, /, **arguments: Any) -> Any:
        """By the running station if one runs, else here, under the data lock. Both ask who may.

        `patience_s`: how long the running one may take.
        """
        named = self.named
        try:
            return call(self.data, command, arguments, named, patience_s)
        except NotRunning:
            pass
        from kiosk.station import Station  # devices, rendering and the link: only where no station runs

        station = Station(self.config, self.data, self.by)
        try:
            return station.ask(command, arguments, self.by, named)
        finally:
            station.close()

    def answer(self, value: Any, text: Callable[[], str]) -> None:
        """The value as JSON with --json, otherwise as the text for people."""
        click.echo(json.dumps(value, ensure_ascii=False, default=str) if self.as_json else text())


def set_up_logging(level: str) -> None:
    """key=value lines to stderr, where systemd's journal takes them."""
    logging.basicConfig(
        level=level.upper(), stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(threadName)s %(message)s"
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)


def stop_signal() -> threading.Event:
    """Set when SIGTERM or SIGINT comes."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


pass_app = click.make_pass_decorator(App)


def table(rows: list[list[Any]], headings: list[str]) -> str:
    """Columns as wide as their widest cell."""
    cells = [headings, *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(headings))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )
