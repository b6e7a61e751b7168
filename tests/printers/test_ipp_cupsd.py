"""The driver `ipp` on a queue of a real cupsd, which is killed in the midst of a card: there is no second one."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.errors import DeviceError, OutcomeUnknown, Stopped
from drivers.printers import ipp
from drivers.printers.ipp_wire import Wire
from drivers.protocols import Face, Position, Tray
from tests.cups_service import ONCE, Cupsd
from tests.patience import BUSY_S
from tests.print_services import RawPrinter, wait_for

W, H = 1016, 648
FACE = Face(W, H, bytes(W * H - 300) + b"\xff" * 300)
AT_ONCE = "PreserveJobFiles No\nDirtyCleanInterval 0"
"""What cupsd knows of a job is on the disk before it can be killed; by default, up to 30 s later."""


@pytest.fixture
def raw() -> Iterator[RawPrinter]:
    made = RawPrinter()
    yield made
    made.close()


def test_a_card_on_a_queue(raw: RawPrinter) -> None:
    """It arrives whole; of its job and its picture CUPS keeps nothing, also where it is set to."""
    server = Cupsd(raw, settings="PreserveJobFiles Yes\nPreserveJobHistory Yes\nDirtyCleanInterval 0")
    try:
        printer = ipp.open(server.url)
        ready = printer.prepare(FACE)
        for _ in range(2):
            printer.feed()
            printer.print_face(ready)
            printer.eject(Tray.OUTPUT)
        assert raw.cards == [*ready.downloads] * 2
        assert [name for name in server.spooled if name[0] in "cd"] == []
        assert printer.identity().firmware.startswith("2.")
        assert printer.status().position is Position.NONE
    finally:
        server.close()


@pytest.mark.parametrize(("device", "policy"), [("socket", "abort-job"), ("once:/socket", "retry-job")])
def test_a_queue_that_could_print_twice_is_refused(raw: RawPrinter, device: str, policy: str) -> None:
    server = Cupsd(raw, device=device, policy=policy)
    try:
        with pytest.raises(Stopped, match="once:" if policy == "abort-job" else "abort-job"):
            ipp.open(server.url)
    finally:
        server.close()
    assert raw.begun == []


def crashed(raw: RawPrinter, server: Cupsd, *, hard: bool) -> DeviceError | None:
    """cupsd ends in the midst of a card and is started again. What came of the print; cupsd has no job left."""
    printer = ipp.Ipp(Wire(server.url), patience_s=BUSY_S)
    if device_is_guarded(server):
        printer.initialise()
    printer.feed()
    came: list[DeviceError | None] = []

    def carry() -> None:
        try:
            printer.print_face(printer.prepare(FACE))
            came.append(None)
        except DeviceError as exc:
            came.append(exc)

    raw.free.clear()
    printing = threading.Thread(target=carry)
    printing.start()
    wait_for(lambda: raw.begun and [name for name in server.spooled if name[0] == "c"], "the card is begun and noted")
    looks = len(server.told("Get-Job-Attributes"))
    wait_for(lambda: len(server.told("Get-Job-Attributes")) > looks + 2, "the driver has seen it begun")
    (server.kill if hard else server.stop)()
    raw.free.set()
    server.start()
    printing.join(2 * BUSY_S)
    assert not printing.is_alive()
    return came[0]


def device_is_guarded(server: Cupsd) -> bool:
    return "once:" in (server.place / "etc" / "printers.conf").read_text()


@pytest.mark.long
@pytest.mark.parametrize("hard", [True, False])
def test_cupsd_is_killed_in_the_midst_of_a_card(raw: RawPrinter, hard: bool) -> None:
    """0 second cards; what became of the first is asked; and the next one is printed as ever."""
    server = Cupsd(raw, settings=AT_ONCE)
    try:
        assert isinstance(crashed(raw, server, hard=hard), OutcomeUnknown | Stopped)
        assert len(raw.begun) == 1
        printer = ipp.open(server.url)
        printer.feed()
        printer.print_face(printer.prepare(FACE))
        assert len(raw.begun) == 2
    finally:
        server.close()


@pytest.mark.long
def test_cupsd_alone_would_print_it_again(raw: RawPrinter) -> None:
    """Without `once` there is a second card: the test above can fail."""
    server = Cupsd(raw, device="socket", settings=AT_ONCE)
    try:
        crashed(raw, server, hard=True)
        wait_for(lambda: len(raw.begun) == 2, "the second card")
    finally:
        server.close()


@pytest.mark.long
def test_station_and_cupsd_both_die(raw: RawPrinter) -> None:
    """The job that cupsd takes up again is found and ended when the queue is opened, and prints nothing."""
    server = Cupsd(raw, settings=AT_ONCE)
    try:
        dead = ipp.open(server.url)
        raw.free.clear()
        dead._jobs.begin(dead.prepare(FACE).downloads[0], time.monotonic() + BUSY_S)
        wait_for(lambda: raw.begun and [name for name in server.spooled if name[0] == "c"], "the card is begun")
        server.kill()
        raw.free.set()
        server.start()
        printer = ipp.open(server.url)
        assert [name for name in server.spooled if name[0] in "cd"] == []
        assert printer.status().position is Position.NONE
        assert len(raw.begun) == 1
    finally:
        server.close()


@pytest.fixture
def backends(tmp_path: Path) -> Path:
    (tmp_path / "backend").mkdir()
    real = tmp_path / "backend" / "real"
    real.write_text(f'#!/bin/sh\necho "$DEVICE_URI $*" >> {tmp_path}/printed\n')
    real.chmod(0o755)
    return tmp_path


def once(place: Path, *words: str, device: str = "once:/real://h:1") -> int:
    here = {
        "CUPS_CACHEDIR": str(place / "cache"),
        "CUPS_SERVERBIN": str(place),
        "DEVICE_URI": device,
        "PATH": "/usr/bin:/bin",
    }
    return subprocess.run(["sh", str(ONCE), *words], env=here, check=False, capture_output=True).returncode


def test_a_job_passes_once_a_single_time(backends: Path) -> None:
    def job(uuid: str) -> tuple[str, ...]:
        return "7", "keping", "card", "1", f"media=CR80 job-uuid=urn:uuid:{uuid} x=1"

    assert once(backends) == 0
    assert once(backends, *job("0a-1")) == 0
    printed = (backends / "printed").read_text()
    assert printed.startswith("real://h:1 7 keping card 1")
    assert once(backends, *job("0a-1")) == 5
    assert once(backends, "7", "keping", "card", "1", "media=CR80") == 1
    assert once(backends, *job("0a-3"), device="once:/") == 1
    assert (backends / "printed").read_text() == printed
    assert once(backends, *job("0a-2")) == 0
    assert len((backends / "printed").read_text().splitlines()) == 2


def test_what_cant_be_marked_does_not_pass(backends: Path) -> None:
    (backends / "cache").write_text("a file in its way")
    assert once(backends, "7", "keping", "card", "1", "job-uuid=urn:uuid:0a-1") != 0
    assert not (backends / "printed").exists()


def test_a_queue_whose_default_is_two_copies_prints_one(raw: RawPrinter) -> None:
    """And no page before the first; a job that is held by default is not."""
    server = Cupsd(raw, queue="Option copies 2\nOption job-hold-until indefinite\nJobSheets standard none")
    try:
        printer = ipp.open(server.url)
        printer.feed()
        printer.print_face(ready := printer.prepare(FACE))
        assert raw.cards == [*ready.downloads]
        assert printer.status().stopping == frozenset()
    finally:
        server.close()
