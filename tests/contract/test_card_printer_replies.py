"""Clauses 14 to 17: whatever comes back, or does not, a call ends in time, with the right error, leaving nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from drivers.errors import DeviceError, NotStarted, OutcomeUnknown, ProtocolViolation
from drivers.printers import evolis
from drivers.protocols import CardPrinter, Position, Tray
from tests.chip.readers import assert_soon, count_descriptors
from tests.contract.card_bench import LIFE, Bench, Rig, live, small_face
from tests.contract.ipp_bench import IppRig
from tests.patience import BUSY_S

PRINTERS = ["evolis-pty", "evolis-tcp", "evolis-classic", "ipp"]


def http(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


GARBAGE = {
    "noise": b"\xff\xfe\x80\x00",
    "half": b"O\x00",
    "double": b"OKOK\x00",
    "short status": b"8000A000\x00",
    "endless": b"x" * 300,
    "padding": b"\x00" * 80,
}
IPP_GARBAGE = {
    "noise": http(b"\xff\xfe\x80\x00"),
    "half": http(bytes.fromhex("0200 0000 00000001 01 44 0001")),
    "double": b"SSH-2.0-OpenSSH\r\n" * 2,
    "short status": http(bytes.fromhex("0200 0000 00000001")),
    "endless": http(b"x" * 300_000),
    "padding": b"\x00" * 80 + b"\r\n",
}
"""The same for a printer that answers by IPP: each is whole as far as HTTP goes, or no HTTP."""


def before(printer: CardPrinter, call: str) -> Callable[[CardPrinter], object]:
    """Live up to `call`, which is returned."""
    for name, step in LIFE:
        if name == call:
            return step
        step(printer)
    raise KeyError(call)


def replies(rig: Rig, call: str) -> int:
    """How many replies `call` waits for on a sound line."""
    bench = rig.bench()
    step, begun = before(bench.printer, call), len(bench.wire.exchanges)
    step(bench.printer)
    rig.close()
    return len(bench.wire.exchanges) - begun


@pytest.mark.parametrize("garbage", GARBAGE)
@pytest.mark.parametrize("call", dict(LIFE))
def test_14_garbage_for_any_reply(rig: Rig, call: str, garbage: str) -> None:
    """ProtocolViolation, at once; and the next call finds its place again."""
    count = replies(rig, call)
    assert count >= (1 if isinstance(rig, IppRig) else 4)
    if isinstance(rig, IppRig) and call == "print":
        count -= 1  # the last is asked when the card is good already, and again before the next
    for at in range(count):
        bench = rig.bench()
        step = before(bench.printer, call)
        for _ in range(at):
            bench.line.delay_next_reply(0.0)
        bench.line.garble_next_reply((IPP_GARBAGE if bench.ipp else GARBAGE)[garbage])
        began = time.monotonic()
        with pytest.raises(ProtocolViolation):
            step(bench.printer)
        assert time.monotonic() - began < 1 + BUSY_S
        bench.printer.status()
        rig.close()


@pytest.mark.parametrize("call", dict(LIFE))
def test_14_doubled_replies(rig: Rig, call: str) -> None:
    """A reply that comes twice is nobody else's: the life goes on as if it had come once."""
    for at in range(replies(rig, call)):
        bench = rig.bench()
        bench.unless_ipp("each answer has a connection of its own")
        step = before(bench.printer, call)
        for _ in range(at):
            bench.line.delay_next_reply(0.0)
        bench.line.double_next_reply()
        step(bench.printer)
        for _, each in LIFE[list(dict(LIFE)).index(call) + 1 :]:
            each(bench.printer)
        assert [panel.fraction for panel in bench.world.output[0].panels] == [1.0, 1.0]
        rig.close()


@pytest.mark.parametrize("call", ["identity", "status", "feed", "print", "eject"])
def test_14_silence_ends_within_the_patience(rig: Rig, call: str) -> None:
    """In real time: no call outlives its patience for one reply, whatever the line does."""
    bench = rig.bench(patience=0.5)
    steps = dict(LIFE) | {"identity": lambda printer: printer.identity()}
    if call == "feed":
        bench.unless_ipp("that a card is in the path it knows without asking")
    bench.printer.feed()
    if bench.ipp:
        bench.printer._ask_s = 0.5
    bench.line.drop_next_reply()
    began = time.monotonic()
    with pytest.raises(NotStarted):
        steps[call](bench.printer)
    assert 0.4 < time.monotonic() - began < 2 + BUSY_S
    assert bench.printer.status().position is bench.fed_to


def test_14_half_an_answer_is_none(rig: Rig) -> None:
    """An answer without its end says nothing: after a movement the outcome is unknown."""
    bench = rig.bench(patience=0.5)
    bench.unless_ipp("its feed moves nothing; of a job, see the cuts at any byte")
    bench.now("command", lambda: bench.line.garble_next_reply(b"O"), "Sic")
    with pytest.raises(OutcomeUnknown):
        bench.printer.feed()
    assert bench.printer.status().position is Position.CONTACTLESS


def test_14_reading_ends_in_its_stated_time(rig: Rig) -> None:
    """status promises 3 s, whatever the patience for one reply."""
    bench = rig.bench(patience=30.0)
    bench.line.drop_next_reply()
    began = time.monotonic()
    with pytest.raises(NotStarted):
        bench.printer.status()
    assert 2.5 < time.monotonic() - began < 3.5 + BUSY_S


def test_15_close_is_idempotent_and_final(bench: Bench) -> None:
    """A closed printer raises NotStarted."""
    face = small_face(bench.printer)
    bench.printer.close()
    bench.printer.close()
    for call in (
        bench.printer.identity,
        bench.printer.status,
        bench.printer.feed,
        bench.printer.to_chip_station,
        bench.printer.clear,
        lambda: bench.printer.print_face(face),
        lambda: bench.printer.eject(Tray.OUTPUT),
    ):
        with pytest.raises(NotStarted):
            call()


def test_16_nothing_but_device_errors(sim: Bench) -> None:
    """Also when the line is taken away under the driver."""
    sim.printer.feed()
    sim.line.close()
    for _, step in LIFE:
        with pytest.raises(DeviceError):
            step(sim.printer)


def test_17_nothing_is_left_behind(bench: Bench) -> None:
    """No thread and no file stay after close: opened again there are as many as before."""
    before = threading.active_count(), count_descriptors()
    bench.printer.close()
    bench.reopen().status()
    assert_soon(lambda: (threading.active_count(), count_descriptors()) == before)


def test_trace_holds_no_picture(sim: Bench) -> None:
    """A tracer sees every command in order, and of a face no dot."""
    sim.unless_ipp("a test of its own says it: tests/printers/test_ipp.py")
    heard: list[bytes] = []

    class Trace:
        def sent(self, data: bytes) -> None:
            heard.append(data)

        def received(self, data: bytes) -> None:
            assert data

    sim.printer.close()
    printer = evolis.open(sim.wire.name, tracer=Trace())
    live(printer)
    printer.close()
    downloads = [each for each in heard if each.startswith(b"\x1bDb")]
    assert downloads == [b"\x1bDbc;k;2;1901", b"\x1bDbc;o;2;1016"]
    assert heard.index(b"\x1bSic\r") < heard.index(downloads[0]) < heard.index(b"\x1bSe\r")
