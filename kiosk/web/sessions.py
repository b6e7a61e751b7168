"""Who is signed in, on this machine, in memory: a restart signs everybody out, a card in the machine goes on."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kiosk.people import Person
from kiosk.throttle import LIMITS, Throttle

IDLE_S = 600.0
WARN_S = 30.0
MOST_SESSIONS = 16
PARKED_MOST, PARKED_S = 10, 900.0
PINS = ("pin", "new_pin", "new_again", "own_pin")
"""Fields that nobody keeps and no page gives back: they are asked again, in this order."""
SEARCHES_MOST = 20
KEYS_MOST = 500


class Searches:
    """What a person looks for, by a number that says nothing: browsers keep addresses, and no name stands in one."""

    def __init__(self) -> None:
        self._texts: OrderedDict[str, str] = OrderedDict()

    def note(self, text: str) -> str:
        number = secrets.token_hex(4)
        self._texts[number] = text
        while len(self._texts) > SEARCHES_MOST:
            self._texts.popitem(last=False)
        return number

    def text(self, number: str) -> str:
        """Empty if this session knows no such number, as after a restart: then everybody is shown."""
        return self._texts.get(number, "")


@dataclass
class Session:
    token: str
    person: Person
    csrf: str
    seen_s: float
    turn: threading.Lock = field(default_factory=threading.Lock)
    """Held while one of its POSTs is carried out: the second of two taps finds what the first has done."""
    searches: Searches = field(default_factory=Searches)
    traces: Searches = field(default_factory=Searches)
    """What lives were asked for; apart, so that nothing is shown of which it was not recorded that it was seen."""
    codes: tuple[str, ...] = ()
    """One-time codes that were made here, until whoever made them says that they have them."""


class Sessions:
    """Thread-safe. `clock`: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open: OrderedDict[str, Session] = OrderedDict()
        self._spent: OrderedDict[str, str] = OrderedDict()

    def begin(self, person: Person, instead_of: str | None = None) -> Session:
        """`instead_of`: the token of the session that this one takes the place of."""
        session = Session(secrets.token_urlsafe(32), person, secrets.token_urlsafe(16), self._clock())
        with self._lock:
            self._open.pop(instead_of or "", None)
            self._open[session.token] = session
            while len(self._open) > MOST_SESSIONS:
                self._open.popitem(last=False)
        return session

    def find(self, token: str | None, *, touch: bool = True) -> Session | None:
        """The session if it is alive; `touch`: a person did something, the idle time begins anew."""
        with self._lock:
            session = self._open.get(token or "")
            if session is None:
                return None
            if self._clock() - session.seen_s > IDLE_S:
                del self._open[session.token]
                return None
            if touch:
                session.seen_s = self._clock()
                self._open.move_to_end(session.token)
            return session

    def left_s(self, session: Session) -> float:
        """Seconds until the session ends by itself."""
        return max(0.0, IDLE_S - (self._clock() - session.seen_s))

    def end(self, token: str | None) -> None:
        with self._lock:
            self._open.pop(token or "", None)

    def spend(self, key: str, location: str) -> None:
        """The POST with this idempotency key led to `location`; the oldest keys are forgotten."""
        with self._lock:
            self._spent[key] = location
            while len(self._spent) > KEYS_MOST:
                self._spent.popitem(last=False)

    def spent(self, key: str) -> str | None:
        """Where the POST with this key led, whoever was signed in then; None if it has not been carried out."""
        with self._lock:
            return self._spent.get(key)


def without_pins(form: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """What of a form may be kept or shown again: of a PIN only that it was there."""
    return {name: [] if name in PINS else values for name, values in form.items() if name != "csrf"}


class Parked:
    """Forms whose sender had been signed out: kept so that nothing typed is lost. Thread-safe, memory only."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._forms: OrderedDict[str, tuple[float, str, dict[str, list[str]]]] = OrderedDict()

    def put(self, path: str, form: Mapping[str, list[str]]) -> str:
        ticket = secrets.token_urlsafe(16)
        with self._lock:
            self._forms[ticket] = (self._clock(), path, without_pins(form))
            while len(self._forms) > PARKED_MOST:
                self._forms.popitem(last=False)
        return ticket

    def look(self, ticket: str) -> tuple[str, dict[str, list[str]]] | None:
        """Path and fields, a PIN without its value. May be looked at again: its key lets it be sent once."""
        with self._lock:
            at, path, form = self._forms.get(ticket, (0.0, "", {}))
        return (path, form) if path and self._clock() - at < PARKED_S else None


__all__ = ["LIMITS", "Parked", "Session", "Sessions", "Throttle"]
