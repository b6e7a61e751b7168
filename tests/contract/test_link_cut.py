"""Clause 13: the line is cut at any byte of a card's life, of a command or of a reply.

Whatever the byte: only a DeviceError escapes, at once, and of the class that the caller's reaction needs; what it
claims is true of the world; and another driver on the mended line tells the truth about card and counters.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from drivers.errors import DeviceError, NotStarted, OutcomeUnknown
from drivers.protocols import CardPrinter
from drivers.sim.cards import Place
from tests.contract.card_bench import LIFE, Bench, Rig
from tests.contract.ipp_bench import IppRig

PRINTERS = ["evolis-pty", "evolis-tcp", "evolis-classic", "ipp"]

PATIENCE_S = 1.0
SHORT = 64
IN_A_BODY = 20
SAMPLE = 40
MOVES_NOTHING = (b"\x1bR", b"\x1bScs")
PRINT_JOB, GET_JOBS = 0x02, 0x0A


class Exchange(NamedTuple):
    """`expected`: the error of a call whose link fails during this exchange. `again`: another such was before."""

    call: str
    sent: int
    heard: int
    expected: type[DeviceError]
    again: bool = False


class Cut(NamedTuple):
    """After `at` bytes from the host, or of replies. `call` is the one that it breaks."""

    side: str
    at: int
    call: str
    expected: type[DeviceError]


def transcript(rig: Rig) -> Iterator[Exchange]:
    """A whole life on a sound line. A call is NotStarted up to its first command that may move something."""
    bench = rig.bench()
    for call, step in LIFE:
        begun = len(bench.wire.exchanges)
        step(bench.printer)
        expected: type[DeviceError] = NotStarted
        good, asked = False, set[int]()
        for command, heard in bench.wire.exchanges[begun:]:
            if not moves_nothing(bench, command):
                expected = OutcomeUnknown
            good = good or (bench.ipp and call == "print" and operation(command) == GET_JOBS)
            again = bench.ipp and (operation(command) in asked or call == "eject")
            asked.add(operation(command))
            if good:  # the card is; what is lost from here on is noticed by the next call
                yield Exchange("eject", len(command), heard, NotStarted, again)
            else:
                yield Exchange(call, len(command), heard, expected, again)


def moves_nothing(bench: Bench, command: bytes) -> bool:
    return operation(command) != PRINT_JOB if bench.ipp else command.startswith(MOVES_NOTHING)


def operation(request: bytes) -> int:
    """Of an IPP request over HTTP (RFC 8010, 3.1.1)."""
    return int.from_bytes(request.partition(b"\r\n\r\n")[2][2:4], "big")


def every_cut(exchanges: list[Exchange]) -> list[Cut]:
    """All offsets of short commands and of replies; of a download its first, its last and some between, and some of a
    long answer that came before in the same call.

    After its last byte a command is carried out, but the reply is lost; after a reply's last byte, the next command.
    """
    cuts, sent, heard = [], 0, 0
    draw = random.Random(5)
    for each in exchanges:
        offsets = list(range(1, each.sent + 1))
        if each.sent > SHORT:
            offsets = [1, *sorted(draw.sample(offsets[1:-2], IN_A_BODY)), each.sent - 1, each.sent]
        cuts += [Cut("host", sent + at, each.call, each.expected) for at in offsets]
        replies = sorted(draw.sample(range(each.heard), IN_A_BODY)) if each.again else range(each.heard)
        cuts += [Cut("reply", heard + at, each.call, each.expected) for at in replies]
        sent, heard = sent + each.sent, heard + each.heard
    return cuts


def check(rig: Rig, cut: Cut) -> None:
    bench = rig.bench(patience=PATIENCE_S)
    bench.line.cut(**{f"after_{cut.side}_bytes": cut.at})
    call, before, error, seconds = break_off(bench)
    assert (call, type(error)) == (cut.call, cut.expected), cut
    assert bench.ipp or seconds < 0.75 * PATIENCE_S, cut  # it was the cut that ended it, not the patience
    bench.line.restore()
    status = bench.reopen().status()
    if isinstance(error, NotStarted):
        assert bench.truth() == before, cut
    assert bench.agrees(status), cut


def break_off(bench: Bench) -> tuple[str, object, DeviceError, float]:
    """Live until a call fails: which, the world before it, its error and the seconds it took."""
    for call, step in LIFE:
        before, began = bench.truth(), time.monotonic()
        try:
            step(bench.printer)
        except DeviceError as error:
            return call, before, error, time.monotonic() - began
        assert claims_hold(call, bench), f"{call} returned"
    pytest.fail("a cut link went unnoticed")


def claims_hold(call: str, bench: Bench) -> bool:
    """Whether what a call that returned has promised is so."""
    path = bench.world.path
    card = bench.world.output[0] if (bench.classic or bench.ipp) and bench.world.output else path
    return {
        "feed": bench.ipp or bench.world.place is Place.CONTACTLESS,
        "status": True,
        "print": card is not None and [panel.fraction for panel in card.panels] == [1.0, 1.0],
        "eject": path is None and len(bench.world.output) == 1,
    }[call]


def test_cut_at_sampled_bytes(rig: Rig) -> None:
    """Forty of those cuts, drawn with a seed; of IPP, where each has a connection of its own, a third."""
    cuts = every_cut(list(transcript(rig)))
    for cut in random.Random(13).sample(cuts, SAMPLE // 3 if isinstance(rig, IppRig) else SAMPLE):
        check(rig, cut)
        rig.close()


@pytest.mark.long
@pytest.mark.timeout(900)
def test_cut_at_every_byte(rig: Rig) -> None:
    """At each byte of commands, replies and framing; in a panel at the first, the last and 20 seeded ones."""
    for cut in every_cut(list(transcript(rig))):
        check(rig, cut)
        rig.close()


def test_a_life_without_a_cut(rig: Rig) -> None:
    """The transcript covers each call, and both a question and a movement in it."""
    exchanges = list(transcript(rig))
    moving = "print" if rig.benches[0].ipp else "feed"
    assert {each.call for each in exchanges} == {call for call, _ in LIFE}
    assert {each.expected for each in exchanges if each.call == moving} == {NotStarted, OutcomeUnknown}
    assert {each.expected for each in exchanges if each.call == "status"} == {NotStarted}
    assert sum(each.sent > SHORT for each in exchanges) == (len(exchanges) if moving == "print" else 2)


def test_the_check_can_fail(rig: Rig) -> None:
    """A driver that calls a broken movement not started is found out."""

    class Liar:
        def __init__(self, honest: CardPrinter) -> None:
            self.honest = honest

        def feed(self) -> None:
            try:
                self.honest.feed()
            except OutcomeUnknown as exc:
                raise NotStarted("nothing happened") from exc

    bench = rig.bench(patience=PATIENCE_S)
    bench.unless_ipp("its feed moves nothing")
    bench.printer = Liar(bench.printer)
    feed = next(each for each in every_cut(list(transcript(rig))) if each.expected is OutcomeUnknown)
    bench.line.cut(after_host_bytes=feed.at + len(b"Sic\r"))  # the command arrives, its reply does not
    _, before, error, _ = break_off(bench)
    bench.line.restore()
    bench.reopen()
    assert isinstance(error, NotStarted)
    assert bench.truth() != before
