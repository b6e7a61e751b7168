"""What a page has in a block for a shell can be typed: each command is there, and its options parse."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from kiosk.cli import main
from kiosk.cli.context import common_first
from kiosk.install import UNITS
from tests.docs.pages import ROOT, commands, files

PAGES = sorted(
    path for path in files(".md", under="docs") if path.name != "commands.md" and path.parent.name != "adr"
)
"""commands.md is made of the commands themselves."""
PROMPT = re.compile(r"^    (?:\.venv/bin/)?(keping .+)$", re.MULTILINE)
INSTALL = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
CHROOT = (ROOT / "packaging" / "chroot-test.sh").read_text(encoding="utf-8")
PACKAGES = re.compile(r"apt-get install -y (.+)")


def typed(text: str) -> list[str]:
    """Each line for `keping`, whole and without its comment."""
    return [line.partition(" #")[0].strip() for line in PROMPT.findall(re.sub(r"\s*\\\n\s+", " ", text))]


def parse(line: str) -> None:
    """click.UsageError if the shell would get one. Nothing is carried out."""
    command: click.Command = main
    _, *words = shlex.split(line)
    context = command.make_context("keping", common_first(words))
    while isinstance(command, click.Group):
        name, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert found is not None
        command = found
        context = command.make_context(name, rest, parent=context)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_each_line_for_the_shell_parses(path: Path) -> None:
    with CliRunner().isolation(input="what is asked for\n" * 4):
        for line in typed(path.read_text(encoding="utf-8")):
            parse(line)


def test_a_line_that_is_wrong_would_be_found() -> None:
    assert typed("    keping doctor   # why\n    keping x \\\n        --y") == ["keping doctor", "keping x --y"]
    for line in ("keping instal", "keping install --dryrun", "keping enrol --code X", "keping jobs shew"):
        with pytest.raises(click.UsageError):
            parse(line)
    parse("keping enrol --code X --fingerprint Y")


def unknown(line: str) -> bool:
    """None of the kinds of command that docs/install.md is made of, or one of what is not there."""
    program, *words = line.split()
    if program == "apt-get":
        setup = (ROOT / "packaging" / "setup.sh").read_text(encoding="utf-8")
        return words[:2] != ["install", "-y"] or not set(words[2:]) <= set(re.findall(r"[\w-]+", setup))
    if program in ("systemctl", "journalctl"):
        named = {f"{word}.service" for word in words if word.startswith("keping")}
        return not named or not named <= set(UNITS)
    if program == "packaging/wheels.sh":
        return '"$tree/packaging/wheels.sh" "$root/keping-wheels"' not in CHROOT
    return program != "keping" and f"inside {line.replace(' ', ' /', 1)} " not in CHROOT


def test_what_the_page_of_installing_has_typed_is_what_a_chroot_is_made_a_station_with() -> None:
    headings = re.findall(r"^## (.+)$", INSTALL, re.MULTILINE)
    lines = [line for heading in headings for line in commands(INSTALL, heading)]
    assert len(lines) > 10
    assert [line for line in lines if unknown(line)] == []
    carried_out = {line for line in lines if line.startswith("keping ") and f"inside {line}" in CHROOT}
    assert carried_out >= {"keping install --dry-run", "keping install --uninstall", "keping doctor"}
    wrong = [
        "sh keping-wheels/setup.sh",
        "systemctl restart kepin",
        "apt-get install -y python3-venw",
        "pip install x",
    ]
    assert [line for line in wrong if not unknown(line)] == []
