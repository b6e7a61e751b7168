"""What goes wrong in the machine, how the printer says so, and when it forgets."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from drivers.sim.build import Capacity
from drivers.sim.cards import Place, Ribbon
from tests.sim.printer_bench import Bench, download

RESIN, VARNISH = download("k"), download("o")
MECHANICAL = ("Si", "Sic", "Sis", "Ss", "Sce", "Ser")

Cause = Callable[[Bench], object]


def full(tray: str) -> Cause:
    return lambda bench: bench.send(*["Si", "Sce" if tray == "output" else "Ser"] * 2)


FAULTS = [
    pytest.param(
        lambda bench: bench.world.open_cover(), "Si", "COVER OPEN", 0x02000000, 0x00020000,
        lambda bench: bench.world.close_cover(), id="cover",
    ),
    pytest.param(
        lambda bench: bench.world.hopper.clear(), "Si", "ERROR FEEDER", 0x08000000, 0x01000000,
        lambda bench: bench.world.load(bench.world.by_hand or Bench(1).world.hopper), id="feeder",
    ),
    pytest.param(
        lambda bench: bench.world.jam("feed"), "Si", "ERROR MECA", 0x01000000, 0,
        lambda bench: bench.world.take_card(), id="jam",
    ),
    pytest.param(
        lambda bench: bench.world.end_ribbon(), "Se", "ERROR RIBBON", 0x00200000, 0x00080000,
        lambda bench: bench.world.replace_ribbon(Ribbon()), id="ribbon end",
    ),
    pytest.param(
        lambda bench: bench.world.replace_ribbon(None), "Se", "ERROR RIBBON", 0x00200000, 0x00010000,
        lambda bench: bench.world.replace_ribbon(Ribbon()), id="no ribbon",
    ),
    pytest.param(
        lambda bench: bench.world.replace_ribbon(Ribbon(broken=True)), "Se", "ERROR RIBBON", 0x04000000, 0,
        lambda bench: bench.world.replace_ribbon(Ribbon()), id="ribbon break",
    ),
    pytest.param(
        lambda bench: bench.world.replace_ribbon(Ribbon("ymc")), "Se", "ERROR RIBBON", 0x00400000, 0,
        lambda bench: None, id="wrong ribbon",
    ),
    pytest.param(
        lambda bench: setattr(bench.world, "head_hot", True), "Se", "ERROR HEAD", 0x20000000, 0,
        lambda bench: setattr(bench.world, "head_hot", False), id="hot head",
    ),
    pytest.param(
        full("output"), "Se", "ERROR HOPPER", 0x00100000, 0x00100000,
        lambda bench: bench.world.collect(), id="output full",
    ),
    pytest.param(
        full("reject"), "Ser", "ERROR HOPPER", 0x00800000, 0x08000000,
        lambda bench: bench.world.collect(), id="reject full",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "command", "text", "error", "warning", "mend"), FAULTS)
def test_error_is_said_latched_and_cleared(
    cause: Cause, command: str, text: str, error: int, warning: int, mend: Cause
) -> None:
    """The move answers the text; every later move does too, until the cause is gone and `Scs` was sent."""
    bench = Bench(6, capacity=Capacity(output=2, reject=2))
    bench.ask("Pem;2")
    cause(bench)
    assert bench.words()[2:] == (warning, 0)
    if command == "Se":
        assert bench.send("Ss", "Sr", RESIN) == ["OK"] * 3
    elif command == "Ser":
        bench.ask("Si")
    assert bench.ask(command) == text
    assert bench.words()[3] == error
    assert bench.send(*MECHANICAL) == [text] * len(MECHANICAL)
    assert bench.ask("Rok") == "OK", "what moves nothing is answered as ever"
    if warning or error == 0x01000000:
        assert bench.ask("Scs") == "OK"
        assert bench.words()[3] == error, "the cause still stands"
    mend(bench)
    assert bench.words()[2:] == (0, error)
    assert bench.ask("Si") == text, "mended, but not acknowledged"
    assert bench.ask("Scs") == "OK"
    assert bench.words()[2:] == (0, 0)
    assert bench.send("Si", "Sce") == ["OK", "OK"]


@pytest.mark.parametrize(
    ("move", "panel", "commands"),
    [
        ("feed", None, ["Si"]),
        ("contactless", None, ["Sic"]),
        ("move", None, ["Sic", "Si"]),
        ("print", 1, ["Si", "Ss", "Sr", RESIN, VARNISH, "Se"]),
        ("print", 2, ["Si", "Ss", "Sr", RESIN, VARNISH, "Se"]),
        ("eject", None, ["Si", "Ss", "Sr", RESIN, VARNISH, "Se"]),
        ("eject", None, ["Si", "Ser"]),
    ],
)
def test_jam_at_each_move(move: str, panel: int | None, commands: list[str | bytes]) -> None:
    bench = Bench()
    bench.ask("Pem;2")
    bench.world.jam(move, panel)
    replies = bench.send(*commands)
    assert replies == ["OK"] * (len(commands) - 1) + ["ERROR MECA"]
    assert bench.world.place is Place.JAMMED
    assert bench.events.count(("jammed", move)) == 1
    assert bench.ask("Rlr;p") == "ERR CARD"
    assert bench.words()[1] & 0x0F000000 == 0, "no station claims the card"
    card = bench.world.take_card()
    if panel is not None:
        assert [part.fraction for part in card.panels] == [1.0, 0.5][2 - panel :]
    assert bench.send("Scs", "Rlr;p", "Si") == ["OK", "OK", "OK"]
    assert bench.world.census()["by-hand"] == [card]


def test_a_jam_outlives_power_and_reset() -> None:
    bench = Bench()
    bench.world.jam("feed")
    bench.ask("Si")
    bench.ask("Srs")
    assert bench.words()[3] == 0, "the latch is RAM"
    assert bench.ask("Ser") == "ERROR MECA", "the card still sits there"
    bench.world.take_card()
    assert bench.send("Scs", "Si") == ["OK", "OK"]


def test_an_unarmed_printer_never_jams() -> None:
    bench = Bench()
    bench.world.jam("print", panel=3)
    assert bench.send("Ss", "Sr", RESIN, VARNISH, "Se")[-1] == "OK"
    assert ("jammed", "print") not in bench.events
    with pytest.raises(ValueError, match="no such move"):
        bench.world.jam("sideways")


def test_cover_opened_in_the_middle_of_a_panel() -> None:
    bench = Bench()
    bench.ask("Pem;2")
    bench.when("panel-started", lambda: bench.clock.after(0.5, bench.world.open_cover))
    assert bench.send("Si", "Ss", "Sr", RESIN, "Se")[-1] == "COVER OPEN"
    assert bench.world.path is not None
    assert [panel.fraction for panel in bench.world.path.panels] == [0.25]
    assert bench.ask("Rse;o") == "0,00 Volts"
    assert bench.words()[2:] == (0x00020000, 0x02000000)
    bench.clock.advance(5)
    assert bench.clock.busy_seconds == 3.0
    bench.world.close_cover()
    assert bench.send("Scs", "Rlr;p", "Ser") == ["OK", "CARD", "OK"]
    assert len(bench.world.reject[0].panels) == 1, "nothing is printed over it"


def test_card_pulled_out_while_it_moves() -> None:
    bench = Bench()
    bench.when("fed", lambda: bench.clock.after(0.5, bench.world.take_card))
    assert bench.ask("Sic") == "ERROR MECA"
    assert bench.ask("Rlr;p") == "OK"
    (card,) = bench.world.by_hand
    bench.world.put_back(card)
    assert bench.send("Scs", "Sic") == ["OK", "OK"]
    assert bench.world.path is card, "laid back, it is fed next"


def test_nothing_to_take() -> None:
    with pytest.raises(LookupError):
        Bench().world.take_card()


def test_hopper_has_a_size() -> None:
    bench = Bench(3, capacity=Capacity(hopper=3))
    with pytest.raises(ValueError, match="do not fit"):
        bench.world.load(Bench(1).world.hopper)


@pytest.mark.parametrize("pem", [0, 2])
def test_who_decides_after_a_fault(pem: int) -> None:
    """`Pem;2` stops for good. `Pem;0` prints the card again on its own: a host that also does prints it twice."""
    bench = Bench(4)
    bench.ask(f"Pem;{pem}")
    bench.world.jam("print", panel=2)
    assert bench.send("Ss", "Sr", RESIN, VARNISH, "Se")[-1] == "ERROR MECA"
    bench.world.take_card()
    if pem == 2:
        assert bench.send("Scs", "Ss", "Sr", RESIN, VARNISH, "Se")[-1] == "OK"
        assert [len(card.panels) for card in bench.world.output] == [2]
        return
    bench.firmware.tick()
    bench.clock.advance(20)
    assert [len(card.panels) for card in bench.world.output] == [2], "nobody asked for it"
    assert bench.words()[3] == 0
    assert bench.send("Scs", "Ss", "Sr", RESIN, VARNISH, "Se")[-1] == "OK"
    assert [len(card.panels) for card in bench.world.output] == [2, 2]


def test_self_made_reprint_throws_the_spoiled_card_out_and_happens_once() -> None:
    bench = Bench()
    bench.when("panel-started", lambda: bench.clock.after(0.5, bench.world.open_cover))
    bench.send("Ss", "Sr", RESIN, "Se")
    bench.world.jam("print")
    bench.world.close_cover()
    bench.firmware.tick()
    bench.clock.advance(20)
    assert [panel.fraction for panel in bench.world.reject[0].panels] == [0.25]
    assert bench.words()[3] == 0x01000000
    bench.world.take_card()
    bench.firmware.tick()
    bench.clock.advance(20)
    assert bench.world.output == []
    assert len(bench.world.hopper) == 1


def test_last_set_of_a_ribbon_is_used_up() -> None:
    bench = Bench(ribbon=Ribbon("ko", sets_left=1))
    assert bench.words()[1] & 0x00080000, "RIBBON_LOW"
    assert bench.send("Ss", "Sr", RESIN, VARNISH, "Se")[-1] == "OK"
    assert bench.send("Rcr", "Rrt;count") == ["ERROR RIBBON", "0"]
    assert bench.words()[2] == 0x00080000
    assert bench.send("Pem;2", "Ss", "Sr", RESIN, "Se")[-1] == "ERROR RIBBON"


def test_a_card_uses_a_whole_set() -> None:
    """Also when it prints one panel of it, or the same panel again, for which the ribbon must run on."""
    bench = Bench(ribbon=Ribbon("ymcko", sets_left=10))
    bench.send("Ss", "Sr", RESIN, "Se", "Ss", "Sr", RESIN, "Se")
    assert bench.ask("Rrt;count") == "8"
    bench.send("Ss", "Sr", VARNISH, RESIN, "Se")
    assert bench.ask("Rrt;count") == "6"


def test_each_sequence_begins_a_set_on_the_same_card_too() -> None:
    bench = Bench(ribbon=Ribbon("ymcko", sets_left=10))
    bench.send("Pneab;E", "Ss", "Sr", RESIN, "Se", "Ss", "Sr", VARNISH, "Se")
    assert bench.ask("Rrt;count") == "8"
    assert bench.world.path is not None
    assert [panel.name for panel in bench.world.path.panels] == ["k", "o"]
