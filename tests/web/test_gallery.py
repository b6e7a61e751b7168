"""docs/screens shows every state and nothing else, its index is what the captions make of it; without a browser."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from PIL import Image

from tests.office import Office
from tests.web.browser import SIZES
from tests.web.captions import CAPTIONS, slug
from tests.web.conftest import PINS, Kiosk, Visitor
from tests.web.gallery import CONSOLE, DOCS, FOLDER, MAIN, READ_ME, files, index, looks_the_same, views
from tests.web.states import State, states

MOST_BYTES = 5 << 20


def test_the_index_is_what_the_captions_say() -> None:
    assert (FOLDER / READ_ME).read_text(encoding="utf-8") == index(), "run make screens"


def test_every_state_has_its_pictures_and_no_picture_is_of_another() -> None:
    assert {path.name for path in FOLDER.glob("*.png")} == files(), "run make screens"
    assert len({slug(name) for name in CAPTIONS}) == len(CAPTIONS)
    assert set(MAIN) <= CAPTIONS.keys()


def test_pictures_have_the_size_that_the_index_says() -> None:
    for name in CAPTIONS:
        for view in views(name):
            with Image.open(FOLDER / view.file) as picture:
                assert picture.size == SIZES[view.size], view.file


def test_the_folder_is_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= MOST_BYTES


def test_the_pictures_of_the_readme_are_of_this_gallery() -> None:
    shown = next(view for view in views("now, printing") if view.size == "middle")
    assert (DOCS / "kiosk.png").read_bytes() == (FOLDER / shown.file).read_bytes()
    with Image.open(DOCS / CONSOLE[0]) as picture:
        assert picture.size == SIZES["middle"]


def test_a_picture_is_written_again_when_a_word_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "old.png"
    old = Image.new("RGB", (100, 40), "#f5f6f8")
    old.save(path)
    faint, word = old.copy(), old.copy()
    faint.putpixel((3, 3), (240, 240, 240))
    word.putpixel((3, 3), (16, 35, 63))
    assert looks_the_same(faint, path)
    assert not looks_the_same(word, path)
    assert not looks_the_same(old.resize((50, 40)), path)


def test_a_state_without_a_caption_is_no_state() -> None:
    with pytest.raises(AssertionError, match="no caption for strange"):
        State("strange", "/queue")


@pytest.mark.long
def test_every_state_is_reached_without_a_browser(tmp_path: Path) -> None:
    seen = set()
    with ExitStack() as opened:
        office = Office(tmp_path, blanks=40)
        opened.callback(office.close)
        kiosk = Kiosk(office)
        opened.callback(kiosk.close)
        visitors = {person: Visitor(kiosk.url) for person in ("", *PINS)}
        for person, visitor in visitors.items():
            opened.callback(visitor.leave)
            if person:
                visitor.sign_in(person, PINS[person])
        for state in states(kiosk):
            answer = visitors[state.person].get(state.path)
            assert answer.status_code in (200, 404, 409), state
            seen.add(state.name)
    assert seen == CAPTIONS.keys()
