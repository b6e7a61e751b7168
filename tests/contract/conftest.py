"""Benches for the contracts: the simulated devices, and with --device real ones with a person before them."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from inspect import signature

import pytest

from tests.contract.card_bench import Bench, Rig
from tests.contract.ipp_bench import IppRig
from tests.contract.real_reader import MACHINES_PCSCD, SCHEME, SOCKET


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", action="append", default=[], help="a real one; uses up cards or chips")
    parser.addoption("--yes", action="store_true", help="begin at once, whatever --device will use up")


SIMULATED = {
    "evolis-pty": lambda: Rig("pty"),
    "evolis-tcp": lambda: Rig("tcp"),
    "evolis-classic": lambda: Rig("pty", classic=True),
    "ipp": IppRig,
}


def pytest_configure(config: pytest.Config) -> None:
    config.stash[MACHINES_PCSCD] = os.environ.get(SOCKET)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A clause runs on the `PRINTERS` of its module, by default the first, or its `READERS`, and on real ones.

    Real ones only if it is for any printer or reader, not for a simulated world.
    """
    devices = metafunc.config.getoption("--device", default=[])
    if "rig" in metafunc.fixturenames:
        simulated = getattr(metafunc.module, "PRINTERS", list(SIMULATED)[:1])
        real = [each for each in devices if not is_reader(each)] if "bench" in metafunc.fixturenames else []
        metafunc.parametrize("rig", [*simulated, *real], indirect=True)
    elif "reader" in metafunc.fixturenames:
        real = (
            [each for each in devices if is_reader(each)]
            if "reader" in signature(metafunc.function).parameters
            else []
        )
        metafunc.parametrize("reader", [*metafunc.module.READERS, *real], indirect=True)


def is_reader(device: str) -> bool:
    return device.partition("=")[2].startswith(SCHEME)


def device_of(item: pytest.Item) -> str:
    """The real device that a test runs on, else ""."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    name = parameters.get("rig") or parameters.get("reader") or ""
    return name if "=" in name else ""


def used_up(item: pytest.Item) -> int:
    marker = item.get_closest_marker("blanks")
    return marker.args[0] if marker else 0


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With real devices at the bench nothing else is run. Nobody is hurried there."""
    if config.getoption("--device", default=[]):
        config.hook.pytest_deselected(items=[item for item in items if not device_of(item)])
        items[:] = filter(device_of, items)
        for item in items:
            item.add_marker(pytest.mark.timeout(0))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Say what real devices will use up, and begin when the person agrees."""
    items = [item for item in session.items if device_of(item)]
    if not items or session.config.getoption("collectonly"):
        return
    if session.config.getoption("capture") != "no":
        raise pytest.UsageError("a person is asked at the bench: add -s")
    clauses, blanks = Counter(map(device_of, items)), Counter[str]()
    for item in items:
        blanks[device_of(item)] += used_up(item)
    for device, count in clauses.items():
        sys.stdout.write(f"\n{device}: {count} clauses, which use up {blanks[device]} blanks\n")
    if not session.config.getoption("--yes"):
        sys.stdout.write("  >> ENTER begins, Ctrl-C does not: ")
        sys.stdout.flush()
        if not sys.stdin.readline():
            pytest.exit("nobody is at the bench")


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
def bench(request: pytest.FixtureRequest, rig: Rig) -> Iterator[Bench]:
    """Any printer. On a simulated one the clause may use up no more blanks than it says it does."""
    name = request.node.callspec.params["rig"]
    if name not in SIMULATED:
        yield rig.device(name)
        return
    made = rig.bench()
    yield made
    places = made.world.census()
    assert sum(len(cards) for place, cards in places.items() if place != "hopper") <= used_up(request.node)
