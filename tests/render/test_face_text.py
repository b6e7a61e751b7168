"""Text stays whole and in its box, or is refused by name."""

from __future__ import annotations

import dataclasses
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from kiosk.core.records import Sku
from kiosk.render.face import front
from kiosk.render.layout import TextBox
from kiosk.render.text import Fonts, LayoutError, SetLine, draw_lines, fonts_of_thread, set_text

VALUES = [box for box in front().texts[Sku.WNI] if "{" in box.text]
NAME = next(box for box in VALUES if box.field == "nama")
PLACE = next(box for box in VALUES if box.field == "tempat_dikeluarkan")

printable = st.text(min_size=1, max_size=120).filter(lambda text: text.isprintable() and bool(text.strip()))
latin = st.text(st.sampled_from("WMQJIj gÉÅçyABCDEFGHKLNOPRSTUVXZ.,/'-0123456789   "), min_size=1, max_size=120)
words = st.lists(st.sampled_from(("MARIA", "W", "WWWWWWW", "JL.", "GANG", "Ågot", "İĞÇ", "NO.", "112")), max_size=25)
texts = st.one_of(printable, latin.filter(str.strip), words.map(" ".join).filter(str.strip))


def stray_ink(lines: list[SetLine], box: TextBox) -> int:
    canvas = Image.new("L", (front().width, front().height))
    draw_lines(ImageDraw.Draw(canvas), lines, Fonts())
    ink = np.asarray(canvas).copy()
    assert set(np.unique(ink)) <= {0, 255}
    ink[box.y : box.y + box.h, box.x : box.x + box.w] = 0
    return int(np.count_nonzero(ink))


@given(text=texts, box=st.sampled_from(VALUES))
def test_text_is_whole_and_inside_its_box_or_refused_by_name(text: str, box: TextBox) -> None:
    refused = None
    try:
        lines = set_text(box, text, Fonts())
    except LayoutError as error:
        refused = error
    if refused:
        assert refused.field == box.field
        assert str(refused).startswith(f"{box.field}: ")
        return
    assert stray_ink(lines, box) == 0
    assert " ".join(line.text for line in lines).split() == unicodedata.normalize("NFC", text).split()
    assert 1 <= len(lines) <= box.max_lines
    assert all(box.min_size <= line.size <= box.size for line in lines)


def test_the_ink_check_sees_text_that_leaves_its_box() -> None:
    (line,) = set_text(NAME, "MARIA", Fonts())
    assert stray_ink([dataclasses.replace(line, text="W" * 40)], NAME) > 0
    assert stray_ink([dataclasses.replace(line, baseline=line.baseline + 20)], NAME) > 0


def test_shrinks_before_it_refuses() -> None:
    short, long = (set_text(PLACE, text, Fonts())[0] for text in ("KUPANG", "TIMOR TENGAH SELATAN"))
    assert short.size == PLACE.size
    assert PLACE.min_size <= long.size < PLACE.size


def test_wraps_where_the_layout_allows_it() -> None:
    name = "MARIA MAGDALENA YULIANA FRANSISKA ERMELINDA TANEBU LAKBENUWA"
    assert len(name) == 60
    lines = set_text(NAME, name, Fonts())
    assert len(lines) == 2
    assert lines[0].baseline < lines[1].baseline
    with pytest.raises(LayoutError, match=r"nama: does not fit 1 line"):
        set_text(dataclasses.replace(NAME, max_lines=1), name, Fonts())


def test_room_for_a_third_line_does_not_allow_one() -> None:
    tall = dataclasses.replace(NAME, w=90, h=200)
    assert len(set_text(tall, "MARIA GORETI", Fonts())) == 2
    with pytest.raises(LayoutError, match="2 line"):
        set_text(tall, "MARIA GORETI TANEBU", Fonts())


def test_a_word_is_never_broken() -> None:
    with pytest.raises(LayoutError, match=r"nama: does not fit 2 line"):
        set_text(NAME, "W" * 60, Fonts())


def test_a_shrunk_line_keeps_its_baseline() -> None:
    box = dataclasses.replace(NAME, max_lines=1)
    short, long = (set_text(box, text, Fonts())[0] for text in ("MARIA", "MARIA YULIANA FRANSISKA TANEBU"))
    assert long.size < short.size
    assert long.baseline == short.baseline


@pytest.mark.parametrize("character", ["中", "\u05d0", "\u0301", "😀"])
def test_a_character_the_font_lacks_is_refused_not_boxed(character: str) -> None:
    with pytest.raises(LayoutError, match=r"nama: RobotoBold cannot show") as caught:
        set_text(NAME, f"MARIA {character}", Fonts())
    assert character not in str(caught.value)


def test_decomposed_accents_are_composed() -> None:
    (line,) = set_text(NAME, "Jose\u0301", Fonts())
    assert line.text == "José"


def test_a_thread_keeps_its_fonts_and_shares_them_with_none() -> None:
    with ThreadPoolExecutor(1) as other:
        theirs = other.submit(fonts_of_thread).result()
        assert other.submit(fonts_of_thread).result() is theirs
    assert fonts_of_thread() is fonts_of_thread()
    assert fonts_of_thread() is not theirs
