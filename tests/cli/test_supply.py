"""`keping stock figures|request|granted|forecast` as a person meets them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from tests.office import Office


def stock(office: Office, *words: str) -> Result:
    return CliRunner().invoke(main, ["--data", str(office.data), "stock", *words])


def answer(office: Office, *words: str) -> Any:
    result = stock(office, *words, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_asked_granted_and_foreseen(office: Office) -> None:
    answer(office, "figures", "--without-card", "60000", "--holders", "200000")
    assert answer(office, "request", "--sku", "wni", "--qty", "20000", "--document", "S-1")["asked"] == 20_000
    assert "4000 of 20000 wni granted" in stock(office, "granted", "--document", "S-1", "--qty", "4000").stdout
    found = answer(office, "forecast")
    assert (found["wni"]["stock"], found["wni"]["coming"], found["wni"]["a_day"]) == (12, 4_000, None)
    assert "wna" in stock(office, "forecast").stdout
    trace = CliRunner().invoke(main, ["--data", str(office.data), "ledger", "trace", "S-1"])
    assert "20000 wni blanks are asked for in S-1" in trace.stdout
    assert "4000 blanks are granted of those asked for in S-1" in trace.stdout


def test_figures_from_a_file(office: Office, tmp_path: Path) -> None:
    good = tmp_path / "figures.csv"
    good.write_text("holders,200000\nprinted-before,42000\n", encoding="utf-8")
    told = {"holders": 200_000, "printed-before": 42_000, "films": 3}
    assert answer(office, "figures", "--from", str(good), "--films", "3") == told


@pytest.mark.parametrize("text", ["holder,1\n", "holders,-1\n", "holders,1\nholders,2\n", "holders\n", "holders,x\n"])
def test_a_file_with_an_error_tells_nothing(office: Office, tmp_path: Path, text: str) -> None:
    bad = tmp_path / "figures.csv"
    bad.write_text(text, encoding="utf-8")
    before = len(office.frames())
    result = stock(office, "figures", "--from", str(bad))
    assert result.exit_code == 2
    assert f"{bad}:{len(text.splitlines())}: write NAME,NUMBER" in result.stderr
    assert len(office.frames()) == before
