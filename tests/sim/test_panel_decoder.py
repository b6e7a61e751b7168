"""Panel bytes to dots, against an encoder that shares nothing with the decoder but the format."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.printers.evolis_panels import COMPRESSIONS, downloads
from drivers.protocols import Face
from drivers.sim.cards import COLUMNS, ROWS, Card, Panel
from drivers.sim.decoder import DecodeError, decode_compressed, decode_raw, draw_card
from tests.sim.printer_bench import encode_lines, encode_raw, encode_runs

EXAMPLES = settings(max_examples=2)


@st.composite
def faces(draw: st.DrawFn, levels: int) -> np.ndarray:
    """Blocks, noise and blanks, as real faces have."""
    face = np.zeros((ROWS, COLUMNS), np.uint8)
    noise = np.random.default_rng(draw(st.integers(0, 2**32))).integers(0, levels, (ROWS, COLUMNS), np.uint8)
    for _ in range(draw(st.integers(0, 4))):
        x, y = draw(st.integers(0, COLUMNS - 1)), draw(st.integers(0, ROWS - 1))
        w, h = draw(st.integers(1, COLUMNS)), draw(st.integers(1, ROWS))
        block = (slice(y, y + h), slice(x, x + w))
        face[block] = noise[block] if draw(st.booleans()) else draw(st.integers(0, levels - 1))
    return face


@pytest.mark.parametrize("levels", [2, 32, 64, 128, 256])
@given(st.data())
@EXAMPLES
def test_raw_comes_back(levels: int, data: st.DataObject) -> None:
    face = data.draw(faces(levels))
    assert np.array_equal(decode_raw(encode_raw(face, levels), levels), face)


@pytest.mark.parametrize("levels", [2, 32, 64, 128])
@given(st.data())
@EXAMPLES
def test_compressed_comes_back(levels: int, data: st.DataObject) -> None:
    face = data.draw(faces(levels))
    encoded = encode_lines(face) if levels == 2 else encode_runs(face, levels)
    assert np.array_equal(decode_compressed(encoded, levels), face)


@pytest.mark.parametrize(
    ("levels", "size"), [(2, 82_296), (32, 411_480), (64, 493_776), (128, 576_072), (256, 658_368)]
)
def test_raw_length_is_exact(levels: int, size: int) -> None:
    assert decode_raw(bytes(size), levels).shape == (ROWS, COLUMNS)
    for wrong in (size - 1, size + 1):
        with pytest.raises(DecodeError):
            decode_raw(bytes(wrong), levels)


def test_first_dot_sent_is_bottom_left() -> None:
    """Dot 0 of line 0 is landscape pixel (0, 647); the most significant bit comes first."""
    face = decode_raw(b"\x80" + bytes(82_295), 2)
    assert face[647, 0] == 1
    assert face.sum() == 1


@pytest.mark.parametrize(
    ("head", "run"),
    [(0x9F, 255), (0xBF, 255 + 256), (0xDF, 255 + 256), (0xFF, 255 + 512)],
)
def test_unused_bits_lengthen_a_run_at_32_levels(head: int, run: int) -> None:
    """Bits 6 and 5 add 256 each; 255 + 512 passes the line's end and is refused."""
    line = bytes([head, 255]) + b"\x80\x00"
    data = line + b"\x80\x00" * (COLUMNS - 1)
    if run > ROWS:
        with pytest.raises(DecodeError):
            decode_compressed(data, 32)
        return
    face = decode_compressed(data, 32)
    assert (face == 31).sum() == run
    assert face[:, 1:].sum() == 0


@pytest.mark.parametrize("run", [256, 257, 511])
def test_bit_6_lengthens_a_run_at_64_levels(run: int) -> None:
    data = bytes([0x80 | 0x40 | 9, run - 256]) + b"\x80\x00" * COLUMNS
    assert (decode_compressed(data, 64) == 9).sum() == run


@pytest.mark.parametrize(
    ("data", "levels"),
    [
        pytest.param(b"", 2, id="nothing"),
        pytest.param(b"\x00" * 1015, 2, id="a line short"),
        pytest.param(b"\x00" * 1017, 2, id="a line too many"),
        pytest.param(b"\x52" + b"\x00" * 2000, 2, id="82 bytes in a line"),
        pytest.param(b"\x00" * 1015 + b"\x05\x01", 2, id="last line cut off"),
        pytest.param(b"\x80\x00" * 1015, 128, id="a dye line short"),
        pytest.param(b"\x80\x00" * 1017, 128, id="a dye line too many"),
        pytest.param(b"\x80\x00" * 1015 + b"\x80", 128, id="value without count"),
        pytest.param(b"\x01" * 500 + b"\x81\xff" + b"\x80\x00" * 1015, 128, id="run over the line end"),
        pytest.param(b"\x20" + b"\x80\x00" * 1016, 32, id="value 32 of 32 levels"),
        pytest.param(b"\x00", 256, id="no compressed form at 256"),
    ],
)
def test_what_is_not_a_panel_is_refused(data: bytes, levels: int) -> None:
    with pytest.raises(DecodeError):
        decode_compressed(data, levels)


@pytest.mark.parametrize("levels", [2, 32, 64, 128])
@settings(max_examples=40)
@given(st.data())
def test_hostile_bytes_are_a_panel_or_refused(levels: int, data: st.DataObject) -> None:
    """Whatever comes, here mostly a harmed panel: a whole panel of values below the levels, or DecodeError."""
    line, blank = (b"\x03\x01\x02\xff", b"\x00") if levels == 2 else (b"\x9f\x20\x05\x80\x00", b"\x80\x00")
    stream = bytearray(line * 40 + blank * (COLUMNS - 40))
    decode_compressed(bytes(stream), levels)
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(stream) - 1))
        stream[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    for hostile in (bytes(stream), data.draw(st.binary(max_size=3000))):
        try:
            raster = decode_compressed(hostile, levels)
        except DecodeError:
            continue
        assert raster.shape == (ROWS, COLUMNS)
        assert raster.max() < levels


@pytest.mark.parametrize("compression", COMPRESSIONS)
@given(st.data())
@EXAMPLES
def test_what_the_driver_sends_is_the_picture_at_its_depth(compression: str, data: st.DataObject) -> None:
    """The two were written apart: this is where they meet, the wire left out."""
    plane = data.draw(faces(256))
    resin = np.where(plane > 127, np.uint8(255), np.uint8(0))
    face = Face(COLUMNS, ROWS, resin.tobytes(), {"m": plane.tobytes()}, varnish=False)
    came = {}
    for download in downloads(face, "ymcko", compression):
        verb, panel, levels, rest = download[:-1].split(b";", 3)
        decode = decode_raw if verb == b"\x1bDb" else decode_compressed
        came[panel] = decode(rest if verb == b"\x1bDb" else rest.split(b";", 1)[1], int(levels))
    assert np.array_equal(came[b"m"], plane >> 1)
    assert np.array_equal(came[b"k"], resin >> 7)


def test_a_card_is_drawn_as_it_came_out() -> None:
    """Half of a resin pass over a full cyan one: left black, right cyan; varnish is clear."""
    full = np.full((ROWS, COLUMNS), 31, np.uint8)
    ink = np.ones((ROWS, COLUMNS), np.uint8)
    card = Card(1, panels=[Panel("c", 32, full), Panel("k", 2, ink, 0.5), Panel("o", 2, ink)])
    picture = draw_card(card)
    assert picture.size == (COLUMNS, ROWS)
    assert picture.getpixel((507, 300)) == (0, 0, 0)
    assert picture.getpixel((508, 300)) == (0, 255, 255)
    assert draw_card(Card(2), base=(10, 20, 30)).getcolors() == [(COLUMNS * ROWS, (10, 20, 30))]


def test_dyes_subtract() -> None:
    half = np.full((ROWS, COLUMNS), 128, np.uint8)
    card = Card(1, panels=[Panel("y", 256, half), Panel("m", 256, half)])
    assert draw_card(card).getpixel((0, 0)) == (255, 127, 127)
