"""From any seed of a bad line: what the centre holds is what the station wrote, frame by frame, each record once."""

from __future__ import annotations

import io
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from kiosk.journal import scan
from kiosk.rig.wire import KINDS, Fault, Wire, seeded
from kiosk.sync.client import HubClient, HubUnreachable, connect
from kiosk.sync.intake import Accepted, Intake, Judged
from tests.sync import seeds
from tests.sync.centre import Centre, Station

FEW, MANY = 25, 500
pytestmark = pytest.mark.timeout(600)  # a busy machine fails none of them


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """With the data base that needs no server: what is proved here is on the wire and at both ends of it."""
    running = Centre(tmp_path_factory.mktemp("hub"))
    yield running
    running.close()


@pytest.fixture(scope="module")
def results(centre: Centre, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[int, list[str]], Counter[str]]:
    """Of the seeds that every run of the tests takes."""
    return several(centre, tmp_path_factory.mktemp("seeds"), range(FEW))


def several(centre: Centre, place: Path, numbers: Iterable[int]) -> tuple[dict[int, list[str]], Counter[str]]:
    """What differs, by seed, and what the line did."""
    wrong: dict[int, list[str]] = {}
    met: Counter[str] = Counter()
    for seed in numbers:
        found, did = seeds.run(centre, place / str(seed), seed)
        met += did
        if found:
            wrong[seed] = found
    return wrong, met


def test_some_seeds_show_no_difference(results: tuple[dict[int, list[str]], Counter[str]]) -> None:
    assert results[0] == {}


def test_every_kind_of_fault_was_met(results: tuple[dict[int, list[str]], Counter[str]]) -> None:
    assert set(results[1]) == set(KINDS)


@pytest.mark.long
@pytest.mark.parametrize("first", range(FEW, MANY, FEW))
def test_five_hundred_seeds_show_no_difference(centre: Centre, tmp_path: Path, first: int) -> None:
    assert several(centre, tmp_path, range(first, first + FEW))[0] == {}


def test_a_seed_is_one_course_of_events() -> None:
    plans = [seeded(7, 0.5) for _ in range(2)]
    assert [plans[0]() for _ in range(100)] == [plans[1]() for _ in range(100)]


class Appending:
    """The centre, and beside it a ledger that takes every delivery that was accepted, whatever it holds already."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.ledger: list[bytes] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()

        def started(status: str, *rest: Any) -> Any:
            if status.startswith("200") and environ["REQUEST_METHOD"] == "POST":
                self.ledger += body.splitlines(keepends=True)
            return start_response(status, *rest)

        found: Iterable[bytes] = self._app({**environ, "wsgi.input": io.BytesIO(body)}, started)
        return found


def test_a_centre_that_appends_again_what_it_holds_is_found_out(centre: Centre, tmp_path: Path) -> None:
    """The negative control: the same comparison, over a ledger that ignores that a frame has a number."""
    app = centre.line._app
    careless = centre.line._app = Appending(app)
    plan = iter([Fault("none", 0), Fault("reply-lost", 0.9)])
    post = seeds.Post(centre, tmp_path / "post", lambda: next(plan, Fault("none", 0)))
    try:
        post.receive(3)
        seeds.live(post, random.Random(1))
        post.settle()
        lines = [frame.line for frame in scan(post.data / "journal")]
        assert seeds.compare("frames", lines, careless.ledger)
        assert max(Counter(careless.ledger).values()) == 2
        assert seeds.differences(post) == []
    finally:
        post.close()
        centre.line._app = app


@dataclass
class Forgetful:
    """An inbox that moves its cursor when an answer is over, and not with the records."""

    cursor: str = ""
    room: int = 100
    refs: list[str] = field(default_factory=list)
    reached: str = ""

    def accept(self, judged: list[Judged], cursor: str) -> None:
        self.refs += [item.ref for item in judged if isinstance(item, Accepted)]
        self.reached = cursor


def test_an_inbox_that_takes_records_again_is_found_out(centre: Centre, station: Station) -> None:
    """The other negative control: an answer that is cut, and a sink that keeps its cursor apart."""
    refs = centre.issue(station.name, 6)
    plan = iter([Fault("cut-reply", 0.7)])
    wire = Wire(centre.server.port, lambda: next(plan, Fault("none", 0)))
    http = connect(wire.url, timeout=httpx.Timeout(30.0))
    sink = Forgetful()
    intake = Intake(HubClient(http, station.name, station.key, station.pins.signing, clock=station.clock), sink)
    with pytest.raises(HubUnreachable):
        intake.step()
    while intake.step():
        sink.cursor = sink.reached
    assert seeds.compare("records", sink.refs, refs)
    assert set(sink.refs) == set(refs)
    http.close()
    wire.close()


def test_a_record_that_one_byte_was_changed_of_comes_again(centre: Centre, station: Station) -> None:
    """It is passed over for good when it is refused for good: not for what the line did to it."""
    refs = centre.issue(station.name, 1)
    plan = iter([Fault("garbled-reply", 0.5)])
    wire = Wire(centre.server.port, lambda: next(plan, Fault("none", 0)))
    http = connect(wire.url, timeout=httpx.Timeout(30.0))
    sink = Forgetful()
    intake = Intake(HubClient(http, station.name, station.key, station.pins.signing, clock=station.clock), sink)
    with pytest.raises(HubUnreachable, match="once more"):
        intake.step()
    intake.step()
    assert sink.refs == refs
    http.close()
    wire.close()
