"""Silent ports beside the printer's: it is in use again as soon as without them, and found at any of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.errors import NotStarted, Stopped
from drivers.protocols import CardPrinter, PrinterIdentity
from kiosk.equipment import Opened
from kiosk.search import AGAIN_S, PrinterSearch
from tests.heal.matrix import LIMIT_S

GIVEN_UP_S = 3.0
BETWEEN_LOOKS_S = 1.0


class Closable:
    """As much of a printer as a search needs."""

    def close(self) -> None:
        """Nothing is open."""


class Ports:
    """Files that stand for ttys, and a clock that passes where nobody answers. `at`: serial of what answers where."""

    def __init__(self, directory: Path, names: list[str]) -> None:
        self.directory = directory
        self.now = 0.0
        self.asked: list[str] = []
        self.at: dict[str, str] = {}
        for name in names:
            self.plug(name)
        self.search = PrinterSearch(
            str(directory / "tty0"), [str(directory / "tty*")], self._open, clock=lambda: self.now
        )

    def plug(self, name: str, serial: str | None = None) -> None:
        """Something else than before is at that port, with that serial if it answers at all."""
        new = self.directory / f"{name}.new"
        new.touch()
        new.rename(self.directory / name)
        self.at.pop(name, None)
        if serial:
            self.at[name] = serial

    def _open(self, port: str) -> Opened:
        name = Path(port).name
        self.asked.append(name)
        if name not in self.at:
            self.now += GIVEN_UP_S
            raise NotStarted(f"{port}: no reply in time")
        printer: CardPrinter = Closable()  # type: ignore[assignment]
        return Opened(printer, PrinterIdentity("Primacy", "1", self.at[name]), port)

    def look(self) -> str | None:
        """Where the printer was found, and the pause after a look in vain."""
        self.asked.clear()
        try:
            return Path(self.search.open(["S1"]).port).name
        except (NotStarted, Stopped):
            self.now += BETWEEN_LOOKS_S
            return None

    def silent_for(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            assert self.look() is None


@pytest.fixture
def ports(tmp_path: Path) -> Ports:
    made = Ports(tmp_path, ["tty0", "tty1", "tty2", "tty3"])
    made.at["tty0"] = "S1"
    assert made.look() == "tty0"
    del made.at["tty0"]
    return made


def test_the_port_where_it_was_is_asked_in_each_look(ports: Ports) -> None:
    ports.silent_for(20)
    for _ in range(10):
        began = ports.now
        assert ports.look() is None
        assert ports.asked == ["tty0"]
        assert ports.now - began <= LIMIT_S
    ports.at["tty0"] = "S1"
    assert ports.look() == "tty0"


def test_it_is_no_other_after_it_was_moved(ports: Ports) -> None:
    ports.plug("tty2", "S1")
    assert "tty2" in (ports.look(), ports.look())
    ports.plug("tty2")
    ports.silent_for(20)
    assert ports.look() is None
    assert ports.asked == ["tty2"]


def test_what_is_plugged_in_anew_is_asked_at_once(ports: Ports) -> None:
    ports.silent_for(20)
    ports.plug("tty2", "S1")
    assert ports.look() == "tty2"


def test_it_is_found_at_a_port_that_was_silent_for_long(ports: Ports) -> None:
    """It was off when it was moved."""
    ports.silent_for(20)
    ports.at["tty3"] = "S1"
    began, found = ports.now, None
    while found is None:
        found = ports.look()
        assert len(ports.asked) <= 2, "a look asks two silent ports at most"
    assert found == "tty3"
    assert ports.now - began <= 1.5 * AGAIN_S


def test_a_person_who_looks_need_not_wait_for_that(ports: Ports) -> None:
    ports.silent_for(20)
    ports.at["tty3"] = "S1"
    for _ in range(3):
        ports.search.look(None)
    assert {each.serial for each in ports.search.found} == {"S1"}


def test_one_that_is_exchanged_between_two_questions_is_not_used(ports: Ports) -> None:
    """The printer with the card answers, is to be opened, and by then another is in its place."""
    ports.plug("tty1", "S2")
    opened: list[str] = []

    def exchanged(port: str) -> Opened:
        found = ports._open(port)
        opened.append(port)
        ports.plug("tty1", "S3")
        return found

    ports.search._open_at = exchanged
    with pytest.raises(Stopped, match="there is"):
        ports.search.open(["S1", "S2"])
    assert len(opened) == 2
