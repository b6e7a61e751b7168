"""A family of printers is one file that nothing here knows of: the config names it, the contract holds for it."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.errors import NotStarted
from drivers.protocols import CardPrinter, Face, Position, Tray
from kiosk.config import PrinterConfig, load_config
from kiosk.equipment import load_driver, open_printer
from kiosk.errors import UsageError
from tests.docs.pages import ROOT

DRIVER = "acme.toy"
SOURCE = Path(__file__).parent / "toy.py"
CLAUSES = ("tests/contract/test_card_printer.py", "tests/contract/test_card_printer_replies.py")
W, H = 1016, 648
PLACES = {"FEED": "contactless", "CHIP": "contactless", "PRINT": "print", "OUTPUT": "none", "REJECT": "none"}


class Machine:
    """The toy itself, at the far end of a pty: what it was told to print, and its trays."""

    def __init__(self) -> None:
        self._master, self._slave = os.openpty()
        self.url = os.ttyname(self._slave)
        self.place, self.fed, self.printed, self.ribbon = "none", 0, 0, 50
        self.trays: list[str] = []
        self.pictures: list[bytes] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        """The pty hangs up when its last user has gone."""
        os.close(self._slave)
        self._thread.join()
        os.close(self._master)

    def _serve(self) -> None:
        with contextlib.suppress(OSError), open(self._master, "rb", closefd=False) as heard:
            while line := heard.readline():
                verb, _, size = line.decode().strip().partition(" ")
                os.write(self._master, self._answer(verb, heard.read(int(size or 0))).encode() + b"\n")

    def _answer(self, verb: str, data: bytes) -> str:
        if verb == "ID":
            return "Toy 0.1 T1"
        if verb == "STATUS":
            return f"{self.place} {self.fed} {self.printed} {self.ribbon} -"
        self.place = PLACES.get(verb, self.place)
        self.fed += verb == "FEED"
        if verb == "PRINT":
            self.printed, self.ribbon = self.printed + 1, self.ribbon - 1
            self.pictures.append(zlib.decompress(data))
        self.trays += [verb] if verb in ("OUTPUT", "REJECT") else []
        return "OK"


@pytest.fixture
def machine() -> Iterator[Machine]:
    made = Machine()
    yield made
    made.close()


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """A folder with the package of somebody else: one file."""
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "toy.py").write_bytes(SOURCE.read_bytes())
    return tmp_path


@pytest.fixture
def installed(acme: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(acme))
    yield
    for name in ("acme.toy", "acme"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("installed")
def test_the_config_alone_brings_it_in(machine: Machine, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f"printer:\n  driver: {DRIVER}\n  port: {machine.url}\n", encoding="utf-8")
    printer = open_printer(load_config(path).printer)
    assert isinstance(printer, CardPrinter)
    black = bytes(W * H - 1) + b"\xff"
    printer.feed()
    printer.print_face(printer.prepare(Face(W, H, black)))
    printer.eject(Tray.OUTPUT)
    assert printer.status().position is Position.NONE
    assert (machine.pictures, machine.trays) == ([black], ["OUTPUT"])
    with pytest.raises(NotStarted):
        printer.prepare(Face(W, H, black, {"y": black}))
    printer.close()


def contract(folder: Path, machine: Machine) -> tuple[str, dict[str, int]]:
    """What the clauses for any printer say of the toy: the output, and how many passed, failed and so on.

    The person at this bench skips whatever needs a hand.
    """
    words = [
        sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", *CLAUSES, "--yes",
        "--device", f"{DRIVER}={machine.url}",
    ]  # fmt: skip
    here = {"PYTHONPATH": str(folder)}
    skips = "s\n" * 50
    done = subprocess.run(words, cwd=ROOT, env=here, input=skips, capture_output=True, text=True, check=False)
    counts = re.findall(r"(\d+) (passed|failed|skipped|error)", done.stdout.splitlines()[-1])
    return done.stdout, {word: int(count) for count, word in counts}


def test_the_contract_holds_for_it(acme: Path, machine: Machine) -> None:
    """Each clause that needs no hand inside of the machine."""
    output, counts = contract(acme, machine)
    assert {word for word in counts if word not in ("passed", "skipped")} == set(), output
    assert counts["passed"] >= 8, output
    assert machine.trays.count("REJECT") >= 4, "cards that tests left in the path were thrown out"


def test_the_contract_would_find_a_careless_one(acme: Path, machine: Machine) -> None:
    """Which moves without looking where the card is."""
    toy = acme / "acme" / "toy.py"
    honest = toy.read_text(encoding="utf-8")
    careless = honest.replace("if (before.position is Position.NONE) is not from_nowhere:", "if before.stopping:")
    assert careless != honest
    toy.write_text(careless, encoding="utf-8")
    _, counts = contract(acme, machine)
    assert counts["failed"] >= 3


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("acme.tyo", "no driver 'acme.tyo'"),
        ("ecma.toy", "no driver 'ecma.toy'"),
        ("tyo", "no driver 'tyo' in drivers/printers"),
        ("zlib.x", "no driver 'zlib.x'"),
        ("drivers.protocols", "drivers.protocols is no driver"),
    ],
)
def test_a_driver_that_is_not_there_is_named(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load_driver("printers", name)


@pytest.mark.usefixtures("installed")
def test_a_driver_that_lacks_something_itself_is_not_called_absent(acme: Path) -> None:
    """What it cannot import is named, not the driver."""
    (acme / "acme" / "broken.py").write_text("import usb_that_is_not_here\n", encoding="utf-8")
    with pytest.raises(ModuleNotFoundError, match="usb_that_is_not_here"):
        load_driver("printers", "acme.broken")


@pytest.mark.parametrize("name", ["acme.", ".toy", "acme..toy", "acme/toy", "Acme.toy", "acme.toy;x"])
def test_a_name_that_is_no_module_is_refused_with_its_line(name: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f"printer:\n  driver: '{name}'\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"2: printer\.driver: .* does not match"):
        load_config(path)


def test_the_default_is_a_family_of_ours() -> None:
    assert load_driver("printers", PrinterConfig().driver).__name__ == "drivers.printers.evolis"
