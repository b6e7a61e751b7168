"""The whole card at a printer's own pace: how long the printer stands between two cards, and what else it waits for.

    .venv/bin/python -m benchmarks.card [--cards 12] [--frames 40000] [--bare 4]

`keping run` makes cards from records that it fetches, checks and draws, with its journal on the disk and the chip
written and read back in the printer, on a simulated printer of 225 cards an hour (16 s a card) over TCP at 1 MB/s.
Meanwhile a backlog goes to `keping hub run` on PostgreSQL, which is set back whenever it has most of it (see
`benchmarks.draining`), and the operator's page is open in Chromium, with its stream. All times are of the printer's
own clock; `benchmarks.passage` tells what its standing still is split into. The chip takes 10.6 microseconds a byte,
its fastest rate, and 3 ms for a page of 64 bytes.

In the same run:

* `bare`: ready-made panels of the same people sent back to back over the same wire by a script, the chip not written;
* `serial`: the driver on a line of 115,200 bits a second, with each form of the panels that the manual describes.

The bar is on `between`, the mean over the cards after the first, as a part of the 16 s. Kept in
benchmarks/results/card.json; takes six minutes.
"""

from __future__ import annotations

import argparse
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from statistics import mean
from typing import Any

import playwright.sync_api as playwright
from playwright.sync_api import sync_playwright

from benchmarks.draining import Place
from benchmarks.machine import machine, report
from benchmarks.panels import RIBBON, records
from benchmarks.passage import CARD_S, PARTS, TIMINGS, WAYS_S, Watch
from benchmarks.web import CHROMIUM, retried, station_cookie
from drivers.printers.evolis import Evolis
from drivers.printers.evolis_panels import downloads
from drivers.protocols import Tray
from drivers.serialport import SerialPort
from drivers.sim.cards import Card, blanks
from drivers.sim.chip import Chip
from drivers.sim.clock import SimClock
from drivers.sim.firmware import Firmware
from drivers.sim.line import BITS_A_BYTE, PtyLine, TcpLine
from drivers.sim.pace import AT_848_US, Pace
from drivers.sim.world import World
from kiosk.config import PrinterConfig
from kiosk.people import People
from kiosk.render import render_face
from kiosk.rig.devices import Devices, choose_link
from kiosk.rig.rig import CONFIG, OPERATORS

BAR = 0.02
NETWORK, SERIAL = 1_000_000 * BITS_A_BYTE, 115_200
DEFAULT = PrinterConfig().compression
USUAL_PANELS = CONFIG.replace('  compression: "runs"\n', "")
PAGE_MS = 3.0
PATIENCE_MS = 120_000
SERIAL_SPEED, SERIAL_CARDS = 4.0, 3
"""Simulated seconds to a real one, on the serial line alone: it is slow, and nothing else runs beside it."""
AT_TCP = partial(TcpLine, baud=NETWORK)


def bring_up(directory: Path, cards: list[Card]) -> Devices:
    for card in cards:
        assert isinstance(card.chip, Chip)
        card.chip.on_apdu(Pace(AT_848_US, PAGE_MS))
    link, _ = choose_link(None)
    return Devices(directory, cards, link, 1.0, timings=TIMINGS, wire=AT_TCP)


@contextmanager
def onlooker(port: int) -> Iterator[dict[str, Any]]:
    """The operator's page in Chromium; at the end, how often it was told that something has changed."""
    found: dict[str, Any] = {"chromium": None}
    if not Path(CHROMIUM).exists():
        sys.stderr.write(f"no {CHROMIUM}: nobody looks on\n")
        yield found
        return
    name, _, value = retried(lambda: station_cookie(port), "the station").partition("=")
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport={"width": 1024, "height": 600})
        context.add_cookies([{"name": name, "value": value, "url": f"http://127.0.0.1:{port}"}])
        page = context.new_page()
        told = heard(page)
        page.goto(f"http://127.0.0.1:{port}/now", wait_until="commit", timeout=PATIENCE_MS)
        page.wait_for_selector("#status", timeout=PATIENCE_MS)
        yield found
        page.wait_for_timeout(500)  # what has gathered is taken in
        found.update(chromium=browser.version, told=next(told), at=page.url.rpartition("/")[2])
        browser.close()


def heard(page: playwright.Page) -> Iterator[int]:
    """Counts the messages of the page's event stream."""
    told = count()

    def note(_message: object) -> None:
        next(told)

    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.eventSourceMessageReceived", note)
    return told


def station(directory: Path, cards: int, frames: int) -> dict[str, Any]:
    with ExitStack() as stack:
        place = Place(directory, frames, cards, bring_up, USUAL_PANELS)
        stack.callback(place.close)
        watch = Watch(place.devices.world)
        for each in OPERATORS:
            People(place.data).add(each.id, each.name, each.role, each.pin)
        place.station.start()
        place.until(lambda: place.unsent() == 0)
        with onlooker(place.web_port) as looking:
            place.begin_draining()
            place.cards_an_hour(cards, place.go_on_draining)
        return {
            "chip_link": place.devices.link, "browser": looking, "set_back": place.laps,
            "wire_bytes_a_card": round(place.devices.line.host_bytes / cards), **summed(watch),
        }  # fmt: skip


def bare(directory: Path, cards: int) -> dict[str, Any]:
    file = directory / "panels"
    face = render_face(next(records(1)))
    file.write_bytes(pickle.dumps(list(downloads(face, RIBBON, DEFAULT))))
    clock = SimClock(1.0)
    world = World(clock, blanks([None] * cards), timings=TIMINGS)
    watch = Watch(world)
    with AT_TCP(Firmware(world), clock) as line:
        words = [sys.executable, "-m", "benchmarks.bare", "127.0.0.1", str(line.port), str(cards), str(file)]
        subprocess.run(words, check=True)  # noqa: S603  # fixed words
    return summed(watch)


def serial(compression: str) -> dict[str, Any]:
    """Cards an hour that the bytes alone allow, and those that were made."""
    clock = SimClock(SERIAL_SPEED)
    world = World(clock, blanks([None] * SERIAL_CARDS), timings=TIMINGS)
    watch = Watch(world)
    with PtyLine(Firmware(world), clock, SERIAL) as line:
        with closing(Evolis(SerialPort.open(line.url, SERIAL), RIBBON, compression=compression)) as printer:
            printer.initialise()
            printer.clear()
            faces = [printer.prepare(render_face(record)) for record in records(SERIAL_CARDS)]
            for face in faces:
                printer.feed()
                printer.print_face(face)
                printer.eject(Tray.OUTPUT)
        sent = line.host_bytes / SERIAL_CARDS
    wire_s = sent * BITS_A_BYTE / SERIAL
    return {"bytes_a_card": round(sent), "wire_s": round(wire_s, 2), "wire_bound_cards_an_hour": round(3600 / wire_s),
            **summed(watch)}  # fmt: skip


def summed(watch: Watch) -> dict[str, Any]:
    """Cards an hour, and means of each way of standing still; of `between` all, in the order of the cards."""
    passages = watch.passages()
    card_s = mean(each["card"] for each in passages)
    return {
        "cards": len(passages),
        "card_s": round(card_s, 3),
        "cards_an_hour": round(3600 / card_s, 1),
        "still_s": {part: round(mean(each[part] for each in passages), 4) for part in PARTS},
        "between_wall_s": round(mean(watch.between_wall), 4),
        "between_s": [round(each["between"], 4) for each in passages],
    }


def judged(found: dict[str, Any]) -> dict[str, Any]:
    """The bar: [measured, limit, held]."""
    share = found["still_s"]["between"] / CARD_S
    return {"idle_between_cards": [round(share, 4), BAR, share <= BAR]}


def measure(cards: int, frames: int, plain: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "ours").mkdir()
        ours = station(place / "ours", cards, frames)
        peer = bare(place, plain)
    lines = {form: serial(form) for form in ("lines", "runs")}
    return {
        "card_s": CARD_S, "ways_s": round(WAYS_S, 3), "frames": frames, "station": ours, "bare": peer,
        "ratio": {"cards_an_hour": round(ours["cards_an_hour"] / peer["cards_an_hour"], 4)},
        "serial": lines, "bars": judged(ours),
    }  # fmt: skip


def main() -> None:
    """Print one JSON object and keep it; exit 0 whatever the figures are: a benchmark measures, it does not judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cards", type=int, default=12)
    parser.add_argument("--frames", type=int, default=40_000)
    parser.add_argument("--bare", type=int, default=4)
    given = parser.parse_args()
    before = machine()
    report("card", before, measure(given.cards, given.frames, given.bare))


if __name__ == "__main__":
    main()
