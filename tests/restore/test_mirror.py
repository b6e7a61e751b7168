"""The second medium holds the journal byte for byte, and whatever becomes of it nobody waits for it."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.books import Books, replay
from kiosk.config import Config
from kiosk.guard import Guard
from kiosk.journal import scan
from kiosk.lineage import set_aside
from kiosk.mirror import Mirror
from kiosk.pulse import Pulse
from tests.office import PATIENCE_S, STATION, Office

INCARNATION = "ab" * 8
GENESIS = {"station": STATION, "incarnation": INCARNATION, "key": "k" * 43, "predecessor": None}


class Place:
    """Books on one medium and a directory that stands for another."""

    def __init__(self, directory: Path, segment_bytes: int = 4096) -> None:
        self.data, self.root = directory / "data", directory / "mirror"
        self.root.mkdir()
        self.pulse = Pulse()
        self.books = Books.create(self.data, segment_bytes, GENESIS, "test")
        self.books.on_commit = lambda frame: self.pulse.beat()
        self.mirror = self.fresh()

    @property
    def copy(self) -> Path:
        return self.root / set_aside(INCARNATION)

    def fresh(self) -> Mirror:
        self.mirror = Mirror(self.root, self.data, self.books, self.pulse)
        return self.mirror

    def work(self, frames: int) -> None:
        for _ in range(frames):
            self.books.commit("started", {}, "test")

    def copied(self) -> None:
        """One whole run of the thread."""
        mirror = self.fresh()
        mirror.start()
        mirror.stop()
        assert not mirror.is_alive()

    def same(self) -> bool:
        """But for the room at the end of the live segment, which a copy has no use for."""
        files = {path.name: path.read_bytes().rstrip(b"\0") for path in (self.data / "journal").iterdir()}
        return files == {path.name: path.read_bytes() for path in self.copy.iterdir()}

    def until(self, reached: Callable[[], bool]) -> None:
        """Wake the mirror until it is so: each of its rounds ends in a look at the pulse."""
        done = threading.Event()
        timer = threading.Timer(PATIENCE_S, done.set)
        timer.start()
        while not (reached() or done.is_set()):
            self.pulse.beat()
            done.wait(0.01)
        timer.cancel()
        assert reached(), self.mirror.state


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path)
    yield found
    found.mirror.stop()
    found.books.close()


def test_it_follows_through_segments_and_starts(place: Place) -> None:
    place.work(5)
    place.copied()
    assert place.same()
    place.work(60)
    place.copied()
    assert len(list(place.copy.iterdir())) > 2
    assert place.same()
    state = place.mirror.state
    assert (state.seq, state.behind, state.error) == (place.books.seq, 0, "")
    assert state.in_step_ms


def test_each_frame_is_there_soon(place: Place) -> None:
    place.mirror.start()
    for _ in range(5):
        place.work(1)
        place.until(lambda: place.mirror.state.behind == 0)
        assert place.same()


@pytest.mark.parametrize("left", [0, 1, 100, 150])
def test_what_a_power_cut_left_of_the_last_frame_is_written_again(place: Place, left: int) -> None:
    place.work(5)
    place.copied()
    last = place.copy / "seg-000000000001.jsonl"
    whole = last.read_bytes()
    begun = whole[: whole.rindex(b"\n", 0, -1) + 1 + left]
    last.write_bytes(begun)
    place.copied()
    assert place.same()
    last.write_bytes(begun + b"\0" * 40 + b"\n")
    place.copied()
    assert place.same()


def test_a_first_frame_that_was_torn_is_written_again(place: Place) -> None:
    place.copied()
    path = place.copy / "seg-000000000001.jsonl"
    path.write_bytes(path.read_bytes()[:30])
    place.copied()
    assert place.same()


def refused(place: Place) -> str:
    before = {path: path.read_bytes() for path in place.root.rglob("*") if path.is_file()}
    place.copied()
    assert {path: path.read_bytes() for path in place.root.rglob("*") if path.is_file()} == before
    return place.mirror.state.error


def test_the_mirror_of_a_longer_journal_is_not_touched(place: Place, tmp_path: Path) -> None:
    shutil.copytree(place.data, tmp_path / "earlier")
    place.work(3)
    place.copied()
    place.books.close()
    place.data, place.books = tmp_path / "earlier", Books.open(tmp_path / "earlier", 4096, "test")
    assert "was set back" in refused(place)
    place.work(3)
    assert "branched" in refused(place)
    place.work(30)
    assert "branched" in refused(place)


def test_the_mirror_of_another_station_is_not_touched(place: Place, tmp_path: Path) -> None:
    place.copied()
    place.books.close()
    place.data = tmp_path / "other"
    place.books = Books.create(place.data, 4096, {**GENESIS, "station": "kupang-02"}, "test")
    assert "the mirror of station kupang-01" in refused(place)


def test_another_journal_of_the_station_is_not_touched(place: Place, tmp_path: Path) -> None:
    place.copied()
    place.books.close()
    place.data = tmp_path / "other"
    place.books = Books.create(place.data, 4096, {**GENESIS, "incarnation": "cd" * 8}, "test")
    assert "another journal of this station" in refused(place)


def test_a_place_where_no_medium_is_mounted_is_not_made(place: Place) -> None:
    place.root.rmdir()
    assert "is the medium in its place?" in refused(place)
    assert not place.root.exists()


def test_a_medium_that_is_full_is_told_once_and_goes_on_when_there_is_room(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("kiosk.mirror.RETRY_S", 0.01)
    full = threading.Event()
    full.set()
    write = os.pwrite

    def pwrite(fd: int, data: bytes, at: int) -> int:
        if full.is_set() and threading.current_thread() is place.mirror:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data, at)

    monkeypatch.setattr(os, "pwrite", pwrite)
    place.mirror.start()
    place.until(lambda: "No space" in place.mirror.state.error)
    place.work(20)
    place.until(lambda: place.mirror.state.behind == place.books.seq)
    full.clear()
    place.until(lambda: place.mirror.state.behind == 0)
    assert place.mirror.state.error == ""
    assert place.same()
    assert [record.getMessage() for record in caplog.records if "without it" in record.getMessage()] == [
        f"mirror: {place.root}: No space left on device; printing goes on without it"
    ]


@pytest.mark.parametrize("call", ["pwrite", "fdatasync"])
def test_nobody_waits_for_a_medium_that_hangs(place: Place, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    monkeypatch.setattr("kiosk.mirror.STOP_S", 0.05)
    hanging, released = threading.Event(), threading.Event()
    really = getattr(os, call)

    def hang(*args: Any) -> Any:
        if threading.current_thread() is place.mirror:
            hanging.set()
            assert released.wait(PATIENCE_S)
        return really(*args)

    monkeypatch.setattr(os, call, hang)
    place.mirror.start()
    assert hanging.wait(PATIENCE_S)
    place.work(20)
    assert place.mirror.state.behind == place.books.seq == 21
    place.mirror.stop()
    assert place.mirror.is_alive()
    released.set()
    place.mirror.join(PATIENCE_S)


def test_a_station_keeps_it_and_says_how_it_stands(office: Office, tmp_path: Path) -> None:
    root = tmp_path / "stick"
    root.mkdir()
    station = office.station
    guard = Guard(station.books, office.data, Config(mirror=str(root)), lambda: None)
    guard.start(station.pulse)
    office.print_one()
    guard.close()
    state = guard.status["mirror"]
    assert (state["seq"], state["error"]) == (station.books.seq, "")
    assert replay(scan(root / set_aside(INCARNATION))).balances() == station.stock.balance("test")
    assert station.status()["mirror"] is None
    assert {path.name for path in root.iterdir()} == {set_aside(INCARNATION)}
