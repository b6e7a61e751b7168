"""`keping`, on the station of an office."""

from __future__ import annotations

import json
from typing import Any

import yaml
from click.testing import CliRunner, Result

from kiosk.cli import main
from tests.office import Office


def keping(office: Office, *arguments: str) -> Result:
    path = office.directory / "config.yaml"
    path.write_text(yaml.safe_dump({
        "printer": {"port": office.line.path, "reply_timeout": 1.0},
        "reader": {"link": "in-process", "name": office.reader().name, "appear_timeout": 0.3},
        "web": {"port": 0},
    }))  # fmt: skip
    return CliRunner().invoke(main, ["--config", str(path), "--data", str(office.data), *arguments])


def answer(office: Office, *arguments: str) -> Any:
    done = keping(office, *arguments, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)
