"""Every button of the world console, pressed in mid-print over HTTP: the books agree with the world after it.

One rig serves all tests; at its end nobody has two cards, and the journal replays from the first frame on.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from drivers.sim.cards import Card, Happening, Place
from drivers.sim.chip import Chip
from kiosk.books import replay
from kiosk.journal import scan
from kiosk.rig.console.books import Page, compare
from kiosk.rig.console.scene import whereabouts
from kiosk.rig.console.training import Training
from kiosk.rig.console.words import GROUPS, all_words
from kiosk.rig.world_check import good_cards, wrong_cards
from tests.rig.links import LINKS
from tests.rig.trainee import ANOTHER_DAY, MENDED_BY, PATIENCE_S, Trainee

pytestmark = [pytest.mark.rig, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trainee]:
    with Training(
        tmp_path_factory.mktemp("training") / "rig", 400, 5, "in-process", dark_s=0.1, ports=(0, 0)
    ) as training:
        trainee = Trainee(training)
        trainee.until(lambda: training.rig.station.state == "running")
        yield trainee
        trainee.web.close()
        assert wrong_cards(good_cards(trainee.world), training.rig.residents) == []
        training.rig.station.stop()
        replay(scan(training.rig.data / "journal"))


@pytest.fixture
def trainee(shared: Trainee) -> Iterator[Trainee]:
    """Nothing is broken before; books and world agree after."""
    shared.make_ready()
    yield shared
    shared.agree()


VERBS = [button.verb for _, _, group in GROUPS for button in group]


FIRST = [group[0].verb for _, _, group in GROUPS]
"""One of each kind; the others another time."""


@pytest.mark.parametrize(
    "verb",
    [
        pytest.param(
            verb, marks=[] if verb in (*FIRST, "kill", "jam:print", "cable", "desk-lay") else pytest.mark.long
        )
        for verb in VERBS
        if verb not in ANOTHER_DAY
    ],
)
def test_pressed_in_mid_print(trainee: Trainee, verb: str) -> None:
    if verb == "desk-lay" and not good_cards(trainee.world):
        trainee.print_and_press([])
    printed = len(good_cards(trainee.world))
    cards = 2 if verb.startswith(("jam", "chip")) else 1  # what was armed befalls the second one at the latest
    trainee.print_and_press(["card-out"] * (verb == "card-back") + [verb, *MENDED_BY.get(verb, [])], cards)
    trainee.tell_the_books()
    trainee.agree()
    assert len(good_cards(trainee.world)) == printed + cards
    assert trainee.look()["printer"]["armed"] == []


def test_a_power_cut_in_mid_print_and_the_console_lives(trainee: Trainee) -> None:
    starts = trainee.rig.station.starts
    trainee.print_and_press(["power"])
    seen = trainee.look()
    assert seen["station"]["state"] == "running"
    assert trainee.rig.station.starts == starts + 1
    kinds = [entry["kind"] for entry in seen["events"]]
    assert {"ejected"} <= set(kinds)
    replay(scan(trainee.rig.data / "journal"))


def test_a_dead_station_is_seen_dead_and_comes_back(trainee: Trainee) -> None:
    before = trainee.look()["station"]
    trainee.rig.station.kill()
    trainee.rig.station.wait()
    dead = trainee.look()
    assert (dead["station"]["state"], dead["station"]["fresh"]) == ("killed", False)
    assert dead["station"]["seq"] == before["seq"]
    assert trainee.press("stock-load").status_code == 503
    turns = iter([False, True])
    trainee.training.watch(lambda _: next(turns))
    assert trainee.look()["station"]["state"] == "running"


def test_a_card_is_laid_on_the_desk_reader_and_lifted(trainee: Trainee) -> None:
    trainee.print_and_press([], cards=2)
    first, second = sorted(card.number for card in good_cards(trainee.world))[:2]
    seen = []
    for verb in ["desk-lay"] * len(good_cards(trainee.world)) + ["desk-lay", "desk-lift"]:
        assert trainee.press(verb).status_code == 200
        seen.append(trainee.look()["desk"])
    assert {first, second} <= set(seen)
    assert (len(set(seen)), seen[-1]) == (len(seen) - 1, 0)


def test_a_misprinted_card_lands_in_the_box_of_spoiled_ones(trainee: Trainee) -> None:
    trainee.print_and_press([])
    last = next(job["id"] for job in trainee.call("jobs.list") if job["state"] == "completed")
    assert trainee.press("card-spoil").status_code == 200
    with pytest.raises(AssertionError):
        trainee.agree()
    again = trainee.call("jobs.reprint", job=last, reason="misprint")["job"]
    trainee.until(lambda: trainee.ended(again), trainee.tend)
    trainee.agree()


def test_what_is_loaded_and_not_booked_shows_as_a_difference(trainee: Trainee) -> None:
    assert trainee.press("hopper-load").status_code == 200
    hopper = next(row for row in trainee.look()["rows"] if row["place"] == "hopper")
    assert hopper["world"] == hopper["station"] + 20
    with pytest.raises(AssertionError):
        trainee.agree()
    trainee.tell_the_books()


def test_a_verb_that_the_world_does_not_allow(trainee: Trainee) -> None:
    answer = trainee.press("card-out")
    assert (answer.status_code, answer.json()["reason"]) == (409, "path-is-empty")
    trainee.press("hopper-empty")
    assert trainee.press("chip-dead").json()["reason"] == "hopper-is-empty"
    for _ in range(5):
        assert trainee.press("hopper-load").status_code == 200
    assert trainee.press("stock-load").json()["reason"] == "hopper-is-full"
    trainee.tell_the_books()
    assert trainee.press("earthquake").status_code == 404


def test_shape(trainee: Trainee) -> None:
    trainee.print_and_press([])
    seen = trainee.look()
    assert set(seen) == {
        "station", "centre", "ledgers", "rows", "printer", "path", "trays", "next", "desk", "events",
    }  # fmt: skip
    assert [row["place"] for row in seen["rows"]] == ["shelf", "hopper", "in-machine", "printed", "spoiled"]
    assert seen["path"] is None
    assert 0 < len(seen["events"]) <= 10
    words = set(all_words())
    assert {entry["kind"] for entry in seen["events"]} <= words
    assert {seen["station"]["state"], f"link-{seen['centre']['link']}", seen["ledgers"]} <= words
    secrets = ["jwk", "246810"]
    assert [each for each in secrets if each in str(seen)] == []


def test_the_picture_grows_and_is_sent_once(trainee: Trainee) -> None:
    looks: list[dict[str, Any]] = []
    stop = trainee.world.observe(lambda event, *_: looks.append(trainee.look()) if event == "panel-printed" else None)
    trainee.print_and_press([])
    stop()
    versions = [look["path"]["picture"] for look in looks]
    assert len(set(versions)) == 5
    assert [len(look["path"]["panels"]) for look in looks] == [1, 2, 3, 4, 5]
    assert {file["name"]: file["bytes"] for file in looks[0]["path"]["chip"]["files"]}["6FF6"] == 80
    whole = trainee.look()["trays"]["output"]["cards"][0]["picture"]
    first = trainee.web.get(whole)
    assert first.headers["Content-Type"] == "image/jpeg"
    again = trainee.web.get(whole, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert trainee.web.get("/card/99999.jpg").status_code == 404


@pytest.mark.parametrize("origin", [None, "null", "http://[", "http://127.0.0.1:1", "http://evil.example"])
def test_only_its_own_page_may_press(trainee: Trainee, origin: str | None) -> None:
    armed = trainee.look()["printer"]["armed"]
    headers = {"Origin": origin} if origin else {}
    assert trainee.web.post("/do/jam:feed", headers=headers).status_code == 403
    assert trainee.look()["printer"]["armed"] == armed
    assert trainee.web.get("/do/jam:feed").status_code == 405


def test_only_loopback_names_are_answered(trainee: Trainee) -> None:
    assert trainee.web.get("/", headers={"Host": "rebound.example"}).status_code == 400
    page = trainee.web.get("/")
    assert page.status_code == 200
    assert "PIN" in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert [verb for verb in VERBS if f'data-verb="{verb}"' not in page.text] == []
    for each in ("keping.css", "console.css", "console.js"):
        assert trainee.web.get(f"/static/{each}").status_code == 200


def test_every_verb_has_a_button_and_every_button_a_verb(trainee: Trainee) -> None:
    assert sorted(VERBS) == sorted(trainee.training.trouble.verbs)


def test_the_command_serves_both_until_it_is_told_to_end(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "kiosk", "demo", "--json", "--link", "in-process", "--dir", str(tmp_path / "demo")]
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as demo:
        assert demo.stdout is not None
        try:
            addresses = json.loads(demo.stdout.readline())
            assert (
                httpx.get(addresses["console"] + "/world", trust_env=False, timeout=None).json()["station"]["state"]
                == "running"
            )
            touchscreen = httpx.get(addresses["touchscreen"], follow_redirects=True, trust_env=False, timeout=None)
            assert "Maria Taek" in touchscreen.text
        finally:
            demo.send_signal(signal.SIGINT)
            _, complaints = demo.communicate(timeout=PATIENCE_S)
    assert (demo.returncode, complaints) == (0, "")
    replay(scan(tmp_path / "demo" / "station" / "journal"))


def children(pid: int) -> set[int]:
    """Processes that this one has started, itself not among them."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return {int(each) for task in tasks for each in (task / "children").read_text().split()}


@pytest.mark.parametrize("link", LINKS)
def test_nothing_of_a_killed_demo_stays_behind(tmp_path: Path, link: str) -> None:
    words = [sys.executable, "-m", "kiosk", "demo", "--json", "--link", link, "--dir", str(tmp_path / "demo")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        json.loads(demo.stdout.readline())
        left = children(demo.pid)
        demo.kill()
    assert len(left) == (2 if link == "pcsc" else 1)
    pause, deadline = threading.Event(), time.monotonic() + 60
    while any(Path(f"/proc/{pid}/exe").exists() for pid in left):
        assert time.monotonic() < deadline
        pause.wait(0.02)


def test_faults_are_for_rehearsals(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "kiosk", "demo", "--fault", "jam@1", "--dir", str(tmp_path / "demo")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, "--cards" in done.stderr) == (2, True)


def test_the_ledgers_are_compared() -> None:
    page = Page(7, "aa", {"hopper": 3})
    assert compare(page, page) == "same"
    assert compare(Page(8, "bb", {"hopper": 2}), page) == "behind"
    assert compare(Page(7, "ab", {"hopper": 3}), page) == "different"
    assert compare(Page(7, "aa", {"hopper": 2}), page) == "different"
    assert compare(Page(5, "cc", {}, fresh=False), page) == "unknown"


@pytest.mark.parametrize(
    ("events", "place", "where"),
    [
        ([], Place.BETWEEN, "feeding"),
        (["fed"], Place.PRINT, "print"),
        (["fed"], Place.BETWEEN, "from-print"),
        (["fed", "at-contactless"], Place.CONTACTLESS, "chip"),
        (["fed", "at-contactless", "left-contactless"], Place.BETWEEN, "from-chip"),
        (["fed", "panel-printed"], Place.BETWEEN, "to-tray"),
        (["fed", "jammed"], Place.JAMMED, "print"),
    ],
)
def test_where_a_card_is_between_two_positions(events: list[str], place: Place, where: str) -> None:
    card = Card(1, chip=Chip(bytes(7)), history=[Happening(0.0, event, "print") for event in events])
    assert whereabouts(card, place) == where
