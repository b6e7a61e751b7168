"""Pictures of every screen in every state: `make screens` writes docs/screens, docs/kiosk.png and docs/console.png.

The real server on a simulated station, looked at by chromium. Run again it writes the same pictures as far as a
picture can be the same: the people, their cards, the time of day and what is drawn by lot are fixed.
"""

from __future__ import annotations

import io
import os
import random
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageColor

from kiosk.core.faults import FAULTS, JOB_STOPS
from tests.office import Office
from tests.web.browser import CHROMIUM, SIZES, SWITCHES, Screen, missing, screen_of, seats
from tests.web.captions import CAPTIONS, slug
from tests.web.conftest import PINS, Kiosk
from tests.web.states import State, states

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DOCS = Path(__file__).parents[2] / "docs"
FOLDER = DOCS / "screens"
MORNING_S = 1_542_937_320.0
"""23 November 2018, 09.42 in Kupang."""
BLANKS = 90
COLOURS, LARGE_COLOURS = 96, 48
SWATCH = 12
FAINT = 24
INKS = (
    "#ffffff", "#f5f6f8", "#10233f", "#0b5fa5", "#197746", "#8a5200", "#b3261e", "#b4540a", "#fff3d6", "#fdecea",
    "#e6f4ec", "#e7f1f9", "#e8c400",
)  # fmt: skip
"""The tokens of keping.css, and the yellow of the ribbon."""
PATIENCE_MS = 60_000
MAIN = (
    "sign-in", "queue", "check", "now, printing", "unresolved, jam", "printed", "hand over, right card",
    "take, signed", "outbox, offline",
)  # fmt: skip
"""Shown at every size, and in English."""
LANGUAGES = {"id": "Indonesian", "en": "English"}
SHEETS = {language: f"fault-pages-{language}.png" for language in LANGUAGES}
ACROSS = 3
"""Fault pages side by side on their sheet."""
READ_ME = "README.md"


@dataclass(frozen=True)
class View:
    """One picture: a state at one size in one language."""

    state: str
    size: str = "small"
    language: str = "id"

    @property
    def file(self) -> str:
        marks = [
            slug(self.state),
            *([self.size] * (self.size != "small")),
            *([self.language] * (self.language != "id")),
        ]
        return "-".join(marks) + ".png"

    @property
    def line(self) -> str:
        width, height = SIZES[self.size]
        return f"{self.state}; {width} x {height}, {LANGUAGES[self.language]}: {CAPTIONS[self.state]}"


HALF_BLACK = """() => document.querySelector('#n-output').textContent === '2'
  && parseFloat(document.querySelector('[data-panel=k] i').style.getPropertyValue('--part')) > 40"""
CONSOLE = ("console.png", "world console, a card under the print head; 1280 x 800, Indonesian with English beside it")


def views(name: str) -> list[View]:
    """Those that are shown of a state; the first is the plain one."""
    more = [View(name, "middle"), View(name, "large"), View(name, language="en")]
    return [View(name), *(more if name in MAIN else [])]


def index() -> str:
    """What docs/screens/README.md must be."""
    lines = [
        "# Screens", "",
        "Written by `make screens` (tests/web/gallery.py) on the simulated station; the people are invented. The "
        "touchscreen is made for 1024 x 600 first. Every state below is also looked at by tests/web/test_pages.py: "
        "axe-core, sizes of what is touched, nothing cut off.", "",
    ]  # fmt: skip
    for name in CAPTIONS:
        for view in views(name):
            lines += [f"![{view.state}]({view.file})", "", view.line, ""]
    for language, file in SHEETS.items():
        lines += [f"![fault pages]({file})", "", f"every fault page, without bar and foot; {LANGUAGES[language]}", ""]
    file, line = CONSOLE
    return "\n".join([*lines, f"![world console](../{file})", "", line, ""])


def files() -> set[str]:
    """What lies in docs/screens beside the index."""
    return {*SHEETS.values(), *(view.file for name in CAPTIONS for view in views(name))}


def stand_still() -> None:
    """From here on this process lives on one morning, and what it draws by lot is always the same."""
    os.environ["TZ"] = "Asia/Makassar"
    time.tzset()
    begun, lots, plain = time.monotonic(), random.Random(7), time.localtime

    def now() -> float:
        return MORNING_S + time.monotonic() - begun

    time.time = now
    time.time_ns = lambda: int(now() * 1e9)
    time.localtime = lambda seconds=None: plain(now() if seconds is None else seconds)
    secrets.token_hex = lambda size=None: lots.randbytes(size or 32).hex()


def save(page: Page, path: Path, colours: int = COLOURS) -> None:
    """One picture of what is in sight, its letters and pictures loaded, in few colours."""
    page.evaluate("""() => Promise.all([document.fonts.ready, ...[...document.images]
      .filter(each => each.checkVisibility() && each.getBoundingClientRect().top < innerHeight)
      .map(each => each.decode().catch(() => null))])""")
    with Image.open(io.BytesIO(page.screenshot(animations="disabled"))) as shot:
        full = shot.convert("RGB")
    keep(full, path, colours)


def keep(full: Image.Image, path: Path, colours: int = COLOURS) -> None:
    few = full.quantize(palette=palette(full, colours), dither=Image.Dither.NONE)
    if not (path.exists() and looks_the_same(few, path)):
        few.save(path, optimize=True)


def looks_the_same(picture: Image.Image, path: Path) -> bool:
    """No eye tells it from the one that lies there: an edge was smoothed otherwise."""
    with Image.open(path) as old:
        if old.size != picture.size:
            return False
        found = ImageChops.difference(old.convert("RGB"), picture.convert("RGB")).getextrema()
    return all(most <= FAINT for _, most in found)


def palette(full: Image.Image, colours: int) -> Image.Image:
    """The picture's own colours, and those of the tokens, which a small mark would lose against a large face."""
    weighed = Image.new("RGB", (full.width, full.height + SWATCH * len(INKS)))
    weighed.paste(full)
    for place, ink in enumerate(INKS):
        weighed.paste(ink, (0, full.height + SWATCH * place, full.width, full.height + SWATCH * (place + 1)))
    few = weighed.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    found = few.getpalette() or []
    for place, ink in enumerate(INKS):
        at = 3 * few.getpixel((0, full.height + SWATCH * place))  # type: ignore[operator]
        found[at : at + 3] = ImageColor.getrgb(ink)
    few.putpalette(found)
    return few


def shoot(screen: Screen, state: State, view: View) -> None:
    width, height = SIZES[view.size]
    screen.page.set_viewport_size({"width": width, "height": height})
    screen.page.context.add_cookies([{"name": "bahasa", "value": view.language, "url": screen.url}])
    screen.page.set_default_timeout(PATIENCE_MS)
    screen.open(state.path)
    state.reach(screen.page)
    save(screen.page, FOLDER / view.file, LARGE_COLOURS if view.size == "large" else COLOURS)


def fault_sheet(screen: Screen, language: str) -> None:
    """All fault pages on one picture."""
    width, height = SIZES["small"]
    screen.page.set_viewport_size({"width": width, "height": height})
    screen.page.context.add_cookies([{"name": "bahasa", "value": language, "url": screen.url}])
    tiles = []
    for reason in (*FAULTS, *JOB_STOPS):
        screen.open(f"/faults/{reason}")
        screen.page.evaluate("() => document.fonts.ready")
        with Image.open(io.BytesIO(screen.page.locator("#page").screenshot(animations="disabled"))) as shot:
            tiles.append(shot.convert("RGB"))
    wide, high = tiles[0].size
    sheet = Image.new("RGB", (ACROSS * wide, -(-len(tiles) // ACROSS) * high), INKS[1])
    for place, tile in enumerate(tiles):
        sheet.paste(tile, (place % ACROSS * wide, place // ACROSS * high))
    keep(sheet, FOLDER / SHEETS[language], colours=16)


def touchscreen(browser: Browser, directory: Path) -> Iterator[str]:
    """Every state; yields the names as they come."""
    office = Office(directory, BLANKS)
    kiosk = Kiosk(office)
    try:
        with seats(browser, kiosk.url, PINS) as seat:
            for state in states(kiosk):
                for view in views(state.name):
                    shoot(seat(state.person), state, view)
                yield state.name
            for language in LANGUAGES:
                fault_sheet(seat("maria"), language)
    finally:
        kiosk.close()
        office.close()


def console(browser: Browser, directory: Path) -> None:
    """The third card of a run, with the black panel half on it."""
    from kiosk.rig.console.training import Training

    with Training(directory, speed=2.5, seed=1, link="in-process") as training, \
            screen_of(browser, training.console_url, "middle") as screen:  # fmt: skip
        screen.page.set_default_timeout(PATIENCE_MS)
        screen.open()
        screen.page.wait_for_selector("#station-state.ok")
        training.rig.station.call("jobs.run", count=4)
        while not screen.page.evaluate(HALF_BLACK):
            screen.page.wait_for_timeout(20)
        save(screen.page, DOCS / CONSOLE[0])


def main() -> None:
    reason = missing()
    if reason:
        sys.exit(f"make screens: {reason}")
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as place, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        if not sys.argv[1:]:
            console(browser, Path(place) / "rig")
        stand_still()
        (Path(place) / "office").mkdir()
        seen = list(touchscreen(browser, Path(place) / "office"))
        browser.close()
    assert sorted(seen) == sorted(CAPTIONS), set(seen) ^ set(CAPTIONS)
    shutil.copyfile(FOLDER / View("now, printing", "middle").file, DOCS / "kiosk.png")
    (FOLDER / READ_ME).write_text(index(), encoding="utf-8")
    for left in FOLDER.glob("*.png"):
        if left.name not in files():
            left.unlink()
    size = sum(path.stat().st_size for path in FOLDER.iterdir())
    sys.stdout.write(f"{len(files())} pictures in docs/screens, {size / 1024**2:.1f} MB\n")


if __name__ == "__main__":
    main()
