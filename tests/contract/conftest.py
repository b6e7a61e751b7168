"""Benches for the card-printer contract: the simulator on a pty and on TCP, and with --device a real printer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.card_bench import Bench, Rig


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", action="append", default=[], help="a real printer, driver=url; uses up cards")


LINKS = {"evolis-pty": "pty", "evolis-tcp": "tcp"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A clause runs on the `PRINTERS` of its module, by default the first; one for any printer on real ones too."""
    if "rig" not in metafunc.fixturenames:
        return
    simulated = getattr(metafunc.module, "PRINTERS", list(LINKS)[:1])
    real = metafunc.config.getoption("--device", default=[]) if "bench" in metafunc.fixturenames else []
    metafunc.parametrize("rig", [*simulated, *real], indirect=True)


@pytest.fixture
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    made = Rig(LINKS.get(request.param, ""))
    yield made
    made.close()


@pytest.fixture
def sim(rig: Rig) -> Bench:
    """For what only a simulated world can do."""
    return rig.bench()


@pytest.fixture
def bench(request: pytest.FixtureRequest, rig: Rig) -> Bench:
    """Any printer."""
    return rig.bench() if rig.link else rig.device(request.node.callspec.params["rig"])
