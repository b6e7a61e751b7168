"""No reply is ever taken for another command's."""

from __future__ import annotations

import random

import pytest

from drivers.errors import NotStarted, OutcomeUnknown
from drivers.printers.evolis import Evolis
from tests.printers.script import SILENCE, Script


@pytest.mark.parametrize("call", ["identity", "status", "clear", "initialise"])
def test_silence_to_what_moves_nothing_is_not_started(line: Script, printer: Evolis, call: str) -> None:
    for command in ("Rtp", "Rpst", "Scs", "Pem;2"):
        line.on(command, SILENCE)
    with pytest.raises(NotStarted):
        getattr(printer, call)()


@pytest.mark.parametrize("late", [["OK"], ["OK", "ERROR MECA"], ["KP1"], ["OK", "KP1"] * 9])
def test_late_reply_is_never_taken_for_another_commands(line: Script, printer: Evolis, late: list[str]) -> None:
    random.seed(1)  # one order of 460 that may be asked is that of the eighteen late ones
    line.on("Sic", SILENCE)
    with pytest.raises(OutcomeUnknown):
        printer.feed()
    line.discard_input = lambda: b""  # type: ignore[method-assign] - the late ones come only now
    line.inbox.extend(text.encode() for text in late)
    assert printer.identity().model == "Primacy"


def test_doubled_reply_is_noticed(line: Script, printer: Evolis) -> None:
    line.inbox.append(b"OK")
    line.sent.clear()
    printer.status()
    assert "Rok" in line.sent


def test_padding_between_replies_is_nothing(line: Script, printer: Evolis) -> None:
    line.inbox.extend([b"\n", b"\x00"])
    printer.status()
    assert "Rok" not in line.sent


def test_barrier_is_not_always_the_same(line: Script) -> None:
    """Else a process that died while waiting for it would leave behind the very replies the next one waits for."""
    random.seed(1)
    orders = set()
    for _ in range(5):
        line.sent.clear()
        Evolis(line).initialise()
        orders.add(tuple(line.sent[:12]))
    assert len(orders) > 1
