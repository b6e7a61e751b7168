"""The printer is looked for at the ports that the config allows, on real ttys, and at no other."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from drivers.errors import NotStarted, Stopped
from drivers.sim.clock import SimClock
from drivers.sim.firmware import Firmware
from drivers.sim.line import PtyLine
from drivers.sim.world import World
from kiosk.config import PrinterConfig
from kiosk.equipment import identified_printer
from kiosk.rig.devices import new_blanks
from kiosk.search import PrinterSearch, ports_of
from tests.patience import BUSY_S

HOLDS = "import serial, sys; held = serial.Serial(sys.argv[1], exclusive=True); print('held', flush=True); input()"


class Bay:
    """Printers at the ends of ptys, each under a name in one directory, as udev would name adapters."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.lines: list[PtyLine] = []

    def plug(self, name: str, serial: str) -> PtyLine:
        clock = SimClock(float("inf"))
        line = PtyLine(Firmware(World(clock, new_blanks(1, random.Random(1)), serial=serial)), clock)
        (self.directory / name).symlink_to(line.path)
        self.lines.append(line)
        return line

    def search(self, *allowed: str, place: str = "ttyUSB0") -> PrinterSearch:
        def path(name: str) -> str:
            return str(self.directory / name)

        config = partial(PrinterConfig, reply_timeout=1.0)
        return PrinterSearch(
            path(place), [path(name) for name in allowed], lambda port: identified_printer(config(port=port))
        )

    def close(self) -> None:
        for line in self.lines:
            line.close()


@pytest.fixture
def bay(tmp_path: Path) -> Iterator[Bay]:
    made = Bay(tmp_path)
    yield made
    made.close()


def found_at(search: PrinterSearch, *known: str) -> str:
    opened = search.open(known)
    opened.printer.close()
    return Path(opened.port).name


def test_it_is_found_by_its_serial_wherever_it_may_be(bay: Bay) -> None:
    bay.plug("ttyUSB1", "S2")
    bay.plug("ttyUSB2", "S1")
    search = bay.search("ttyUSB*")
    assert found_at(search, "S1") == "ttyUSB2"
    assert {each.serial for each in search.found} == {"S1", "S2"}


def test_no_port_outside_of_the_list_is_opened(bay: Bay) -> None:
    """And with it in the list it would be."""
    line = bay.plug("ttyUSB2", "S1")
    for allowed in ((), ("ttyACM*",), ("ttyUSB0", "ttyUSB1")):
        with pytest.raises(NotStarted):
            bay.search(*allowed).open(["S1"])
    assert line.host_bytes == 0
    assert found_at(bay.search("ttyUSB?"), "S1") == "ttyUSB2"
    assert line.host_bytes > 0


def test_a_stranger_at_its_place_is_asked_and_not_used(bay: Bay) -> None:
    bay.plug("ttyUSB0", "S2")
    search = bay.search()
    with pytest.raises(Stopped, match="the printer is S1; there is Primacy S2 at") as stopped:
        search.open(["S1"])
    assert stopped.value.reasons == {"printer-unknown"}
    assert found_at(search, "S2") == "ttyUSB0", "it was closed again"


def test_the_first_printer_is_the_one_at_its_place(bay: Bay) -> None:
    bay.plug("ttyUSB1", "S2")
    search = bay.search("ttyUSB*")
    with pytest.raises(Stopped, match="not chosen"):
        search.open([])
    bay.plug("ttyUSB0", "S1")
    assert found_at(search) == "ttyUSB0"


def test_the_one_with_the_card_is_used_where_the_chosen_one_is_not(bay: Bay) -> None:
    bay.plug("ttyUSB0", "WITH-CARD")
    assert found_at(bay.search("ttyUSB*"), "CHOSEN", "WITH-CARD") == "ttyUSB0"
    bay.plug("ttyUSB1", "CHOSEN")
    assert found_at(bay.search("ttyUSB*"), "CHOSEN", "WITH-CARD") == "ttyUSB1"


def test_a_port_that_another_process_holds_is_passed_over(bay: Bay) -> None:
    line = bay.plug("ttyUSB1", "S1")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(bay.directory / "ttyUSB1")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    search = bay.search("ttyUSB*")
    with pytest.raises(NotStarted):
        search.open(["S1"])
    assert line.host_bytes == 0
    holder.communicate(b"\n")
    assert found_at(search, "S1") == "ttyUSB1"


def test_a_port_that_talks_nonsense_is_passed_over(bay: Bay) -> None:
    """A modem echoes all that it hears."""
    far, near = os.openpty()
    tty.setraw(near)
    (bay.directory / "ttyUSB0").symlink_to(os.ttyname(near))

    def echo() -> None:
        with suppress(OSError):
            while heard := os.read(far, 4096):
                os.write(far, heard)

    modem = threading.Thread(target=echo)
    modem.start()
    bay.plug("ttyUSB1", "S1")
    began = time.monotonic()
    assert found_at(bay.search("ttyUSB*"), "S1") == "ttyUSB1"
    assert time.monotonic() - began < 5.0 + BUSY_S
    os.close(near)
    modem.join()
    os.close(far)


def test_one_without_a_serial_is_known_by_its_port() -> None:
    config = PrinterConfig(driver="tests.equipment.nameless", port="/dev/ttyS0")
    assert identified_printer(config).identity.serial == "@/dev/ttyS0"


def test_each_port_is_asked_once(tmp_path: Path) -> None:
    """Also where several names lead to it."""
    for name in ("a", "b"):
        (tmp_path / name).touch()
    (tmp_path / "by-id").symlink_to("b")
    place, url = str(tmp_path / "by-id"), "socket://printer:9100"
    assert ports_of(place, [str(tmp_path / "*"), url, str(tmp_path / "gone*")]) == [place, str(tmp_path / "a"), url]
