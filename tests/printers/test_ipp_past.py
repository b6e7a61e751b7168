"""What a queue of CUPS goes on saying after the job of which it was true, and what a person has mended since."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drivers.errors import OutcomeUnknown, Stopped
from drivers.printers import ipp
from drivers.protocols import Tray
from tests.cups_service import Cupsd
from tests.print_services import RawPrinter
from tests.printers.ipp_service import CUPS, FACE, Service, driver, made, serving

EMPTY = frozenset({"media-empty"})


@pytest.fixture
def queue() -> Iterator[Service]:
    """Idle since a job found the hopper empty."""
    with serving() as service:
        service.extra, service.reasons = CUPS, ["media-empty-error"]
        yield service


def test_what_is_past_stops_nothing_once_it_is_acknowledged(queue: Service) -> None:
    printer = driver(queue)
    assert printer.status().stopping == EMPTY
    with pytest.raises(Stopped, match="media-empty"):
        printer.feed()
    printer.clear()
    assert printer.status().stopping == frozenset()
    for _ in range(2):
        made(printer)
    assert queue.cards == 2


def test_what_has_gone_and_comes_again_is_news(queue: Service) -> None:
    printer = driver(queue)
    printer.clear()
    queue.reasons = ["none"]
    assert printer.status().stopping == frozenset()
    queue.reasons = ["media-empty-error"]
    assert printer.status().stopping == EMPTY


def test_what_comes_beside_it_counts(queue: Service) -> None:
    printer = driver(queue)
    printer.clear()

    def jams() -> None:
        queue.reasons = ["media-empty-error", "media-jam-error"]

    queue.after_print = jams
    printer.feed()
    with pytest.raises(OutcomeUnknown, match=r"the printer says media-jam$"):
        printer.print_face(printer.prepare(FACE))


@pytest.mark.parametrize(("reason", "state", "cups"), [
    ("paused", 3, True), ("media-empty-error", 4, True), ("media-empty-error", 5, True),
    ("media-empty-error", 3, False),
])  # fmt: skip
def test_what_is_so_is_not_past(queue: Service, reason: str, state: int, cups: bool) -> None:
    """Somebody has paused it; a job is there; it stands; it is the printer itself that says so."""
    queue.reasons, queue.state, queue.extra = [reason], state, CUPS if cups else {}
    printer = driver(queue)
    printer.clear()
    with pytest.raises(Stopped, match=reason.removesuffix("-error")):
        printer.feed()
    assert queue.cards == 0


class Hopper(Cupsd):
    """A cupsd whose device finds no blank, and after `fill` takes the job without a word, as a device may."""

    def _make_folders(self) -> None:
        super()._make_folders()
        backend = self.place / "bin" / "backend" / "hopper"
        backend.write_text(HOPPER.format(full=self.place / "cache" / "full"))
        backend.chmod(0o744)

    def fill(self) -> None:
        (self.place / "cache" / "full").touch()


HOPPER = """#!/bin/sh
[ $# -eq 0 ] && exit 0
[ -e {full} ] && exec cat >/dev/null
echo 'STATE: +media-empty-error' >&2
exit 1
"""


@pytest.mark.long
def test_a_hopper_that_ran_empty_on_a_real_queue() -> None:
    raw = RawPrinter()  # only for a port to be named
    server = Hopper(raw, device="once:/hopper")
    try:
        printer = ipp.open(server.url)
        printer.feed()
        with pytest.raises(Stopped, match="ABORTED"):
            printer.print_face(printer.prepare(FACE))
        server.fill()
        printer = ipp.open(server.url)
        assert printer.status().stopping == EMPTY, "or CUPS forgets it by now, and nothing of this is needed"
        printer.clear()
        printer.feed()
        printer.print_face(printer.prepare(FACE))
        printer.eject(Tray.OUTPUT)
        assert printer.status().stopping == frozenset()
    finally:
        server.close()
        raw.close()
