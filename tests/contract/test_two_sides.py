"""Clause 9 for both sides: each comes out as it was given, on its own side, from its own panels of the ribbon."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from drivers.errors import NotStarted, Stopped
from drivers.protocols import Face, Tray
from drivers.sim.cards import Card
from drivers.sim.decoder import draw_card
from tests.contract.card_bench import Bench, H, Rig, W

PRINTERS = ["evolis-pty", "evolis-tcp"]

BOX_FRONT, BOX_BACK = (60, 40, 300, 90), (700, 500, 760, 640)


def black(box: tuple[int, int, int, int]) -> bytes:
    image = Image.new("L", (W, H), 0)
    ImageDraw.Draw(image).rectangle(box, fill=255)
    return image.tobytes()


FRONT = Face(W, H, black(BOX_FRONT), {name: bytes([40]) * (W * H) for name in "ymc"})
BACK = Face(W, H, black(BOX_BACK), varnish=False)


@pytest.fixture
def duplex(rig: Rig) -> Bench:
    return rig.bench(ribbon="ymckok", flip=3.0)


def resin_of(card: Card, side: str) -> bytes:
    """The black of a side as it lies on the card."""
    drawn = np.asarray(draw_card(card, side=side).convert("L"))
    return np.where(drawn == 0, np.uint8(255), np.uint8(0)).tobytes()


def test_both_sides_come_out_in_one_set_of_the_ribbon(duplex: Bench) -> None:
    prepared = duplex.printer.prepare(FRONT, BACK)
    assert prepared.panels == 6
    duplex.printer.feed()
    duplex.printer.print_face(prepared)
    counters = duplex.printer.status().counters
    duplex.printer.eject(Tray.OUTPUT)
    [card] = duplex.world.output
    assert [(panel.name, panel.side) for panel in card.panels] == [
        *((name, "front") for name in "ymcko"),
        ("k", "back"),
    ]
    assert (counters.panels_printed, counters.ribbon_left) == (6, 199)
    assert resin_of(card, "front") == FRONT.resin
    assert resin_of(card, "back") == BACK.resin


def test_sides_on_each_other_would_be_noticed(duplex: Bench) -> None:
    duplex.printer.feed()
    duplex.printer.print_face(duplex.printer.prepare(Face(W, H, BACK.resin), Face(W, H, FRONT.resin, varnish=False)))
    card = duplex.world.path
    assert card is not None
    assert resin_of(card, "front") != FRONT.resin
    assert resin_of(card, "back") == FRONT.resin


def test_the_next_card_begins_with_its_front_and_a_new_set(duplex: Bench) -> None:
    """Also when a front alone left the last panel of its set unused."""
    for back in (BACK, None, BACK):
        duplex.printer.feed()
        duplex.printer.print_face(duplex.printer.prepare(FRONT, back))
        duplex.printer.eject(Tray.OUTPUT)
    sides = [[panel.side for panel in card.panels] for card in duplex.world.output]
    assert sides == [["front"] * 5 + ["back"] * count for count in (1, 0, 1)]
    assert duplex.printer.status().counters.ribbon_left == 197


def test_a_printer_that_cannot_turn_a_card_is_not_asked_to(rig: Rig) -> None:
    """NotStarted, and nothing moved; a front alone it prints."""
    bench = rig.bench(ribbon="ymckok")
    bench.printer.feed()
    before, told = bench.truth(), bench.commands()
    with pytest.raises(NotStarted, match="cannot turn a card over"):
        bench.printer.print_face(bench.printer.prepare(FRONT, BACK))
    assert bench.truth() == before
    assert {name[0] for name in told} == {"R"}
    bench.printer.print_face(bench.printer.prepare(FRONT))


@pytest.mark.parametrize(
    ("ribbon", "back", "message"),
    [
        ("ymcko", BACK, "ribbon ymcko for a back has no panel k"),
        ("ymckok", Face(W, H, BACK.resin), "ribbon ymckok for a back has no panel o"),
        ("ymckok", FRONT, "ribbon ymckok for a back has no panel c, m, o, y"),
        ("ymckok", Face(H, W, BACK.resin, varnish=False), "a face is 1016x648 pixels, not 648x1016"),
    ],
)
def test_a_back_for_which_there_is_no_panel(rig: Rig, ribbon: str, back: Face, message: str) -> None:
    bench = rig.bench(ribbon=ribbon, flip=3.0)
    with pytest.raises(NotStarted, match=message):
        bench.printer.prepare(FRONT, back)


def test_jam_in_the_flip_station(duplex: Bench) -> None:
    """Stopped{media-jam}; the front is on the card, of the back nothing."""
    duplex.printer.feed()
    duplex.world.jam("flip")
    with pytest.raises(Stopped) as caught:
        duplex.printer.print_face(duplex.printer.prepare(FRONT, BACK))
    assert caught.value.reasons == {"media-jam"}
    card = duplex.world.take_card()
    assert [panel.side for panel in card.panels] == ["front"] * 5
