"""Readers through a real pcscd."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk import diagnosis
from kiosk.config import Config, ReaderConfig
from kiosk.doctor import reached
from kiosk.doctor.look import Look
from kiosk.equipment import list_readers
from kiosk.rig.pcscd import PrivatePcscd
from tests.chip.readers import Reader, over_pcsc, pcscd, vpcd_antenna

__all__ = ["over_pcsc", "pcscd", "vpcd_antenna"]

pytestmark = [pytest.mark.pcsc, pytest.mark.timeout(240, method="thread")]


def test_a_chip_on_one_and_nothing_in_the_other(over_pcsc: Reader, pcscd: PrivatePcscd) -> None:
    over_pcsc.lay()
    over_pcsc.link.connect(5.0)
    over_pcsc.link.disconnect()
    found = {each["name"]: each for each in diagnosis.readers(ReaderConfig(name=pcscd.reader_name))}
    assert found[pcscd.reader_name]["used_as"] == "reader.name"
    assert "T=1" in found[pcscd.reader_name]["protocols"]
    assert {each["error"] for name, each in found.items() if name != pcscd.reader_name} == {"chip-silent"}


def test_the_doctor_sees_what_is_there_and_what_is_not(pcscd: PrivatePcscd, tmp_path: Path) -> None:
    config = Config(reader=ReaderConfig(name=pcscd.reader_name, sam="nowhere"))
    look = Look(config, tmp_path, None, 0, list_readers)
    assert [each.situation for each in reached.readers(look)] == ["reader.ok", "desk.none", "sam.missing"]
