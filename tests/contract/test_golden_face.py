"""Clause 9: what lies on the card is the face that was given, dot for dot, the right way up.

The whole way: face, driver, pty, the simulator's own decoder, card. The picture has no symmetry, so that any turn or
mirror shows; and that it does show is tested too.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from drivers.protocols import Face, Tray
from drivers.sim.cards import Card
from drivers.sim.decoder import draw_card
from tests.contract.card_bench import Bench, H, W

PRINTERS = ["evolis-pty", "evolis-tcp", "evolis-classic", "ipp"]

DYE = "cmy"
CORNERS = {(0, 0): "red", (W - 40, 0): "green", (0, H - 60): "blue", (W - 80, H - 30): "yellow"}


def picture() -> tuple[Image.Image, Image.Image]:
    """The coloured part and the black part: text, an arrow, four different corners, a ramp and some noise."""
    colour = Image.new("RGB", (W, H), "white")
    draw = ImageDraw.Draw(colour)
    for number, (corner, paint) in enumerate(CORNERS.items(), 1):
        draw.rectangle((*corner, corner[0] + 20 * number, corner[1] + 15 * number), fill=paint)
    draw.polygon([(300, 300), (620, 300), (620, 240), (760, 350), (620, 460), (620, 400), (300, 400)], fill="orange")
    for x in range(256):
        draw.line((100 + x, 520, 100 + x, 560), fill=(x, 255 - x, x // 2))
    noise = np.random.default_rng(3).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    colour.paste(Image.fromarray(noise), (820, 150))
    black = Image.new("L", (W, H), 0)
    ImageDraw.Draw(black).text((90, 120), "ATAS  KIRI  F 7", font=ImageFont.load_default(size=60), fill=255)
    return colour, black.point(lambda value: 255 if value > 127 else 0)


def face_of(colour: Image.Image, black: Image.Image) -> Face:
    dyes = 255 - np.asarray(colour)
    planes = {name: dyes[..., index].tobytes() for index, name in enumerate(DYE)}
    return Face(W, H, black.tobytes(), planes)


def printed(bench: Bench, face: Face) -> Card:
    bench.printer.feed()
    bench.printer.print_face(bench.printer.prepare(face))
    bench.printer.eject(Tray.OUTPUT)
    return bench.world.output[-1]


def differing_panels(card: Card, face: Face, *, whole: bool = False) -> set[str]:
    """Panels that differ from the face at the ribbon's depth: resin in every dot, dye in its upper seven bits.

    `whole`: dye in all eight, and none where resin is, as in a picture that is sent in colours.
    """
    dye = face.dye
    if whole:
        black = np.frombuffer(face.resin, np.uint8)
        dye = {name: np.where(black, 0, np.frombuffer(plane, np.uint8)).tobytes() for name, plane in dye.items()}
    depth = (0, 256) if whole else (1, 128)
    wanted = {name: (plane, *depth) for name, plane in dye.items()} | {"k": (face.resin, 7, 2)}
    if face.varnish:
        wanted["o"] = (b"\xff" * (W * H), 7, 2)
    came = {panel.name: panel for panel in card.panels if panel.fraction == 1.0}
    differing = wanted.keys() ^ came.keys()
    for name in wanted.keys() & came.keys():
        plane, shift, levels = wanted[name]
        dots = np.frombuffer(plane, np.uint8).reshape(H, W) >> shift
        if came[name].levels != levels or not np.array_equal(dots, came[name].raster):
            differing |= {name}
    return differing


def test_09_picture_is_the_face(sim: Bench, tmp_path: Path) -> None:
    """Every panel equals the face, and the card as drawn looks like the picture."""
    colour, black = picture()
    face = face_of(colour, black)
    card = printed(sim, face)
    drawn = draw_card(card)
    drawn.save(tmp_path / "card.png")
    assert [panel.name for panel in card.panels] == list("ymcko")
    assert differing_panels(card, face, whole=sim.ipp) == set()
    colour.paste("black", mask=black)
    assert np.abs(np.asarray(drawn, np.int16) - np.asarray(colour, np.int16)).max() <= 2


def test_09_resin_alone(sim: Bench) -> None:
    """A face without dye takes resin and varnish only."""
    _, black = picture()
    face = Face(W, H, black.tobytes())
    card = printed(sim, face)
    assert [panel.name for panel in card.panels] == ["k", "o"]
    assert differing_panels(card, face, whole=sim.ipp) == set()


def shifted(image: Image.Image) -> Image.Image:
    return image.transform(image.size, Image.Transform.AFFINE, (1, 0, 1, 0, 1, 0))


WRONG: dict[str, Callable[[Image.Image], Image.Image]] = {
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "upside down": lambda image: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    "turned": lambda image: image.transpose(Image.Transpose.ROTATE_180),
    "one dot aside": shifted,
}


@pytest.mark.parametrize("way", WRONG)
def test_09_a_wrong_picture_is_noticed(sim: Bench, way: str) -> None:
    """The comparison fails, in every panel with ink, when the panels were encoded wrongly."""
    colour, black = picture()
    card = printed(sim, face_of(WRONG[way](colour), WRONG[way](black)))
    assert differing_panels(card, face_of(colour, black), whole=sim.ipp) == set("ymck")


def test_09_swapped_dyes_are_noticed(sim: Bench) -> None:
    face = face_of(*picture())
    swapped = Face(W, H, face.resin, {"y": face.dye["m"], "m": face.dye["y"], "c": face.dye["c"]})
    assert differing_panels(printed(sim, swapped), face, whole=sim.ipp) == {"y", "m"}


def test_09_one_dot_is_noticed(sim: Bench) -> None:
    face = face_of(*picture())
    resin = bytearray(face.resin)
    resin[5 * W + 500] ^= 0xFF
    card = printed(sim, Face(W, H, bytes(resin), face.dye))
    assert differing_panels(card, face, whole=sim.ipp) == {"k"}
