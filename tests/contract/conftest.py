"""Benches for the card-printer contract: the simulator on a pty and on TCP, and with --device a real printer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.card_bench import Bench, Rig


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", action="append", default=[], help="a real printer, driver=url; uses up cards")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "bench" in metafunc.fixturenames:
        devices = metafunc.config.getoption("--device", default=[])
        metafunc.parametrize("bench", ["evolis-pty", *devices], indirect=True)


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.close()


@pytest.fixture
def sim(rig: Rig) -> Bench:
    """For what only a simulated world can do."""
    return rig.bench()


@pytest.fixture
def bench(request: pytest.FixtureRequest, rig: Rig) -> Bench:
    """Any printer."""
    return rig.bench() if request.param == "evolis-pty" else rig.device(request.param)
