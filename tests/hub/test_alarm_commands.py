"""`hub alarms` and `hub clear-alarm`: what somebody must look at, and that somebody did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kiosk.cli import main
from kiosk.hub.stations import raise_alarm
from tests.hub.conftest import AT_THE_DOOR, STATION, Hub


@AT_THE_DOOR
def test_an_alarm_stands_until_it_is_cleared(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEPING_CONFIG", raising=False)

    def call(*words: str, exit_code: int = 0) -> Any:
        done = CliRunner().invoke(main, ["--data", str(tmp_path), "--json", "hub", *words])
        assert done.exit_code == exit_code, done.output
        return json.loads(done.stdout.splitlines()[-1]) if not exit_code else done.stderr

    with hub.store.transaction() as connection:
        raise_alarm(connection, STATION, "fork", "two frames 7", 1_000)
    [alarm] = call("alarms")
    assert (alarm["station"], alarm["kind"], alarm["cleared_by"]) == (STATION, "fork", None)
    assert "by name and with a reason" in call(
        "clear-alarm", alarm["id"], "--by", "yosep", "--reason", " ", exit_code=2
    )
    cleared = call("clear-alarm", alarm["id"], "--by", "yosep", "--reason", "an old disk")
    assert (cleared["id"], cleared["cleared_by"]) == (alarm["id"], "yosep")
    assert call("alarms") == []
    assert [each["cleared_reason"] for each in call("alarms", "--all")] == ["an old disk"]
    assert "no open alarm" in call("clear-alarm", alarm["id"], "--by", "yosep", "--reason", "again", exit_code=2)
