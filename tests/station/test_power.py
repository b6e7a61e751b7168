"""On battery the card in the machine is finished and none is begun; on mains the work goes on by itself."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.errors import KepingError
from kiosk.power import NAME, Power
from tests.office import Office

HOOK = "cli:nut"


def say(data: Path, word: str, *options: str) -> str:
    """As the hook of the UPS's daemon does, from another process."""
    config = data.parent / "config.yaml"
    config.write_text("station:\n  id: kupang-01\n", encoding="utf-8")
    command = [sys.executable, "-m", "kiosk", "power", word, "--config", str(config), "--data", str(data), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_card_under_way_is_finished_and_none_is_begun_until_the_mains_are_back(office: Office) -> None:
    def cut(event: str, card: object, detail: str) -> None:
        if event == "panel-started":
            office.station.power.battery(HOOK)

    office.bring_records(2)
    forget = office.world.observe(cut)
    first, second = office.station.desk.run_jobs("test", count=2)
    assert office.until_held_up() == {"on-battery"}
    forget()
    assert (office.state(first), office.state(second)) == ("completed", "pending")
    assert len(office.world.output) == 1
    assert office.station.ask("power.mains", {}, HOOK) == {"power": "mains"}
    office.until(lambda: office.state(second) == "completed")
    office.agree()


def test_a_restart_knows_it_and_whoever_says_mains_lets_it_go_on(office: Office) -> None:
    office.bring_records(1)
    office.station.power.battery(HOOK)
    said = office.station.power.show("test")
    [job] = office.station.desk.run_jobs("test")
    office.until_held_up()
    office.restart()
    assert office.until_held_up() == {"on-battery"}
    assert office.station.power.show("test") == said
    assert said["by"] == HOOK
    office.station.power.mains("cli:root")
    office.until(lambda: office.state(job) == "completed")


def test_the_hook_reaches_a_running_station_and_one_that_stands_still(office: Office) -> None:
    office.bring_records(2)
    assert say(office.data, "battery").startswith("on battery since 20")
    first, second = office.station.desk.run_jobs("test", count=2)
    assert office.until_held_up() == {"on-battery"}
    say(office.data, "mains")
    office.until(lambda: office.state(second) == "completed")
    office.station.close()
    say(office.data, "battery")
    assert say(office.data, "show").startswith("on battery since 20")
    office.reopen()
    office.bring_more_and_run()
    assert office.until_held_up() == {"on-battery"}
    assert office.state(first) == "completed"


def test_said_twice_is_said_once_and_the_log_has_who_and_when(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    changes: list[None] = []
    power = Power(tmp_path, lambda: changes.append(None))
    with caplog.at_level(logging.WARNING, logger="kiosk.power"):
        first = power.battery(HOOK)
        assert power.battery("cli:root") == first
        assert power.mains("cli:root") == power.mains("cli:root") == {"power": "mains"}
    told = [record.getMessage() for record in caplog.records]
    assert [text.split(":")[0] for text in told] == ["power=battery by=cli", "power=mains by=cli"]
    assert len(changes) == 2


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\x00" * 40, b'{"since_ms": "?", "by": 1}'])
def test_a_note_that_is_garbage_means_battery(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    power = Power(tmp_path)
    assert power.barred() is not None
    assert power.show("test")["since_ms"] > 1_600_000_000_000
    power.mains("test")
    assert power.barred() is None


def test_a_disk_that_takes_no_note_stops_the_feeding_all_the_same(tmp_path: Path) -> None:
    away = tmp_path / "data"
    power = Power(away)
    power.battery(HOOK)
    assert power.barred() is not None
    assert Power(away).barred() is None  # what a restart knows of it, and the log says so
    away.mkdir()
    power.mains(HOOK)
    assert power.barred() is None


def test_a_note_that_cannot_be_removed_is_told(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(KepingError, match="can't be removed"):
        Power(tmp_path).mains(HOOK)
