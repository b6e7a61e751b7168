"""What every `CardPrinter` owes its caller. Each test is one clause, or a part of one; its docstring says it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

import pytest

from drivers.errors import DeviceError, NotStarted, OutcomeUnknown, ProtocolViolation, Stopped
from drivers.printers import evolis
from drivers.protocols import CardPrinter, Position, Tray
from drivers.sim.build import Capacity
from drivers.sim.cards import Ribbon
from tests.contract.card_bench import LIFE, Bench, Rig, live, small_face


def test_01_idle_printer_reports_nothing(bench: Bench) -> None:
    """An idle printer has no reasons, no warnings and an empty path."""
    assert isinstance(bench.printer, CardPrinter)
    status = bench.printer.status()
    assert (status.position, status.stopping, status.warnings) == (Position.NONE, frozenset(), frozenset())
    assert not status.just_reset


def test_02_status_moves_nothing(bench: Bench) -> None:
    """Ten readings are equal, and so is the world."""
    before = bench.truth()
    readings = [bench.printer.status() for _ in range(10)]
    assert len({repr(each) for each in readings}) == 1
    assert bench.truth() == before


FAULTS: dict[str, tuple[Callable[[Bench], object], str]] = {
    "hopper empty": (lambda bench: bench.world.hopper.clear(), "media-empty"),
    "cover open": (lambda bench: bench.world.open_cover(), "cover-open"),
    "ribbon at its end": (lambda bench: bench.world.end_ribbon(), "marker-supply-empty"),
    "no ribbon": (lambda bench: bench.world.replace_ribbon(None), "marker-supply-missing"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_03_fault_shows_under_its_keyword(bench: Bench, fault: str) -> None:
    """Each fault appears in status within 1 s, alone; a feed says the same and feeds nothing."""
    cause, keyword = FAULTS[fault]
    cause(bench)
    before, began = bench.truth(), time.monotonic()
    assert bench.printer.status().stopping == {keyword}
    assert time.monotonic() - began < 1
    with pytest.raises(Stopped) as caught:
        bench.printer.feed()
    assert caught.value.reasons == {keyword}
    assert bench.truth() == before


@pytest.mark.parametrize("tray", Tray)
def test_03_full_tray(rig: Rig, tray: Tray) -> None:
    """A full tray is `output-area-full`."""
    bench = rig.bench(capacity=Capacity(output=1, reject=1))
    bench.printer.feed()
    bench.printer.eject(tray)
    assert bench.printer.status().stopping == {"output-area-full"}
    bench.world.collect()
    assert bench.printer.status().stopping == frozenset()


def test_03_low_ribbon_only_warns(bench: Bench) -> None:
    bench.world.replace_ribbon(Ribbon(sets_left=1))
    status = bench.printer.status()
    assert (status.stopping, status.warnings) == (frozenset(), {"marker-supply-low"})
    bench.world.replace_ribbon(Ribbon(tag_readable=False))
    assert bench.printer.status().counters.ribbon_left is None


def test_04_feed_brings_a_card_to_the_chip_station(bench: Bench) -> None:
    """feed leaves the card where asked, and counts it."""
    before = bench.printer.status().counters
    bench.printer.feed()
    status = bench.printer.status()
    assert status.position is Position.CONTACTLESS
    assert status.counters.cards_fed == before.cards_fed + 1
    assert status.counters.panels_printed == before.panels_printed


def test_05_hopper_found_empty_while_feeding(bench: Bench) -> None:
    """feed on an empty hopper is Stopped{media-empty}, also when only the pick finds out."""
    bench.now("command", bench.world.hopper.clear, "Sic")
    with pytest.raises(Stopped) as caught:
        bench.printer.feed()
    assert caught.value.reasons == {"media-empty"}
    assert bench.printer.status().counters.cards_fed == 0


def test_06_feed_with_a_card_in_the_path(bench: Bench) -> None:
    """feed with a card in the path is NotStarted, and nothing moves."""
    bench.printer.feed()
    before = bench.truth()
    with pytest.raises(NotStarted):
        bench.printer.feed()
    assert bench.truth() == before


def test_07_print_uses_one_panel_set(bench: Bench) -> None:
    """The panel counter moves by `Prepared.panels`, the ribbon by one; the card stays in the path."""
    bench.printer.feed()
    before = bench.printer.status().counters
    face = small_face(bench.printer)
    bench.printer.print_face(face)
    status = bench.printer.status()
    assert status.counters.panels_printed == before.panels_printed + face.panels
    assert (before.ribbon_left, status.counters.ribbon_left) == (200, 199)
    assert status.position is Position.PRINT


def test_08_print_without_a_card(bench: Bench) -> None:
    """print without a card is NotStarted and uses no panel and no card."""
    before = bench.truth()
    with pytest.raises(NotStarted):
        bench.printer.print_face(small_face(bench.printer))
    assert bench.truth() == before


def test_10_eject_empties_the_path_once(bench: Bench) -> None:
    """eject empties the path; a second one does nothing."""
    bench.printer.feed()
    bench.printer.eject(Tray.OUTPUT)
    before = bench.truth()
    bench.printer.eject(Tray.OUTPUT)
    bench.printer.eject(Tray.REJECT)
    assert bench.printer.status().position is Position.NONE
    assert bench.truth() == before
    assert len(bench.world.output) == 1


def test_11_trays_are_different(bench: Bench) -> None:
    """REJECT and OUTPUT go to different trays."""
    for tray in (Tray.REJECT, Tray.OUTPUT):
        bench.printer.feed()
        bench.printer.eject(tray)
    assert [card.number for card in bench.world.reject] == [1]
    assert [card.number for card in bench.world.output] == [2]


@pytest.mark.parametrize("panel", ["k", "o"])
def test_12_cover_opened_during_print(bench: Bench, panel: str) -> None:
    """Stopped{cover-open}; status agrees and does not lie about the card. Cleared, the card can be rejected."""
    bench.printer.feed()
    bench.now("panel-started", bench.world.open_cover, panel)
    with pytest.raises(Stopped) as caught:
        bench.printer.print_face(small_face(bench.printer))
    assert caught.value.reasons == {"cover-open"}
    status = bench.printer.status()
    assert (status.position, status.stopping) == (Position.PRINT, {"cover-open"})
    bench.world.close_cover()
    assert bench.printer.status().stopping == {"cover-open"}
    bench.printer.clear()
    assert bench.printer.status().stopping == frozenset()
    bench.printer.eject(Tray.REJECT)
    assert [card.number for card in bench.world.reject] == [1]


@pytest.mark.parametrize("move", ["feed", "contactless", "print", "move", "eject"])
def test_12_jam_anywhere(bench: Bench, move: str) -> None:
    """Stopped{media-jam}; no card is claimed absent that is stuck; taken out and cleared, the printer goes on."""
    bench.world.jam(move)
    with pytest.raises(Stopped) as caught:
        live(bench.printer)
    assert caught.value.reasons == {"media-jam"}
    status = bench.printer.status()
    assert (status.position, status.stopping) == (Position.UNKNOWN, {"media-jam"})
    bench.world.take_card()
    bench.printer.clear()
    live(bench.printer)
    assert len(bench.world.output) == 1


def test_12_ribbon_ends_during_print(bench: Bench) -> None:
    bench.printer.feed()

    def tear_off() -> None:
        bench.world.ribbon.sets_left, bench.world.ribbon.reached = 0, None

    bench.now("panel-started", tear_off, "k")
    with pytest.raises(Stopped) as caught:
        bench.printer.print_face(small_face(bench.printer))
    assert caught.value.reasons == {"marker-supply-empty"}


def test_12_power_lost_during_print(rig: Rig) -> None:
    """OutcomeUnknown; back again, status tells of the restart, and the modes are set before a card moves."""
    bench = rig.bench(patience=0.3)
    bench.printer.feed()
    bench.now("panel-started", bench.world.power_off, "o")
    with pytest.raises(OutcomeUnknown):
        bench.printer.print_face(small_face(bench.printer))
    bench.world.power_on()
    status = bench.printer.status()
    assert status.just_reset
    assert status.position is Position.PRINT
    told = bench.commands()
    bench.printer.eject(Tray.REJECT)
    assert told.index("Pem;2") < told.index("Ser")
    bench.printer.clear()
    assert not bench.printer.status().just_reset


def test_12_last_card_of_the_hopper(rig: Rig) -> None:
    """An empty hopper does not keep the card in the path from being finished."""
    bench = rig.bench(cards=1)
    live(bench.printer)
    assert [panel.fraction for panel in bench.world.output[0].panels] == [1.0, 1.0]


def test_12_back_to_the_chip_station(bench: Bench) -> None:
    """A printed card can be brought back; without a card nothing is fed."""
    with pytest.raises(NotStarted):
        bench.printer.to_chip_station()
    bench.printer.feed()
    bench.printer.print_face(small_face(bench.printer))
    bench.printer.to_chip_station()
    status = bench.printer.status()
    assert (status.position, status.counters.cards_fed) == (Position.CONTACTLESS, 1)


GARBAGE = {
    "noise": b"\xff\xfe\x80\x00",
    "half": b"O\x00",
    "double": b"OKOK\x00",
    "short status": b"8000A000\x00",
    "endless": b"x" * 300,
    "padding": b"\x00" * 80,
}
REPLIES = [(name, at) for (name, _), count in zip(LIFE, (4, 4, 8, 4), strict=True) for at in range(count)]


@pytest.mark.parametrize("garbage", GARBAGE)
@pytest.mark.parametrize(("call", "at"), REPLIES)
def test_14_garbage_for_any_reply(bench: Bench, call: str, at: int, garbage: str) -> None:
    """ProtocolViolation, at once; and the next call finds its place again."""
    for name, step in LIFE:
        if name == call:
            break
        step(bench.printer)
    for _ in range(at):
        bench.line.delay_next_reply(0.0)
    bench.line.garble_next_reply(GARBAGE[garbage])
    with pytest.raises(ProtocolViolation):
        step(bench.printer)
    bench.printer.status()


@pytest.mark.parametrize("call", ["identity", "status", "feed", "print", "eject"])
def test_14_silence_ends_within_the_patience(rig: Rig, call: str) -> None:
    """In real time: no call outlives its patience for one reply, whatever the line does."""
    bench = rig.bench(patience=0.2)
    steps = dict(LIFE) | {"identity": lambda printer: printer.identity()}
    bench.printer.feed()
    bench.line.drop_next_reply()
    began = time.monotonic()
    with pytest.raises(NotStarted):
        steps[call](bench.printer)
    assert 0.15 < time.monotonic() - began < 1
    assert bench.printer.status().position is Position.CONTACTLESS


def test_14_half_an_answer_is_none(rig: Rig) -> None:
    """An answer without its end says nothing: after a movement the outcome is unknown."""
    bench = rig.bench(patience=0.2)
    bench.line.delay_next_reply(0.0)
    bench.line.delay_next_reply(0.0)
    bench.line.garble_next_reply(b"O")
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
    assert 2.5 < time.monotonic() - began < 3.5


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


def test_16_nothing_but_device_errors(bench: Bench) -> None:
    """Also when the line is taken away under the driver."""
    bench.printer.feed()
    bench.line.close()
    for _, step in LIFE:
        with pytest.raises(DeviceError):
            step(bench.printer)


def test_17_nothing_is_left_behind(bench: Bench) -> None:
    """No thread and no file stay after close."""
    bench.printer.close()
    before = threading.active_count(), len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count, not paths
    printer = bench.reopen()
    printer.status()
    printer.close()
    assert (threading.active_count(), len(os.listdir("/proc/self/fd"))) == before  # noqa: PTH208


def test_tcp_carries_a_card_too(rig: Rig) -> None:
    bench = rig.bench(tcp=True)
    live(bench.printer)
    assert len(bench.world.output) == 1


def test_trace_holds_no_picture(bench: Bench) -> None:
    """A tracer sees every command in order, and of a face no dot."""
    heard: list[bytes] = []

    class Trace:
        def sent(self, data: bytes) -> None:
            heard.append(data)

        def received(self, data: bytes) -> None:
            assert data

    bench.printer.close()
    printer = evolis.open(bench.line.path, tracer=Trace())
    live(printer)
    printer.close()
    downloads = [each for each in heard if each.startswith(b"\x1bDb")]
    assert downloads == [b"\x1bDbc;k;2;1901", b"\x1bDbc;o;2;1016"]
    assert heard.index(b"\x1bSic\r") < heard.index(downloads[0]) < heard.index(b"\x1bSe\r")
