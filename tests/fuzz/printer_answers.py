"""A printer that answers what it likes. Nothing leaves the driver but a device error, and one that says that nothing
moved says so only if no movement was asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

from drivers.errors import DeviceError, NotStarted
from drivers.printers.evolis import Evolis
from drivers.protocols import Face, Tray
from tests.fuzz.engine import Finding, mutated
from tests.printers import script
from tests.printers.script import NORMAL, Script

ANSWERS = tuple(text.encode("latin-1") for text in (
    "OK", "ERROR CDE", "ERROR PAR", "NO CARD", "FEEDER EMPTY", "RIBBON ENDED", "0", "999999999999", "-1", "\xb2",
    "\u00e9", "9" * 5000, "", "OKOK", "ON", "OFF", "CLOSE", "OPEN", "2.4", "nan", "1e999", "8" * 32, "8000A000",
    *(getattr(script, name) for name in ("IDLE", "AT_CHIP", "AT_HEAD", "EMPTY", "REBOOTED", "COVER", "JAM")),
))  # fmt: skip
CLASSIC = {"Rpst": "ERROR CDE", "Rlr;p": "NO CARD", "Rse;o": "5,00 Volts", "Rcr": "OK", "Rem;1": "2"}
COMMANDS = ("Rok", "Rsn", "Rtp", "Rfv", "Rpst", "Rlr;p", "Rse;o", "Rcr", "Rem;1", "Rco;c", "Rco;p", "Rrt;count",
            "Sic", "Scs", "Pr;ymcko", "Ss", "Sr", "Se", "Sce", "Ser", "Pneab;E", "Pem;2")  # fmt: skip
LIFE = ("identity", "status", "feed", "chip", "print", "eject", "clear")
ASKS = frozenset({"identity", "status", "clear", "initialise"})


class Following(Script):
    """A printer whose status follows what it was told to do, where the case does not say otherwise."""

    status, places = "Rpst", (script.IDLE, script.AT_CHIP)

    def write(self, data: bytes, deadline: float, shown: bytes | None = None) -> None:
        super().write(data, deadline, shown)
        place = {"Sic": 1, "Sce": 0, "Ser": 0}.get(self.sent[-1]) if self.sent else None
        if place is not None and len(self.replies[self.status]) == 1:
            self.on(self.status, self.places[place])


class FollowingClassic(Following):
    status, places = "Rlr;p", ("NO CARD", "CONTACTLESS CARD")


class PrinterAnswers:
    """`classic`: a printer without status words. One case: answers by command, in order, and what is asked of it."""

    budget = 3_000_000
    declared = (DeviceError,)
    secrets = ()

    def __init__(self, directory: object = None, *, classic: bool = False) -> None:
        self._machine = FollowingClassic if classic else Following
        self._own = {**NORMAL, **(CLASSIC if classic else {})}
        self._prepared = Evolis(Script()).prepare(Face(1016, 648, bytes(1016 * 648)))  # type: ignore[arg-type]

    def case(self, random: Random) -> bytes:
        replies = {}
        for command in random.sample(COMMANDS, random.choice((0, 1, 2, 4, 8))):
            valid = self._own.get(command, "OK").encode("latin-1")
            spoilt = [mutated(random, random.choice((valid, *ANSWERS)), ANSWERS) for _ in range(random.randint(1, 4))]
            replies[command] = [each[:300].decode("latin-1") for each in (*spoilt, valid)]
        life = random.choice((["feed", "chip", "print", "eject"], random.choices(LIFE, k=random.randint(1, 5))))
        return json.dumps({"replies": replies, "life": life}).encode()

    def hold(self, case: bytes) -> str:
        told = json.loads(case)
        line = self._machine({name: [text] for name, text in self._own.items()})
        for name, texts in told["replies"].items():
            line.on(name, *texts)
        printer = Evolis(line, reply_timeout_s=1.0)  # type: ignore[arg-type]
        calls: dict[str, Callable[[], object]] = {
            "identity": printer.identity, "status": printer.status, "feed": printer.feed, "clear": printer.clear,
            "chip": printer.to_chip_station, "print": lambda: printer.print_face(self._prepared),
            "eject": lambda: printer.eject(Tray.OUTPUT), "initialise": printer.initialise,
        }  # fmt: skip
        failed: DeviceError | None = None
        for name in ("initialise", *told["life"]):
            line.sent.clear()
            try:
                calls[name]()
            except DeviceError as exc:
                failed = exc
                _moved_nothing(name, line, exc)
        if failed:
            raise failed
        return "printed" if "print" in told["life"] else "asked" if set(told["life"]) <= ASKS else "moved"

    def close(self) -> None:
        """Nothing was opened."""


def _moved_nothing(name: str, line: Script, exc: DeviceError) -> None:
    moves = [each for each in line.moves() if each != "Scs"]
    if moves and (isinstance(exc, NotStarted) or name in ASKS):
        raise Finding(f"{name}: {exc!r}, and {moves} was sent") from exc
