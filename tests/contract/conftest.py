"""Benches for the card-printer contract: the simulator on a pty and on TCP, and with --device a real printer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.card_bench import Bench, Rig


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", action="append", default=[], help="a real printer, driver=url; uses up cards")


SIMULATED = {
    "evolis-pty": lambda: Rig("pty"),
    "evolis-tcp": lambda: Rig("tcp"),
    "evolis-classic": lambda: Rig("pty", classic=True),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A clause runs on the `PRINTERS` of its module, by default the first; one for any printer on real ones too."""
    if "rig" not in metafunc.fixturenames:
        return
    simulated = getattr(metafunc.module, "PRINTERS", list(SIMULATED)[:1])
    real = metafunc.config.getoption("--device", default=[]) if "bench" in metafunc.fixturenames else []
    metafunc.parametrize("rig", [*simulated, *real], indirect=True)


@pytest.fixture
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    made = SIMULATED.get(request.param, Rig)()
    yield made
    made.close()


@pytest.fixture
def sim(rig: Rig) -> Bench:
    """For what only a simulated world can do."""
    return rig.bench()


@pytest.fixture
def bench(request: pytest.FixtureRequest, rig: Rig) -> Bench:
    """Any printer."""
    name = request.node.callspec.params["rig"]
    return rig.bench() if name in SIMULATED else rig.device(name)
