"""The real server on a whole simulated station, visitors without script, and a browser where there is one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from kiosk.people import People, Role
from kiosk.sticks import mounted
from kiosk.web import House, WebServer, create_app
from kiosk.web.sessions import Parked, Sessions, Throttle
from tests.office import Office, office

__all__ = ["office"]

LETTERS = TemporaryDirectory(prefix="keping-letters-")
"""Where the letters for the browser are kept, once for all kiosks of a test run."""

PIN = "246810"
OTHER_PIN = "135791"
PINS = {"maria": PIN, "yosep": OTHER_PIN}
"""Of the operator and the supervisor of a `Kiosk`."""


class Clock:
    """Monotonic seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class Kiosk:
    """An office with its touchscreen served."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.clock = Clock()
        (office.data / "cache").symlink_to(LETTERS.name)
        people = People(office.data)
        people.add("maria", "Maria Taek", Role.OPERATOR, PIN)
        people.add("yosep", "Yosep Bria", Role.SUPERVISOR, OTHER_PIN)
        self.house = House(
            office.station, people, Sessions(self.clock), Throttle(self.clock), Parked(self.clock)
        )  # fmt: skip
        self.app = create_app(self.house)
        self.server = WebServer(self.app, 0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def made(self) -> list[str]:
        """The records of all jobs that were ever made."""
        return [frame.data["ref"] for frame in self.office.frames() if frame.kind == "job-created"]

    def close(self) -> None:
        self.server.close()


class Visitor:
    """A browser without script: keeps cookies, fills forms in as their page has them."""

    def __init__(self, url: str, language: str = "id") -> None:
        # Nothing here is https: without authorities, the list of which takes 0.1 s to read.
        self.http = httpx.Client(base_url=url, timeout=None, headers={"Accept-Language": language}, verify=False)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.http.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def sign_in(self, person: str = "maria", pin: str = PIN, **more: str) -> httpx.Response:
        return self.http.post("/sign-in", data={"person": person, "pin": pin, **more})

    def field(self, name: str, path: str = "/help") -> str:
        found = re.search(f'name="{name}" value="([^"]*)"', self.get(path).text)
        assert found, f"no field {name} on {path}"
        return found[1]

    def form(self, **fields: Any) -> dict[str, Any]:
        """`fields` with a token and a key of their own."""
        page = self.get("/help").text
        hidden = dict(re.findall(r'<input type="hidden" name="(csrf|key)" value="([^"]*)"', page))
        return {**hidden, **fields}

    def post(self, path: str, form: dict[str, Any]) -> httpx.Response:
        return self.http.post(path, data=form)

    def leave(self) -> None:
        """Signed out, hung up."""
        if "keping" in self.http.cookies:
            self.post("/sign-out", self.form())
        self.http.close()


@pytest.fixture
def kiosk(office: Office) -> Iterator[Kiosk]:
    made = Kiosk(office)
    yield made
    made.close()


@pytest.fixture
def visitor(kiosk: Kiosk) -> Iterator[Visitor]:
    """Maria, signed in."""
    somebody = Visitor(kiosk.url)
    assert somebody.sign_in().status_code == 303
    yield somebody
    somebody.leave()


@pytest.fixture
def yosep(kiosk: Kiosk) -> Iterator[Visitor]:
    """The supervisor, signed in."""
    somebody = Visitor(kiosk.url)
    assert somebody.sign_in("yosep", OTHER_PIN).status_code == 303
    yield somebody
    somebody.leave()


@pytest.fixture
def stick(kiosk: Kiosk) -> Path:
    """A folder, plugged in."""
    root = kiosk.office.directory / "KANTOR"
    root.mkdir()
    sticks = kiosk.office.station.sticks
    sticks.offered, sticks.look = [str(kiosk.office.directory / "KAN*")], partial(mounted, is_mounted=Path.is_dir)
    return root


@pytest.fixture(scope="session")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kiosk]:
    """One kiosk for all tests that change nothing: twelve people wait, nothing is printed."""
    place = Office(Path(tmp_path_factory.mktemp("quiet")), blanks=40)
    place.bring_records(12)
    made = Kiosk(place)
    yield made
    made.close()
    place.close()


@pytest.fixture(scope="session")
def reader(quiet: Kiosk) -> Iterator[Visitor]:
    """Signed in at the quiet kiosk."""
    somebody = Visitor(quiet.url)
    somebody.sign_in()
    yield somebody
    somebody.leave()
