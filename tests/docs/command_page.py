"""Writes docs/commands.md from the commands themselves: python -m tests.docs.command_page"""

from __future__ import annotations

from collections.abc import Iterator

import click

from kiosk.cli import main
from tests.docs.pages import ROOT

TARGET = ROOT / "docs" / "commands.md"

OPENING = """\
# Commands

Written from the commands themselves by `python -m tests.docs.command_page`; a test keeps the two equal.

The common options (those of `keping` itself) stand anywhere in the line. A command that changes something is carried
out by the running station, over `DATA/control.sock`, or under the data lock when none runs. `jobs list`,
`stock balance`, `ledger` and `sync status` only read and need no lock. For `hub`, `--data` is the centre's own
directory.

Answers go to standard output, as text or with `--json` as one JSON value; an error is one line on standard error.

## Exit codes

| code | meaning |
|---|---|
| `0` | done |
| `1` | failed: the rules forbid it, or the medium does; `demo`: books and world differ, or a card is missing |
| `2` | the call or the configuration is wrong |
| `3` | stored data fail their checks, nothing was changed; `run`: the journal can't be written any more |
| `4` | a device, the centre or the running station can't be reached |
"""


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, groups before what is in them."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, f"{path} {name}")


def text_of(command: click.Command) -> str:
    return " ".join((command.help or "").split())


def usage(path: str, command: click.Command) -> str:
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    context = click.Context(command, info_name=path)
    options = ["[OPTIONS]"] if len(arguments) < len(command.params) else []
    return " ".join([path, *options, *(each.make_metavar(context) for each in arguments)])


def option_row(option: click.Option, context: click.Context) -> str:
    names = ", ".join(f"`{name}`" for name in option.opts)
    kind = "" if option.is_flag else f"`{option.make_metavar(context).removesuffix(' RANGE')}`".replace("|", "\\|")
    notes = [(option.help or "").rstrip(".")]
    if isinstance(option.type, click.IntRange | click.FloatRange):
        low, high = option.type.min, option.type.max
        notes.append(f"{low} to {high}" if high is not None else f"from {low} on")
    notes += ["needed"] if option.required else []
    notes += ["may be repeated"] if option.multiple else []
    notes += [f"default {option.default}"] if option.show_default else []
    return f"| {names} | {kind} | {'; '.join(note for note in notes if note)} |"


def section(path: str, command: click.Command) -> str:
    context = click.Context(command, info_name=path)
    options = [each for each in command.params if isinstance(each, click.Option)]
    lines = [f"## {path}", "", text_of(command), ""]
    if not isinstance(command, click.Group):
        lines += [f"    {usage(path, command)}", ""]
    if options:
        lines += ["| option | value | |", "|---|---|---|", *(option_row(each, context) for each in options), ""]
    return "\n".join(lines)


def render() -> str:
    return "\n".join([OPENING, *(section(path, command) for path, command in commands(main, "keping"))])


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
