"""docs/commands.md is what the commands say today."""

from __future__ import annotations

import re

import click
from click.testing import CliRunner

from kiosk import errors
from kiosk.cli import main
from tests.docs import command_page
from tests.docs.pages import page, table

PAGE = page("commands.md")


def leaves() -> list[tuple[str, click.Command]]:
    return [(path, each) for path, each in command_page.commands(main, "keping") if not isinstance(each, click.Group)]


def test_the_page_is_what_the_commands_say() -> None:
    assert command_page.render() == PAGE, "write it again: python -m tests.docs.command_page"


def test_every_command_and_option_is_on_the_page_and_no_other() -> None:
    """Without the generator: from the help that a person gets."""
    runner = CliRunner()
    known = {path for path, _ in command_page.commands(main, "keping")}
    assert set(re.findall(r"^## (keping.*)$", PAGE, re.MULTILINE)) == known
    for path, _ in leaves():
        shown = runner.invoke(main, [*path.split()[1:], "--help"]).output
        section = PAGE.split(f"\n## {path}\n", 1)[1].split("\n## ")[0]
        listed = set(re.findall(r"`(--[a-z-]+)`", section)) - {"--help"}
        assert set(re.findall(r"^\s+(--[a-z-]+)", shown, re.MULTILINE)) == listed, path


def test_exit_codes() -> None:
    classes = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)]
    codes = {str(each.exit_code) for each in classes if issubclass(each, errors.KepingError)}
    assert {row[0] for row in table(PAGE, "Exit codes")} == codes | {"0"}


def test_each_command_says_what_it_does() -> None:
    for path, command in command_page.commands(main, "keping"):
        assert command_page.text_of(command).endswith("."), path


def test_a_new_option_would_be_found() -> None:
    command = click.Command("x", params=[click.Option(["--new"], type=click.IntRange(1, 9), help="New.")])
    assert "| `--new` | `INTEGER` | New; 1 to 9 |" in command_page.section("keping x", command)
