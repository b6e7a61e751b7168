"""The example of docs/adding-a-chip-profile.md: one module, brought in by the config alone.

The clauses of the contract run on it in tests/contract/test_chip_encoder.py.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from drivers.errors import NotStarted, Stopped
from kiosk import equipment
from kiosk.config import load_config
from kiosk.equipment import load_driver, open_encoder
from tests.chip.readers import Reader, in_process
from tests.contract.test_chip_encoder import READERS
from tests.docs.pages import page
from tests.encoders.toy_chip import FILES, NAME, PROFILE, toy_chip

__all__ = ["in_process", "toy_chip"]

PAGE = page("adding-a-chip-profile.md")


def at(tmp_path: Path, **reader: object) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({"reader": {"link": "in-process", "encoder": NAME, **reader}}), encoding="utf-8")
    return path


def test_the_page_names_the_toy_and_the_contract_runs_on_it() -> None:
    assert re.search(r"`reader\.encoder: tests\.encoders\.toy`", PAGE)
    assert "toy_chip" in READERS
    parameters = re.search(r"`open\(([^)]*)\)`", PAGE)
    code = load_driver("encoders", NAME).open.__code__
    assert parameters
    assert tuple(parameters[1].split(", ")) == code.co_varnames[: code.co_argcount]


def test_by_the_config_alone_it_writes_its_chip_and_reads_it_back(tmp_path: Path, toy_chip: Reader) -> None:
    config = load_config(at(tmp_path, name=str(toy_chip.link._path))).reader  # type: ignore[union-attr]
    chip = toy_chip.lay()
    toy_chip.link.close()  # its place is the config's now
    encoder = open_encoder(config)
    assert not encoder.identify().holds_data
    encoder.encode(FILES)
    encoder.verify(FILES)
    assert toy_chip.stored(chip, encoder) == list(FILES.values())
    encoder.close()


def test_what_does_not_fit_is_refused_before_a_blank_is_spent() -> None:
    check = load_driver("encoders", NAME).check
    check(FILES)
    for wrong in ({"6FF1": b"of another chip"}, {"0A02": bytes(39)}):
        with pytest.raises(NotStarted):
            check(wrong)


def test_a_test_card_gets_what_fits_and_is_nobodys() -> None:
    written = equipment.test_files(NAME)
    load_driver("encoders", NAME).check(written)
    assert written.keys() <= {f"{number:04X}" for number in PROFILE.files}


def test_a_sam_that_it_has_no_use_for_is_said(tmp_path: Path, toy_chip: Reader) -> None:
    with pytest.raises(Stopped, match=r"reader\.sam"):
        open_encoder(load_config(at(tmp_path, name="a", sam="b")).reader)
