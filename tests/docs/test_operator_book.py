"""docs/buku-operator.md quotes the screens as they are: words in bold, pictures, codes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kiosk.core.faults import FAULTS
from tests.docs.pages import ROOT, page
from tests.web.messages import all_messages

PAGE = page("buku-operator.md")
OWN_WORDS = {"tebal", "Jangan menebak.", "Tidak perlu mengetuk dua kali.", "Tidak ada data yang hilang"}
"""In bold, and said by nobody but the book."""
PLACEHOLDER = re.compile(r"%\(\w+\)s")
ANYTHING = "…"


def quoted(text: str) -> set[str]:
    return {" ".join(each.split()) for each in re.findall(r"\*\*(.+?)\*\*", text, re.DOTALL)}


def not_on_a_screen(words: Iterable[str], messages: Iterable[str]) -> set[str]:
    """Of `words` those that are no message; an ellipsis stands for what a message has filled in."""
    said = {PLACEHOLDER.sub(ANYTHING, message) for message in messages}
    return set(words) - said


def codes(text: str) -> set[str]:
    return set(re.findall(r"\b[PRS]-\d\d\b", text))


def test_what_stands_in_bold_is_said_by_a_screen() -> None:
    assert not_on_a_screen(quoted(PAGE) - OWN_WORDS, all_messages()) == set()
    assert quoted(PAGE) >= OWN_WORDS
    assert not_on_a_screen({"Cetak", "Kartu … selesai", "Kartu siap"}, all_messages()) == {"Kartu siap"}


def test_each_code_is_a_fault() -> None:
    known = {fault.code for fault in FAULTS.values()}
    assert codes(PAGE) <= known
    assert codes(f"{PAGE} P-99") - known == {"P-99"}


def test_each_picture_is_one_of_the_gallery() -> None:
    pictures = re.findall(r"!\[.+\]\((screens/[\w-]+\.png)\)", PAGE)
    assert len(pictures) >= PAGE.count("![") >= 10
    assert [each for each in pictures if not (ROOT / "docs" / each).is_file()] == []
