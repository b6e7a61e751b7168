"""What every `CardPrinter` owes its caller. Each test is one clause, or a part of one; its docstring says it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from drivers.errors import NotStarted, OutcomeUnknown, Stopped
from drivers.protocols import CardPrinter, Position, Tray
from drivers.sim.build import Capacity
from drivers.sim.cards import Ribbon
from tests.contract.card_bench import Bench, Rig, live, small_face
from tests.patience import BUSY_S

PRINTERS = ["evolis-pty", "evolis-tcp", "evolis-classic", "ipp"]


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


UNSEEN_BY_CLASSIC = {
    "hopper empty": "no question of the guide tells of the hopper",
    "no ribbon": "Rcr tells of the end mark alone",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_03_fault_shows_under_its_keyword(bench: Bench, fault: str) -> None:
    """Each fault appears in status within 1 s, alone; a feed says the same and feeds nothing."""
    if fault in UNSEEN_BY_CLASSIC:
        bench.unless_classic(UNSEEN_BY_CLASSIC[fault])
    cause, keyword = FAULTS[fault]
    cause(bench)
    before, began = bench.truth(), time.monotonic()
    assert bench.printer.status().stopping == {keyword}
    assert time.monotonic() - began < 1 + BUSY_S
    with pytest.raises(Stopped) as caught:
        bench.printer.feed()
    assert caught.value.reasons == {keyword}
    assert bench.truth() == before


@pytest.mark.parametrize("tray", Tray)
def test_03_full_tray(rig: Rig, tray: Tray) -> None:
    """A full tray is `output-area-full`."""
    bench = rig.bench(capacity=Capacity(output=1, reject=1))
    bench.unless_classic("no question of the guide tells of the trays")
    if tray is Tray.REJECT:
        bench.unless_ipp("it has one tray")
    bench.bring_out(tray)
    assert bench.printer.status().stopping == {"output-area-full"}
    bench.world.collect()
    assert bench.printer.status().stopping == frozenset()


def test_03_low_ribbon_only_warns(sim: Bench) -> None:
    sim.unless_classic("its ribbon has no tag to be read")
    sim.world.replace_ribbon(Ribbon(sets_left=1))
    status = sim.printer.status()
    assert (status.stopping, status.warnings) == (frozenset(), {"marker-supply-low"})
    sim.world.replace_ribbon(Ribbon(tag_readable=False))
    assert sim.printer.status().counters.ribbon_left is None


@pytest.mark.blanks(1)
def test_04_feed_brings_a_card_to_the_chip_station(bench: Bench) -> None:
    """feed leaves the card where asked, and counts it."""
    bench.unless_ipp("it draws a blank when it prints; there is no chip station and no counter")
    before = bench.printer.status().counters
    bench.printer.feed()
    status = bench.printer.status()
    assert status.position is Position.CONTACTLESS
    assert status.counters.cards_fed == before.cards_fed + 1
    assert status.counters.panels_printed == before.panels_printed


def test_05_hopper_found_empty_while_feeding(sim: Bench) -> None:
    """feed on an empty hopper is Stopped{media-empty}, also when only the pick finds out.

    Without a sensor in the hopper it is `media-needed`: a card was wanted and none came.
    """
    sim.unless_ipp("feed draws nothing; what the pick finds out ends the job")
    sim.now("command", sim.world.hopper.clear, "Sic")
    with pytest.raises(Stopped) as caught:
        sim.printer.feed()
    assert caught.value.reasons == {"media-needed" if sim.classic else "media-empty"}
    assert sim.printer.status().counters.cards_fed == 0


@pytest.mark.blanks(1)
def test_06_feed_with_a_card_in_the_path(bench: Bench) -> None:
    """feed with a card in the path is NotStarted, and nothing moves."""
    bench.printer.feed()
    before = bench.truth()
    with pytest.raises(NotStarted):
        bench.printer.feed()
    assert bench.truth() == before


@pytest.mark.blanks(1)
def test_07_print_uses_one_panel_set(bench: Bench) -> None:
    """The panel counter moves by `Prepared.panels`, the ribbon by one; the card stays in the path.

    A classic printer does not count its ribbon, and ejects the card.
    """
    bench.unless_ipp("it tells of no counter, and puts the card out")
    bench.printer.feed()
    before = bench.printer.status().counters
    face = small_face(bench.printer)
    bench.printer.print_face(face)
    status = bench.printer.status()
    assert status.counters.panels_printed == before.panels_printed + face.panels
    assert status.counters.ribbon_left == (None if bench.classic else before.ribbon_left - 1)
    assert status.position is (Position.NONE if bench.classic else Position.PRINT)


def test_07_each_panel_is_let_before_it_prints(sim: Bench) -> None:
    """`letting` tells of a panel before anything lets it onto the card, and of the last before the last."""
    sim.unless_ipp("a job is let as a whole")
    let: list[int] = []
    printed: list[int] = []
    sim.world.observe(lambda event, card, detail: printed.append(let[-1]) if event == "panel-started" else None)
    sim.printer.feed()
    face = small_face(sim.printer)
    sim.printer.print_face(face, let.append)
    assert let == list(range(1, face.panels + 1))
    assert all(panels >= number for number, panels in enumerate(printed, start=1))
    assert len(printed) == face.panels


def test_08_print_without_a_card(bench: Bench) -> None:
    """print without a card is NotStarted and uses no panel and no card."""
    before = bench.truth()
    with pytest.raises(NotStarted):
        bench.printer.print_face(small_face(bench.printer))
    assert bench.truth() == before


@pytest.mark.blanks(1)
def test_10_eject_empties_the_path_once(bench: Bench) -> None:
    """eject empties the path; a second one does nothing."""
    bench.world.collect()
    bench.bring_out(Tray.OUTPUT)
    before = bench.truth()
    bench.printer.eject(Tray.OUTPUT)
    bench.printer.eject(Tray.REJECT)
    assert bench.printer.status().position is Position.NONE
    assert bench.truth() == before
    bench.lies(output=1, reject=0)


@pytest.mark.blanks(2)
def test_11_trays_are_different(bench: Bench) -> None:
    """REJECT and OUTPUT go to different trays."""
    bench.unless_ipp("it has one tray")
    bench.world.collect()
    for tray, output in ((Tray.REJECT, 0), (Tray.OUTPUT, 1)):
        bench.printer.feed()
        bench.printer.eject(tray)
        bench.lies(output=output, reject=1)


@pytest.mark.blanks(1)
@pytest.mark.parametrize("panel", ["k", "o"])
def test_12_cover_opened_during_print(bench: Bench, panel: str) -> None:
    """Stopped{cover-open}; status agrees and does not lie about the card. Cleared, the card can be rejected.

    By IPP there is nothing to be cleared, and the printer puts it out itself, before the next.
    """
    bench.world.collect()
    bench.printer.feed()
    bench.now("panel-started", bench.world.open_cover, panel)
    with pytest.raises(Stopped) as caught:
        bench.printer.print_face(small_face(bench.printer))
    assert caught.value.reasons == {"cover-open"}
    status = bench.printer.status()
    assert (status.position, status.stopping) == (Position.PRINT, {"cover-open"})
    bench.world.close_cover()
    assert bench.printer.status().stopping == (frozenset() if bench.ipp else {"cover-open"})
    bench.printer.clear()
    assert bench.printer.status().stopping == frozenset()
    if bench.ipp:
        assert bench.agrees(bench.reopen().status())
        bench.unless_ipp("the printer puts the card out by itself, before the next")
    bench.printer.eject(Tray.REJECT)
    bench.lies(output=0, reject=1)


@pytest.mark.parametrize("move", ["feed", "contactless", "print", "move", "eject"])
def test_12_jam_anywhere(sim: Bench, move: str) -> None:
    """Stopped{media-jam}; no card is claimed absent that is stuck; taken out and cleared, the printer goes on."""
    if move in ("contactless", "move"):
        sim.unless_ipp("there is no such move")
    sim.world.jam(move)
    with pytest.raises(Stopped) as caught:
        live(sim.printer)
    assert caught.value.reasons == {"media-jam"}
    status = sim.printer.status()
    assert (status.position, status.stopping) == (Position.PRINT if sim.ipp else Position.UNKNOWN, {"media-jam"})
    sim.world.take_card()
    sim.printer.clear()
    live(sim.reopen() if sim.ipp else sim.printer)
    assert len(sim.world.output) == 1


def test_12_ribbon_ends_during_print(sim: Bench) -> None:
    sim.printer.feed()

    def tear_off() -> None:
        sim.world.ribbon.sets_left, sim.world.ribbon.reached = 0, None

    sim.now("panel-started", tear_off, "k")
    with pytest.raises(Stopped) as caught:
        sim.printer.print_face(small_face(sim.printer))
    assert caught.value.reasons == {"marker-supply-empty"}


def test_12_power_lost_during_print(rig: Rig) -> None:
    """OutcomeUnknown; back again, status tells of the restart, and the modes are set before a card moves."""
    bench = rig.bench(patience=0.3)
    bench.printer.feed()
    bench.now("panel-started", bench.world.power_off, "o")
    with pytest.raises(OutcomeUnknown):
        bench.printer.print_face(small_face(bench.printer))
    bench.world.power_on()
    if bench.ipp:
        assert bench.agrees(bench.reopen().status())
        bench.unless_ipp("it does not tell of a restart")
    status = bench.printer.status()
    assert status.just_reset
    assert status.position is Position.PRINT
    told = bench.commands()
    bench.printer.eject(Tray.REJECT)
    assert told.index("Pem;2") < told.index("Ser")
    bench.printer.clear()
    assert not bench.printer.status().just_reset


@pytest.mark.blanks(1)
def test_12_cable_pulled_during_print(bench: Bench) -> None:
    """OutcomeUnknown; plugged in again, the printer tells of the one card."""
    bench.printer.feed()
    fed = bench.printer.status().counters.cards_fed
    bench.now("panel-started", bench.line.cut, "k")
    with pytest.raises(OutcomeUnknown):
        bench.printer.print_face(small_face(bench.printer))
    bench.line.restore()
    assert bench.reopen().status().counters.cards_fed == fed


def test_12_last_card_of_the_hopper(rig: Rig) -> None:
    """An empty hopper does not keep the card in the path from being finished."""
    bench = rig.bench(cards=1)
    live(bench.printer)
    assert [panel.fraction for panel in bench.world.output[0].panels] == [1.0, 1.0]


@pytest.mark.blanks(1)
def test_12_back_to_the_chip_station(bench: Bench) -> None:
    """A printed card can be brought back; without a card nothing is fed."""
    bench.unless_classic("it ejects what it has printed")
    bench.unless_ipp("there is no chip station")
    with pytest.raises(NotStarted):
        bench.printer.to_chip_station()
    bench.printer.feed()
    fed = bench.printer.status().counters.cards_fed
    bench.printer.print_face(small_face(bench.printer))
    bench.printer.to_chip_station()
    status = bench.printer.status()
    assert (status.position, status.counters.cards_fed) == (Position.CONTACTLESS, fed)
