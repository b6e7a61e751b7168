"""What the screens work with."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from flask import current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from kiosk.papers import Papers
from kiosk.people import People
from kiosk.station import Station
from kiosk.web.book_check import BookCheck
from kiosk.web.cached import Unsent, Waiting
from kiosk.web.examination import Examinations
from kiosk.web.security import current
from kiosk.web.sessions import Parked, Sessions, Throttle


@dataclass(frozen=True)
class House:
    station: Station
    people: People
    sessions: Sessions = field(default_factory=Sessions)
    throttle: Throttle = field(default_factory=Throttle)
    """Of the touchscreen and of the control socket: a PIN that is wrong at one counts at the other."""
    parked: Parked = field(default_factory=Parked)
    waiting: Waiting = field(default_factory=Waiting)
    unsent: Unsent = field(default_factory=Unsent)
    told: set[str] = field(default_factory=set)
    """People who have seen what happened while the station was down."""
    one_by_one: threading.Lock = field(default_factory=threading.Lock)
    """Held while a form of somebody who is not signed in is carried out, as `Session.turn` is for the others."""
    leaving: threading.Event = field(default_factory=threading.Event)
    examinations: Examinations = field(init=False)
    book_check: BookCheck = field(init=False)
    papers: Papers = field(init=False)

    def __post_init__(self) -> None:
        self.station.access.throttle = self.throttle
        object.__setattr__(self, "examinations", Examinations(self.station))
        object.__setattr__(self, "book_check", BookCheck(self.station))
        object.__setattr__(self, "papers", Papers(self.station))

    def leave(self) -> None:
        """The server ends: so do its streams, at once."""
        self.leaving.set()
        self.station.pulse.beat()
        self.examinations.close()
        self.book_check.close()


def house() -> House:
    """The one that this app was made with."""
    found: House = current_app.extensions["house"]
    return found


def actor() -> str:
    """Who does it, as the journal names them."""
    return f"op:{current().person.id}"


def done(endpoint: str) -> Response:
    """End of a POST: its key is spent, the browser goes to `endpoint`."""
    where = url_for(endpoint)
    house().sessions.spend(request.form["key"], where)
    return redirect(where, 303)
