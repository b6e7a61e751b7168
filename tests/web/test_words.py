"""Both languages are whole, nothing is said outside of them, colours can be read, pages are light."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from kiosk.resources import resource
from kiosk.web.fonts import WEIGHTS
from tests.conftest import Measured
from tests.web.conftest import Kiosk, Visitor
from tests.web.messages import all_messages

TEMPLATES = sorted(Path(str(resource("templates", "kiosk"))).glob("*.html"))
NAMES = frozenset({"Keping", "WNI", "WNA", "NIK", "PIN", "English", "Indonesia", "SKU", "ATR", "UID"})
SPOKEN = frozenset({"alt", "title", "placeholder", "aria-label"})
MOST_BYTES = 120 << 10


def english() -> dict[str, str]:
    with resource("templates", "i18n", "en.po").open("rb") as file:
        return {str(each.id): str(each.string) for each in read_po(file, abort_invalid=True) if each.id}


def test_every_word_has_its_english() -> None:
    known = english()
    assert {text: where for text, where in all_messages().items() if not known.get(text)} == {}


def test_no_english_without_its_indonesian() -> None:
    assert sorted(english().keys() - all_messages().keys()) == []


def test_each_is_translated_once_and_with_the_same_places() -> None:
    text = resource("templates", "i18n", "en.po").read_text(encoding="utf-8")
    entries = re.findall(r'^msgid "(.+)"$', text, re.MULTILINE)
    assert sorted(entries) == sorted(set(entries))
    for indonesian, translated in english().items():
        assert set(re.findall(r"%\(\w+\)s", indonesian)) == set(re.findall(r"%\(\w+\)s", translated)), indonesian


class Spoken(HTMLParser):
    """Text between tags, and in attributes that are read out, of a template whose expressions were taken out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found += re.findall(r"[^\W\d_][\w'-]*", data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in SPOKEN and value:
                self.handle_data(value)


def untranslated(template: str) -> set[str]:
    parser = Spoken()
    parser.feed(re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", "", template, flags=re.DOTALL))
    return set(parser.found) - NAMES


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_says_nothing_outside_of_the_catalogue(path: Path) -> None:
    assert untranslated(path.read_text(encoding="utf-8")) == set()


def test_a_loose_word_would_be_found() -> None:
    assert untranslated('<p title="Judul">{{ _("Cetak") }} sekarang WNI 12</p>') == {"Judul", "sekarang"}
    assert untranslated('<a class="button" href="/x">{% if x %}{{ _("Kembali") }}{% endif %} · NIK</a>') == set()


def test_no_word_of_english_is_in_the_indonesian_screens(reader: Visitor) -> None:
    """Of the plainest kind; what comes from the machine stands behind its own heading."""
    for path in ("/queue", "/now", "/printed", "/supplies", "/outbox", "/run", "/help"):
        text = re.sub(r"<[^>]*>", " ", reader.get(path).text)
        assert not re.search(r"\b(the|and|of|is|not|print|card|queue)\b", text), path


# Colours.

CSS = resource("templates", "static", "keping.css").read_text(encoding="utf-8")
TOKENS = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", CSS))
GROUNDS = ("ground", "surface")
INKS = ("ink", "quiet", "action", "done", "caution", "stop", "wni", "wna")
TEXTS = [
    *[(text, ground) for text in INKS for ground in GROUNDS],
    ("action", "action-ground"), ("ink", "action-ground"), ("done", "done-ground"), ("caution", "caution-ground"),
    ("stop", "stop-ground"), ("surface", "action"), ("quiet", "action-ground"),
]  # fmt: skip


def luminance(colour: str) -> float:
    """WCAG 2.2, "relative luminance"."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_text_can_be_read(text: str, ground: str) -> None:
    assert contrast(TOKENS[text], TOKENS[ground]) >= 4.5


@pytest.mark.parametrize("ground", GROUNDS)
def test_edges_of_what_is_touched_can_be_seen(ground: str) -> None:
    assert contrast(TOKENS["edge"], TOKENS[ground]) >= 3


def test_a_pale_colour_would_be_found() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast(TOKENS["line"], TOKENS["surface"]) < 3


def test_colours_come_from_tokens_only() -> None:
    rules = CSS.split("}", 1)[1]
    assert set(re.findall(r"#[0-9a-f]{3,6}\b", rules)) <= {"#fff", "#dfeaf4", "#e3e8ee"}


# Weight.


def test_pages_are_light(quiet: Kiosk, reader: Visitor, measured: Measured) -> None:
    """A page as it comes the first time: its text, styles, script, icons, letters, and one large face or drawing."""
    [ref, *_] = [row["ref"] for row in quiet.office.station.books._view.rows("records")]
    parts = [f"/static/{name}" for name in ("keping.css", "keping.js", "icons.svg", "icon.svg", "answers.svg")]
    parts += [f"/font/{weight}.woff" for weight in WEIGHTS]
    shared = {path: len(reader.get(path).content) for path in parts}
    face = len(reader.get(f"/proof/{ref}/large.webp").content)
    style, drawing = (len(reader.get(f"/static/{name}").content) for name in ("fault.css", "printer.svg"))
    beside = {"/now": style + face, "/faults": style, "/faults/reader-missing": style + drawing}
    paths = ("/queue", f"/check/{ref}", "/run", "/printed", "/supplies", "/outbox", "/help", "/sign-in", *beside)
    weights = {
        path: sum(shared.values()) + beside.get(path, face) + len(reader.get(path).content) for path in paths
    }  # fmt: skip
    heaviest = max(weights, key=lambda path: weights[path])
    measured(f"heaviest page {weights[heaviest] / 1024:.0f} KB ({heaviest}), of it a face {face / 1024:.0f} KB")
    assert weights[heaviest] <= MOST_BYTES, (weights, shared, face)
