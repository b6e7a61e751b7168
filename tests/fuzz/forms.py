"""Every form of every page, filled in by people of each role and by somebody who is not signed in: as it stands
there, otherwise, and as no browser would send it.

Nothing answers 500. A page that refuses says one thing, wrote nothing into the books in that person's name, gives no
PIN back and takes no markup over. The accounts add up, and no job has two cards.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Any

from argon2 import PasswordHasher
from werkzeug.routing import BuildError
from werkzeug.test import TestResponse

from kiosk.core.accounts import Account
from kiosk.core.frames import Frame
from kiosk.people import Role
from kiosk.rig.world_check import good_cards
from kiosk.stock import balances
from kiosk.web import security
from tests.fuzz.engine import AWKWARD, Finding, mutated
from tests.office import Office
from tests.quick import LEAST
from tests.web.conftest import OTHER_PIN, PIN, Kiosk

OFFICE_CASES = 250
"""People are locked, blanks written off: after so many cases it is another office."""
WHO = ("maria", "yosep", "agnes", "tinus", "umi", "")
MARK = "<b id=kp>"
OWED = frozenset({Account.SUPPLIER, Account.OTHER_OFFICE, Account.COUNT_ADJUSTMENT})
MOST_WRITTEN = 8 << 10
"""Bytes of a frame: what somebody may type into the books for good."""
ENDLESS = frozenset({"live", "static", "font"})
TYPES = ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-16", "application/json",
         "multipart/form-data", "multipart/form-data; boundary=", "text/plain", "\xff", "")  # fmt: skip
HEADERS = {
    "Origin": ("http://localhost", "null", "http://[", "https://elsewhere.example", ""),
    "Referer": ("http://localhost/queue", "http://[", "//", "\xff", "x" * 9_000),
    "Host": ("127.0.0.1", "[", "", "elsewhere.example", "localhost:99999", "\xff"),
    "Cookie": ("keping=x", "keping=;bahasa=\xff", "=\xff;;", "bahasa=xx"),
    "Accept-Language": ("en", "x" * 9_000, "\xff;q=x", "*;q=-1"),
    "Sec-Fetch-Site": ("cross-site", "same-origin", "\xff"),
    "X-Forwarded-For": ("::1", "\xff"), "Content-Encoding": ("gzip",), "Transfer-Encoding": ("chunked",),
    "Range": ("bytes=0-", "bytes=9-1"), "If-Modified-Since": ("x", "Fri, 99 Jan 99999 00:00:00 GMT"),
    "X-Refresh": ("1",), "Sec-Fetch-Dest": ("image", "\xff"), "If-None-Match": ("W/", "\xff"),
}  # fmt: skip
TYPED = ("0", "1", "-1", "2", "999999999999", "9" * 5_000, "1e3", "1.5", "\u0663", "\xb2", "+1", " 1", "wni", "wna",
         "x", "", " ", "2026-02-30", "0001-01-01", "9999-12-31", "2027-01-15",
         "damaged", "BA-7/2027", "maria", "agnes",
         "op:maria", "supervisor", "good", "spoiled", "5371044909900001", "\0", "\n", "\u202e", MARK, "'\"`",
         "{{7*7}}",
         "%s%n", "../" * 9, "A" * 300, "A" * 60_000, "\ud7ff", "\uffff", "\U0001f600" * 99)  # fmt: skip


class Refused(Exception):
    """The page's own refusal: its heading, by status."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


class Page(HTMLParser):
    """`forms`: address and fields of each; `links`: addresses on this machine; `told`: what its warnings say, or its
    heading if it has none."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, list[tuple[str, str]]]] = []
        self.links: list[str] = []
        alerts = re.findall(r'role="alert">.{0,2000}?<h1[^>]*>\s*([^<]+)', text, re.DOTALL)
        self.told = alerts or re.findall(r'<h1(?! id="idle)[^>]*>\s*([^<]+)', text)
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((said.get("action", ""), []))
        elif tag == "a" and said.get("href", "").startswith("/"):
            self.links.append(said["href"])
        elif said.get("name") and self.forms and tag in ("input", "select", "textarea", "button"):
            self.forms[-1][1].append((said["name"], said.get("value", "")))
        elif tag == "option" and self.forms and self.forms[-1][1]:
            self.forms[-1][1].append((self.forms[-1][1][-1][0], said.get("value", "")))


class Forms:
    """One case: who, and the seed by which a page, its form and what is sent are chosen."""

    budget = 4_000_000
    declared = (Refused,)
    secrets = (PIN, OTHER_PIN, "Traceback")

    def __init__(self, directory: Path) -> None:
        self._directory, self._made, self._kiosk = directory, 0, self._open(directory / "0")
        self._left = OFFICE_CASES

    def _open(self, place: Path) -> Kiosk:
        place.mkdir()
        office = Office(place, blanks=30)
        office.bring_records(6)
        kiosk = Kiosk(office)
        people = kiosk.house.people
        people._hasher = PasswordHasher(*LEAST)
        office.station.access._people = people
        for ident, role in (("agnes", Role.SUPERVISOR), ("tinus", Role.TECHNICIAN), ("umi", Role.AUDITOR)):
            people.add(ident, ident.title(), role, OTHER_PIN if role is Role.SUPERVISOR else PIN)
        kiosk.app.config["PROPAGATE_EXCEPTIONS"] = True
        self._seen: dict[str, list[str]] = {who: ["/"] for who in WHO}
        return kiosk

    def case(self, random: Random) -> bytes:
        return json.dumps({"who": random.choice(WHO), "seed": random.getrandbits(32)}).encode()

    def hold(self, case: bytes) -> str:
        told = json.loads(case)
        if self._left <= 0:
            self.close()
            self._made, self._left = self._made + 1, OFFICE_CASES
            self._kiosk = self._open(self._directory / str(self._made))
        self._left -= 1
        visit = _Visit(self._kiosk, told["who"], Random(told["seed"]), self._seen[told["who"]])
        try:
            visit.look()
            return visit.send()
        finally:
            visit.leave()
            _must_add_up(self._kiosk.office)

    def close(self) -> None:
        self._kiosk.close()
        self._kiosk.office.close()


class _Visit:
    """`seen`: addresses that somebody of that role found on pages."""

    def __init__(self, kiosk: Kiosk, who: str, random: Random, seen: list[str]) -> None:
        self._kiosk, self._who, self._random, self._seen = kiosk, who, random, seen
        self._client = kiosk.app.test_client()
        self._token, self._csrf = "", "x"
        person = kiosk.house.people.get(who) if who else None
        if person is not None and person.active:
            session = kiosk.house.sessions.begin(person)
            self._token, self._csrf = session.token, session.csrf
            self._client.set_cookie(security.COOKIE, session.token)

    def leave(self) -> None:
        self._kiosk.house.sessions.end(self._token)
        self._kiosk.house.throttle.right(self._who)
        self._kiosk.house.throttle.right("agnes")

    def look(self) -> None:
        """At a page: its forms and links are what can be gone to from it."""
        path = self._random.choice([self._random.choice(self._seen), *self._built("GET")])
        self._page = self._asked("GET", path, {})
        for link in self._page.links:
            if link not in self._seen and len(self._seen) < 400:
                self._seen.append(link)

    def send(self) -> str:
        """A form of that page, or of none."""
        if self._page.forms and self._random.random() < 0.8:
            action, fields = self._random.choice(self._page.forms)
        else:
            [action], fields = list(self._built("POST")), []
        how = self._random.choice(("as it is", "filled in", "filled in", "spoilt", "raw", "headers"))
        form = self._filled(fields, 0.3 if how == "spoilt" else 0.05 if how == "filled in" else 0.0)
        sent: dict[str, Any] = {"data": form}
        if how == "raw":
            sent = {"data": self._raw(form), "content_type": self._random.choice(TYPES)}
        if how == "headers":
            names = self._random.sample(list(HEADERS), 2)
            sent["headers"] = {name: self._random.choice(HEADERS[name]) for name in names}
        self._asked("POST", action or "/", sent)
        return f"{self._who or 'nobody'} {how}"

    def _filled(self, fields: list[tuple[str, str]], wild: float) -> dict[str, list[str]]:
        form: dict[str, list[str]] = {"csrf": [self._csrf], "key": [str(self._random.getrandbits(64))]}
        for name, value in fields:
            if name in ("csrf", "key") or self._random.random() < wild / 2:
                continue
            form.setdefault(name, []).append(self._typed(name, value, wild))
            if self._random.random() < 0.7:
                form[name] = form[name][-1:]
        if self._random.random() < wild:
            form.update({f"f{n}": ["x"] for n in range(self._random.choice((1, 2_000)))})
        return form

    def _typed(self, name: str, value: str, wild: float) -> str:
        if name in ("pin", "own_pin", "new_pin", "new_again"):
            return OTHER_PIN if name == "pin" or self._who in ("yosep", "agnes") else PIN
        if name == "supervisor":
            return self._random.choice(("agnes", "yosep", "", value))
        if not value or self._random.random() < wild:
            value = self._random.choice((*TYPED[:30], self._random.choice(TYPED)))
        if self._random.random() < wild:
            value = mutated(self._random, value.encode()).decode("utf-8", "replace")[:60_000]
        return value

    def _raw(self, form: dict[str, list[str]]) -> bytes:
        pairs = [f"{name}={value}" for name, values in form.items() for value in values]
        whole = "&".join(pairs).encode("utf-8", "replace")
        return mutated(
            self._random, self._random.choice((whole, whole, random_part(self._random), b"%", b"\xff" * 99))
        )

    def _built(self, method: str) -> Iterator[str]:
        """The address of one of the routes, with something in the place of its names."""
        adapter = self._kiosk.app.url_map.bind("localhost")
        rules = [rule for rule in self._kiosk.app.url_map.iter_rules() if method in (rule.methods or ())]
        rule = self._random.choice([each for each in rules if each.endpoint not in ENDLESS])
        values = {name: self._random.choice(("1", "x", "wni", "0" * 32, *TYPED[:30])) for name in rule.arguments}
        try:
            yield adapter.build(rule.endpoint, values, method=method)
        except (BuildError, ValueError):
            yield str(rule)

    def _asked(self, method: str, path: str, sent: dict[str, Any]) -> Page:
        """Refused, if the answer is a refusal."""
        books = self._kiosk.office.station.books
        before = books.seq
        with self._client.open(path, method=method, buffered=False, base_url="http://localhost", **sent) as answer:
            text = "" if answer.mimetype in ("text/event-stream", "application/pdf") else answer.text
        page = Page(text if answer.mimetype == "text/html" else "")
        _must_be_fit_to_read(answer, text, page)
        if answer.status_code >= 400:
            if mine := self._written(before):
                raise Finding(f"refused, and {[each.kind for each in mine]} were written")
            raise Refused("", f"{answer.status_code} {' '.join(page.told).strip()}")
        if big := [each.kind for each in self._written(before) if len(each.record) > MOST_WRITTEN]:
            raise Finding(f"{big} hold what nobody would read")
        return page

    def _written(self, before: int) -> list[Frame]:
        """In this person's name."""
        if self._kiosk.office.station.books.seq == before:
            return []
        return [each for each in self._kiosk.office.frames()[before:] if each.stamp.by == f"op:{self._who}"]


def random_part(random: Random) -> bytes:
    """Of a multipart body."""
    boundary = b"--" + random.choice((b"x", b"", b"y" * 300))
    name = random.choice((b'name="key"', b"name=", b'name="a"; filename="../../x"', b"filename*=utf-8''%ff"))
    return (
        boundary
        + b"\r\nContent-Disposition: form-data; "
        + name
        + b"\r\n\r\n"
        + random.choice(AWKWARD)
        + b"\r\n"
        + boundary
    )


def _must_be_fit_to_read(answer: TestResponse, text: str, page: Page) -> None:
    if answer.status_code >= 500 and answer.status_code != 503:
        raise Finding(f"{answer.status_code}: {text[:200]}")
    if MARK in text:
        raise Finding("what was typed is markup of the page")
    if found := [each for each in Forms.secrets if each in text]:
        raise Finding(f"the page tells {found}")
    if len(text) > 1 << 20:
        raise Finding(f"a page of {len(text)} characters")
    if answer.status_code >= 400 and answer.mimetype == "text/html" and text and len(page.told) != 1:
        raise Finding(f"{answer.status_code} says {page.told}: {text[-3000:-1500]}")


def _must_add_up(office: Office) -> None:
    with office.station.books.transaction() as view:
        held = balances(view)
    for sku, accounts in held.items():
        below = {name for name, quantity in accounts.items() if quantity < 0 and name not in OWED}
        if sum(accounts.values()) or below:
            raise Finding(f"{sku}: {accounts}")
    if len(good_cards(office.world)) > len(office.jobs()):
        raise Finding("a job has two cards")
