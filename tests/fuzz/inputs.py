"""Every input that is fuzzed, by its name at the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tests.fuzz.chip_answers import ChipAnswers
from tests.fuzz.config_file import ConfigFile
from tests.fuzz.engine import Fuzzer
from tests.fuzz.forms import Forms
from tests.fuzz.hub_answers import HubAnswers
from tests.fuzz.intake import Intake
from tests.fuzz.ipp_answers import IppAnswers
from tests.fuzz.printer_answers import PrinterAnswers
from tests.fuzz.stick import Stick

INPUTS: Mapping[str, Callable[[Path], Fuzzer]] = {
    "config": ConfigFile,
    "hub-answers": HubAnswers,
    "chip": ChipAnswers,
    "evolis": PrinterAnswers,
    "evolis-classic": partial(PrinterAnswers, classic=True),
    "stick": Stick,
    "intake": Intake,
    "forms": Forms,
    "ipp": IppAnswers,
}
