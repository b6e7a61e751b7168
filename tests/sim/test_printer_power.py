"""Counters and power: what is left when the current goes, for every way a printer may count."""

from __future__ import annotations

import itertools
from typing import Any, cast

import pytest

from drivers.sim.cards import Place
from drivers.sim.odometer import Counting
from tests.sim.printer_bench import Bench, RecordingAntenna, download

RESIN, VARNISH = download("k"), download("o")
JOB: tuple[str | bytes, ...] = ("Si", "Ss", "Sr", RESIN, VARNISH, "Se")


def counters(bench: Bench) -> tuple[int, int, int]:
    odometer = bench.world.odometer
    return odometer.cards_fed, odometer.panels_printed, odometer.ribbon_left


def counting(cards: str, panels: str, lag: int = 0) -> Counting:
    return Counting(cast("Any", cards), cast("Any", panels), lag)


CARDS_AT = {
    "feed": {"fed": 1, "panel-started": 1, "panel-printed": 1, "ejected": 1},
    "panel": {"fed": 0, "panel-started": 0, "panel-printed": 1, "ejected": 1},
    "eject": {"fed": 0, "panel-started": 0, "panel-printed": 0, "ejected": 1},
}
PANELS_AT = {
    "start": {"fed": 0, "panel-started": 1, "panel-printed": 1, "ejected": 2},
    "end": {"fed": 0, "panel-started": 0, "panel-printed": 1, "ejected": 2},
    "eject": {"fed": 0, "panel-started": 0, "panel-printed": 0, "ejected": 2},
}
VARIANTS = list(itertools.product(CARDS_AT, PANELS_AT))


@pytest.mark.parametrize("event", ["fed", "panel-started", "panel-printed", "ejected"])
@pytest.mark.parametrize(("cards", "panels"), VARIANTS)
def test_counters_when_the_power_goes(cards: str, panels: str, event: str) -> None:
    """At the first such event of a two-panel job. The ribbon is counted with the panels."""
    bench = Bench(counting=counting(cards, panels))
    bench.when(event, bench.world.power_off)
    bench.send(*JOB)
    assert not bench.world.powered
    bench.world.power_on()
    printed = PANELS_AT[panels][event]
    assert counters(bench) == (CARDS_AT[cards][event], printed, 200 - min(printed, 1))


@pytest.mark.parametrize(("cards", "panels"), VARIANTS)
def test_a_whole_job_counts_the_same_however(cards: str, panels: str) -> None:
    bench = Bench(counting=counting(cards, panels))
    bench.send(*JOB, *JOB, "Si", "Ser")
    assert counters(bench) == (3, 4, 198)
    bench.world.power_off()
    bench.world.power_on()
    assert bench.send("Rco;c", "Rco;p", "Rrt;count") == ["3", "4", "198"]


@pytest.mark.parametrize(
    ("lag", "left"), [(0, (1, 2, 199)), (1, (1, 1, 199)), (2, (1, 1, 200)), (3, (1, 0, 200)), (9, (0, 0, 200))]
)
def test_last_increments_were_not_in_nv_yet(lag: int, left: tuple[int, int, int]) -> None:
    """A job increments: card, panel, ribbon, panel."""
    bench = Bench(counting=counting("feed", "end", lag))
    bench.send(*JOB)
    assert counters(bench) == (1, 2, 199)
    bench.world.power_off()
    assert counters(bench) == left
    bench.world.power_on()
    bench.world.power_off()
    assert counters(bench) == left, "lost once"


def test_an_orderly_reset_loses_no_counts() -> None:
    bench = Bench(counting=counting("feed", "end", 5))
    bench.send(*JOB, "Srs")
    bench.world.power_off()
    assert counters(bench) == (1, 2, 199)


def test_a_card_taken_by_hand_never_passes_the_exit_counter() -> None:
    bench = Bench(counting=counting("eject", "eject"))
    bench.send("Pneab;E", *JOB)
    bench.world.take_card()
    bench.send("Si", "Sce")
    assert counters(bench) == (1, 0, 200)


@pytest.mark.parametrize(("seconds", "fractions"), [(0.0, [0.0]), (0.5, [0.25]), (1.9, [0.95]), (2.5, [1.0, 0.2])])
def test_partial_panel(seconds: float, fractions: list[float]) -> None:
    """Resin takes 2 s, varnish 2.5 s: what the head had done by then is on the card, and no more."""
    bench = Bench()
    bench.when("panel-started", lambda: bench.world.power_off(seconds), detail="k")
    replies = bench.send(*JOB)
    assert replies[-1] == ""
    assert bench.world.path is not None
    assert [panel.fraction for panel in bench.world.path.panels] == pytest.approx(fractions)
    bench.world.power_on()
    assert bench.send("Rlr;p", "Rpst")[0] == "CARD"
    assert bench.words()[1] == 0x02010000, "CARD_PRINT and RESET"


def test_power_lost_while_a_panel_prints_in_the_background() -> None:
    bench = Bench()
    bench.send(*JOB[:-1])
    bench.clock.advance(1.0)
    bench.world.power_off()
    assert bench.world.path is not None
    assert [panel.fraction for panel in bench.world.path.panels] == [0.5]
    assert bench.clock.busy_seconds == 3.5
    bench.clock.advance(10)
    assert ("panel-printed", "k") not in bench.events
    assert bench.clock.busy_seconds == 3.5


@pytest.mark.parametrize(
    ("event", "after_s", "answer"),
    [
        ("fed", 0.0, "CARD"),
        ("fed", 0.7, "ERR CARD"),
        ("at-contactless", 0.0, "CONTACTLESS CARD"),
        ("panel-printed", 0.0, "CARD"),
        ("ejected", 0.0, "OK"),
    ],
)
def test_the_card_is_where_it_was(event: str, after_s: float, answer: str) -> None:
    bench = Bench()
    bench.when(event, lambda: bench.world.power_off(after_s))
    bench.send("Sic", "Ss", "Sr", RESIN, "Se")
    bench.world.power_on()
    assert bench.ask("Rlr;p") == answer
    assert bench.send("Ser", "Rlr;p") == ["OK", "OK"], "the rollers can still move it"


def test_nothing_is_left_in_memory() -> None:
    bench = Bench()
    bench.send("Pem;2", "Pneab;E", "Wcb;o;255", "Si", "Ss", "Sr", RESIN)
    bench.world.power_off()
    assert bench.ask("Rok") == "", "no current, no answer"
    bench.world.power_on()
    assert bench.send("Rem", "Se", RESIN) == ["0 0", "ERROR CDE", "ERROR CDE"]
    bench.send("Ss", "Sr", RESIN, "Se")
    assert [[panel.name for panel in card.panels] for card in bench.world.output] == [["k"]]


def test_half_a_command_is_forgotten() -> None:
    bench = Bench()
    bench.ask(b"\x1bDb;k;2;1234")
    bench.world.power_off()
    bench.world.power_on()
    assert bench.ask("Rok") == "OK"


def test_power_cut_before_a_command_is_executed() -> None:
    bench = Bench()
    bench.when("command", bench.world.power_off, detail="Si")
    assert bench.ask("Si") == ""
    assert len(bench.world.hopper) == 3
    bench.world.power_off()
    assert bench.events[-1] == ("power-off", ""), "once"
    bench.world.power_on()
    bench.world.power_on()
    assert bench.events.count(("power-on", "")) == 1


def test_the_antenna_follows_card_and_power() -> None:
    bench = Bench()
    bench.world.antenna = antenna = RecordingAntenna()
    chip = bench.chips[0]
    bench.ask("Sic")
    assert antenna.calls == [chip]
    bench.world.power_off()
    assert antenna.calls == [chip, "left"]
    bench.world.power_on()
    assert antenna.calls == [chip, "left", chip]
    bench.ask("Srs")
    assert antenna.calls == [chip, "left", chip, "left", chip]
    bench.world.take_card()
    assert antenna.calls[5:] == ["left"]
    bench.send("Sic", "Ss", "Sr", RESIN, "Se")
    assert antenna.calls[6:] == [bench.chips[1], "left"]
    assert bench.world.place is Place.NONE


@pytest.mark.parametrize("event", ["fed", "at-contactless", "left-contactless", "panel-started", "ejected"])
def test_no_card_is_ever_lost_or_doubled(event: str) -> None:
    """Whatever happens, each card is in exactly one place."""
    bench = Bench(5)
    bench.when(event, bench.world.power_off)
    bench.send("Sic", *JOB)
    bench.world.power_on()
    bench.world.jam("eject")
    bench.send("Ser", *JOB)
    if bench.world.path is not None:
        bench.world.take_card()
    bench.send("Scs", *JOB)
    bench.world.collect()
    numbers = [card.number for cards in bench.world.census().values() for card in cards]
    assert sorted(numbers) == [1, 2, 3, 4, 5]
