"""A device that was lost is in use again within 5 s of its return, without a restart, and its card is accounted for.

A sample of the matrix in each run, all of it in the long one; `python -m tests.heal.table` makes it a page.
"""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import pytest

from drivers.errors import NotStarted
from kiosk.core.plan import Step
from kiosk.equipment import Opened
from kiosk.equipment_choice import EquipmentChoice
from kiosk.rig.pcscd import PrivatePcscd
from kiosk.worker import loop
from tests.chip.readers import BY_THREAD, pcscd
from tests.conftest import Measured
from tests.heal.jacks import may_forget
from tests.heal.matrix import LIMIT_S, Cell, Healed, cells, run
from tests.heal.paced import PACED, run_paced
from tests.heal.site import Site
from tests.heal.troubles import TROUBLES, TcpRebooted, Trouble

__all__ = ["pcscd"]

SEED = 28


def marked(chosen: list[Cell]) -> list[object]:
    return [pytest.param(cell, id=str(cell), marks=marks(TROUBLES[cell.trouble])) for cell in chosen]


def marks(trouble: type[Trouble]) -> list[pytest.MarkDecorator]:
    if trouble is TcpRebooted:
        return [pytest.mark.skipif(not may_forget(), reason="needs CAP_NET_ADMIN")]
    return [pytest.mark.pcsc, BY_THREAD] if trouble.of_reader else []


def sample() -> list[Cell]:
    """One cell of each of some troubles; of the silent ones, which take the longest to notice, there is one."""
    rng = random.Random(SEED)
    silent = [name for name, trouble in TROUBLES.items() if trouble.silent]
    chosen = [*rng.sample([name for name in TROUBLES if name not in silent], 3), rng.choice(silent)]
    return [rng.choice([cell for cell in cells() if cell.trouble == name]) for name in chosen]


def heal(directory: Path, cell: Cell, request: pytest.FixtureRequest) -> Healed:
    trouble = TROUBLES[cell.trouble]
    daemon: PrivatePcscd | None = request.getfixturevalue("pcscd") if trouble.of_reader else None
    with closing(Site(directory, trouble, daemon)) as site:
        return run(site, cell)


def in_time(healed: Healed) -> bool:
    return healed.seconds is None or healed.seconds <= LIMIT_S


@pytest.mark.parametrize("cell", marked(sample()))
def test_a_lost_device_is_in_use_again(
    tmp_path: Path, cell: Cell, request: pytest.FixtureRequest, measured: Measured
) -> None:
    healed = heal(tmp_path, cell, request)
    measured(f"healed {cell}: {healed}")
    assert in_time(healed)


@pytest.mark.long
@pytest.mark.parametrize("cell", marked(list(cells())))
def test_every_lost_device_is_in_use_again(
    tmp_path: Path, cell: Cell, request: pytest.FixtureRequest, measured: Measured
) -> None:
    healed = heal(tmp_path, cell, request)
    measured(f"healed {cell}: {healed}")
    assert in_time(healed)


@pytest.mark.long
@pytest.mark.timeout(180)
@pytest.mark.parametrize("cell", PACED, ids=str)
def test_a_printer_at_its_own_speed_is_in_use_when_it_can_answer(cell: Cell, measured: Measured) -> None:
    healed = run_paced(cell)
    measured(f"healed {cell}: {healed}")
    assert 0 <= healed.late_s <= LIMIT_S


@pytest.mark.long
def test_a_station_that_looks_too_seldom_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(loop, "LONGEST_LOOK_S", LIMIT_S + 0.5)
    assert not in_time(heal(tmp_path, Cell("pty-hung-up", Step.VERIFY, "before"), request))


@pytest.mark.long
def test_a_station_that_does_not_open_a_link_anew_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    opened, calls = EquipmentChoice.open_printer, [None]

    def once(equipment: EquipmentChoice) -> Opened:
        if not calls:
            raise NotStarted("it was opened once")
        calls.pop()
        return opened(equipment)

    monkeypatch.setattr(EquipmentChoice, "open_printer", once)
    with pytest.raises(AssertionError, match="it was opened once"):
        heal(tmp_path, Cell("pty-hung-up", Step.VERIFY, "before"), request)
