"""A sample of each fuzzer in every run, and that a planted defect is found by it."""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
import yaml

import kiosk.config
import kiosk.sync.client
from drivers.errors import DeviceError, NotStarted
from drivers.printers.evolis import Evolis
from drivers.printers.ipp import Ipp
from kiosk.access import Access
from kiosk.crypto import jose
from kiosk.crypto.checkpoint import Position
from kiosk.errors import Rejected
from kiosk.web.house import actor, house
from tests.fuzz.chip_answers import ChipAnswers
from tests.fuzz.engine import Fuzzer, Report, one, run
from tests.fuzz.forms import Forms
from tests.fuzz.hub_answers import HubAnswers
from tests.fuzz.inputs import INPUTS
from tests.fuzz.intake import Intake
from tests.fuzz.ipp_answers import IppAnswers
from tests.fuzz.printer_answers import PrinterAnswers
from tests.fuzz.stick import VALUES, Stick

SAMPLES = {
    "config": 10,
    "hub-answers": 30,
    "chip": 12,
    "evolis": 25,
    "evolis-classic": 25,
    "stick": 4,
    "intake": 15,
    "forms": 9,
    "ipp": 9,
}
"""So many cases as cost some tenths of a second."""


@pytest.mark.parametrize("name", INPUTS)
def test_a_sample_finds_nothing(name: str, tmp_path: Path) -> None:
    """And the same seed is the same cases."""
    with closing(INPUTS[name](tmp_path)) as fuzzer:
        first, second = Random(4), Random(4)
        assert [fuzzer.case(first) for _ in range(9)] == [fuzzer.case(second) for _ in range(9)]
        report = run(fuzzer, 20_261_129, cases=SAMPLES[name])
    assert {place: found.told for place, found in report.found.items()} == {}
    assert report.taken.total() > 0, "some is good"
    assert report.refused.total() > 0, "some is not"


class Planted:
    """Refuses what is not JSON; a defect for each letter."""

    budget = 500
    declared = (ValueError,)
    secrets = ()

    def case(self, random: Random) -> bytes:
        return json.dumps(random.choice("abc")).encode()

    def hold(self, case: bytes) -> str:
        match json.loads(case):
            case "a":
                raise KeyError("a")
            case "b":
                while True:
                    len("x")
        raise ValueError

    def close(self) -> None:
        """Nothing was opened."""


def test_a_planted_error_and_a_planted_hang_are_found(tmp_path: Path) -> None:
    report = run(Planted(), 1, cases=30)
    assert sorted(place.split()[0] for place in report.found) == ["KeyError", "OverBudget"]
    for found in report.found.values():
        again = Report()
        one(Planted(), found.save(tmp_path, "planted").read_bytes(), again)
        assert len(again.found) == 1, "the case that is kept brings it about again"


def test_a_tag_that_stumbles_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kiosk.config, "_NO_VALUE", (yaml.YAMLError,))
    report = Report()
    one(INPUTS["config"](tmp_path), b"station:\n  id: !!timestamp x\n", report)
    assert report.found


def test_a_receipt_that_is_believed_unread_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def believing(token: str, keys: object) -> Position:
        said = jose.claims_of(token)
        return Position(*(said.get(name, "kupang-1") for name in ("station", "incarnation", "seq", "head")))

    monkeypatch.setattr(kiosk.sync.client, "verify_receipt", believing)
    with closing(HubAnswers()) as fuzzer:
        assert finds(fuzzer, within=60)


def test_a_chip_that_is_called_verified_unread_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.encoders.files.FileEncoder.verify", lambda self, files: None)
    monkeypatch.setattr("drivers.encoders.files._must_be_ok", lambda answer, cause, name: None)
    monkeypatch.setattr("drivers.encoders.files.FileEncoder.encode", lambda self, files: None)
    assert finds(ChipAnswers(), within=60)


def test_a_movement_that_is_called_none_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = Evolis.feed

    def hiding(printer: Evolis) -> None:
        try:
            feed(printer)
        except DeviceError as exc:
            raise NotStarted(str(exc)) from exc

    monkeypatch.setattr(Evolis, "feed", hiding)
    assert finds(PrinterAnswers(), within=200)


def test_what_is_lost_or_stumbled_over_on_a_stick_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Stick(tmp_path)) as fuzzer:
        seed = next(seed for seed in range(2_000) if told_after(seed) == "x")
        case = json.dumps({"side": "intake", "spoils": [["claims", seed]]}).encode()
        with monkeypatch.context() as patch:
            patch.setattr("kiosk.hub.delivery.deliver", lambda *_: None)
            assert found_by(fuzzer, b'{"side": "journal", "spoils": []}') == ["Finding"]
        assert found_by(fuzzer, case) == []
        monkeypatch.setattr("kiosk.sync.stick.CURSOR", re.compile(".*"))
        assert found_by(fuzzer, case) == ["ValueError"]


def test_a_token_for_twice_and_a_receipt_for_nothing_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Intake(tmp_path)) as fuzzer:
        case = b'{"call": "status", "spoil": "", "seed": 1}'
        assert found_by(fuzzer, case) == []
        with monkeypatch.context() as patch:
            patch.setattr("kiosk.hub.stations.spend_token", lambda *_: True)
            assert found_by(fuzzer, case) == ["Finding"]
        position = Position("kupang-01", "00000000000000a1", 9, "ab" * 32)
        monkeypatch.setattr("kiosk.hub.delivery.apply", lambda *_: position)
        assert found_by(fuzzer, b'{"call": "journal", "spoil": "", "seed": 1}') == ["Finding"]


def test_a_form_that_stumbles_or_writes_what_it_refuses_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(access: Access, routes: object) -> None:
        house().station.stock.move(actor(), "receive", "wni", 1, "BAST-9")
        raise Rejected("booked nevertheless", "not-permitted")

    with closing(Forms(tmp_path)) as fuzzer:
        with monkeypatch.context() as patch:
            patch.setattr("kiosk.web.security._check_origin", lambda: {}["x"])
            assert found_by(fuzzer, fuzzer.case(Random(1))) == ["KeyError"]
        monkeypatch.setattr("kiosk.web.security._check_act", careless)
        assert found_by(fuzzer, b'{"who": "maria", "seed": 1}') == ["Finding"]


def test_a_job_that_was_taken_and_is_denied_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def denying(printer: Ipp, *_: object) -> None:
        raise NotStarted("no word of it")

    case = b'{"states": [], "reason": "none", "cups": false, "spoilt": {}}'
    with closing(IppAnswers()) as fuzzer:
        assert found_by(fuzzer, case) == []
        monkeypatch.setattr(Ipp, "_watch", denying)
        assert found_by(fuzzer, case) == ["Finding"]


def finds(fuzzer: Fuzzer, within: int) -> bool:
    """In so many cases."""
    random, report = Random(1), Report()
    while not report.found and report.cases < within:
        one(fuzzer, fuzzer.case(random), report)
    return bool(report.found)


def found_by(fuzzer: Fuzzer, case: bytes) -> list[str]:
    report = Report()
    one(fuzzer, case, report)
    return [place.split()[0] for place in report.found]


def told_after(seed: int) -> object:
    """What a change of the manifest's claims makes of `after`."""
    random = Random(seed)
    claims = ["v", "station", "kind", "id", "made_ms", "receipt", "after", "announcements", "chunks"]
    return random.choice(VALUES) if random.choice([*claims, "path", "v"]) == "after" else None
