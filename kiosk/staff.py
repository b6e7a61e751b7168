"""People are added, change, leave, act for somebody, get back in: each method checks, commits one frame, and answers.

The frame first, then the file of hashes. What a crash leaves undone of a role, or of somebody's leaving, is made good
at the next opening; a PIN that was not written is the old one; an id whose adding was cut off is spent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from kiosk.access import Access
from kiosk.arguments import text
from kiosk.books import Books
from kiosk.core.change import ProjectionError
from kiosk.core.permissions import Role
from kiosk.core.staff import StaffEvent, acts_on, body, term
from kiosk.errors import Rejected, UsageError
from kiosk.people import CODES, People, Person, check_pin

log = logging.getLogger(__name__)

CODES_NAME = "recovery codes"
"""Under which wrong codes are counted: no person has such an id."""


class Staff:
    """`by` is who does it, as the journal names them; whether they may was asked at the door (kiosk.access)."""

    def __init__(self, books: Books, people: People, access: Access) -> None:
        self._books = books
        self._people = people
        self._access = access
        self.commands: dict[str, Callable[..., Any]] = {
            "user.add": self.add,
            "user.list": self.list_people,
            "user.role": self.change_role,
            "user.deactivate": self.deactivate,
            "user.activate": self.activate,
            "user.reset-pin": self.reset_pin,
            "user.pin": self.change_own_pin,
            "user.acting": self.appoint,
            "user.codes": self.make_codes,
            "user.recover": self.recover,
        }
        self._catch_up()

    def _catch_up(self) -> None:
        """The journal is right about roles, and about who left: a file that differs was cut off, or edited."""
        with self._books.transaction() as view:
            rows = view.select("people")
        for row in rows:
            person, role = self._people.get(row["person"]), Role(row["role"])
            if person and (person.role, person.active) != (role, row["active"]):
                log.warning("person=%s is a %s (active: %s) by the journal: set back", person.id, role, row["active"])
                self._people.set_role(person.id, role, active=row["active"])

    def add(self, by: str, person: str, name: str, role: str, pin: str) -> dict[str, Any]:
        """Their id, name, role; of the first supervisor also the one-time codes, which are shown this once."""
        wanted, person, name = _role(role), text("person", person), text("name", name)
        self._people.check_new(person, name, pin)
        with self._books.transaction() as view:
            if view.read("people", person) is not None:
                raise Rejected(f"{person} was given out before; ids are never used again", "person-exists")
            first = not self._people.has_supervisor
            if not first and not by.startswith("op:"):  # of two who both were let in as the first
                raise Rejected(f"{person}: there is a supervisor already, who adds people", "not-permitted")
            self._books.commit("people", body(StaffEvent.ADDED, person, wanted), by)
            added = self._people.add(person, name, wanted, pin)
        codes = self.make_codes(by, added.id) if first and wanted is Role.SUPERVISOR else []
        return {"id": added.id, "name": added.name, "role": added.role.value, **({"codes": codes} if codes else {})}

    def begin(self, person: str, name: str, pin: str) -> dict[str, Any]:
        """The first supervisor of a station that knows nobody yet, in their own name; as `add`.

        Rejected `begun-before` if anybody was ever added: whoever was quicker, or those of before a lost disk.
        """
        with self._books.transaction():
            if self._people.all():
                raise Rejected("this station knows people already", "begun-before")
            return self.add(f"op:{person}", person, name, Role.SUPERVISOR.value, pin)

    def list_people(self, by: str) -> list[dict[str, Any]]:
        """Everybody who ever was: id, name, role, active; until when they are acting supervisor, or ""; and
        `appointed`, the last day of an appointment that stands, also of one that is still to begin."""
        with self._books.transaction() as view:
            rows, today = view.rows("acting"), self._books.today
        appointed = {row["person"]: row["to"] for row in rows if row["to"] >= today.isoformat()}
        until = {row["person"]: row["to"] for row in rows if acts_on(row, today)}
        return [
            {
                "id": each.id, "name": each.name, "role": each.role.value, "active": each.active,
                "acting": until.get(each.id, ""), "appointed": appointed.get(each.id, ""),
            }
            for each in self._people.all()
        ]  # fmt: skip

    def change_role(self, by: str, person: str, role: str) -> str:
        wanted = _role(role)
        with self._books.transaction():
            found = self._active(person)
            if found.role is Role.SUPERVISOR and wanted is not Role.SUPERVISOR:
                self._must_not_be_last(found)
            self._books.commit("people", body(StaffEvent.ROLE, person, wanted), by)
            self._people.set_role(person, wanted, active=True)
        return wanted.value

    def deactivate(self, by: str, person: str) -> str:
        """They can't sign in or approve any more; the id stays theirs. Rejected of the last supervisor."""
        with self._books.transaction():
            found = self._active(person)
            self._must_not_be_last(found)
            self._books.commit("people", body(StaffEvent.DEACTIVATED, person, found.role), by)
            self._people.set_role(person, found.role, active=False)
        return person

    def activate(self, by: str, person: str) -> str:
        """The same person is back, with the role and PIN that they had."""
        with self._books.transaction():
            found = self._people.find(person)
            if found.active:
                raise Rejected(f"{person} is active", "person-active")
            self._books.commit("people", body(StaffEvent.ACTIVATED, person, found.role), by)
            self._people.set_role(person, found.role, active=True)
        return person

    def reset_pin(self, by: str, person: str, pin: str) -> str:
        """Somebody forgot theirs. A supervisor's is given by another supervisor in their own right, or by a code."""
        check_pin(pin)
        with self._books.transaction():
            found, asking = self._active(person), self._people.get(by.rpartition(":")[2])
            if found.role is Role.SUPERVISOR and (asking is None or asking.role is not Role.SUPERVISOR):
                raise Rejected(f"{person} is a supervisor: another one, or keping user recover", "not-permitted")
            self._books.commit("people", body(StaffEvent.NEW_PIN, person, found.role), by)
            self._set_pin(person, pin)
        return person

    def change_own_pin(self, by: str, pin: str) -> str:
        check_pin(pin)
        with self._books.transaction():
            found = self._active(by.rpartition(":")[2])
            self._books.commit("people", body(StaffEvent.OWN_PIN, found.id, found.role), by)
            self._set_pin(found.id, pin)
        return found.id

    def appoint(
        self, by: str, person: str, first: str = "", last: str = "", document: str = "", end: bool = False
    ) -> dict[str, str]:
        """Acting supervisor (Plh) on the local days from `first` to `last`, both included; it ends by itself.

        `end`: at once instead. A new appointment takes the place of the one that stands.
        """
        with self._books.transaction() as view:
            found = self._active(person)
            if end:
                if view.read("acting", person) is None:
                    raise Rejected(f"{person} was not appointed", "not-acting")
                self._books.commit("people", body(StaffEvent.ACTING_ENDED, person, found.role), by)
                return {"person": person, "from": "", "to": ""}
            if found.role in (Role.SUPERVISOR, Role.AUDITOR):
                raise Rejected(f"{person} is {found.role}: an operator or technician acts", "role-does-not-act")
            paper = self._checked_term(first, last, document)
            days = {"from": first, "to": last}
            self._books.commit("people", body(StaffEvent.ACTING, person, found.role, **days, document=paper), by)
        return {"person": person, **days}

    def _checked_term(self, first: str, last: str, document: str) -> str:
        try:
            _, end = term(text("from", first), text("to", last))
        except ProjectionError as exc:
            raise UsageError(str(exc)) from exc
        if end < self._books.today:
            raise UsageError(f"{last} is over: today is {self._books.today}")
        if not (paper := text("document", document)):
            raise UsageError("document: the number of the appointment's paper is needed")
        return paper

    def make_codes(self, by: str, person: str = "") -> list[str]:
        """One-time codes that open a supervisor's PIN, in place of all earlier ones; shown this once."""
        with self._books.transaction():
            found = self._active(person or by.rpartition(":")[2])
            self._books.commit("people", body(StaffEvent.CODES, found.id, found.role, left=CODES), by)
            return self._people.new_codes()

    def recover(self, by: str, person: str, code: str, pin: str) -> dict[str, Any]:
        """A supervisor is let in again by a one-time code, which is spent, with a new PIN. Wrong codes are throttled.

        Returns person and codes left. The code is spent first: a crash in between costs the code, never opens twice.
        """
        check_pin(pin)
        found = self._active(person)
        if found.role is not Role.SUPERVISOR:
            raise Rejected(f"{person} is {found.role}: a supervisor gives a new PIN", "not-permitted")
        throttle = self._access.throttle
        with throttle.turn:
            self._access.check_wait(CODES_NAME)
            if not self._people.spend_code(text("code", code)):
                throttle.wrong(CODES_NAME)
                raise Rejected("that is none of the codes, or it was used", "code-wrong")
            throttle.right(CODES_NAME)
        left = self._people.codes_left()
        with self._books.transaction():
            self._books.commit("people", body(StaffEvent.RECOVERED, person, found.role, left=left), by)
            self._set_pin(person, pin)
        return {"person": person, "left": left}

    def _set_pin(self, person: str, pin: str) -> None:
        self._people.reset_pin(person, pin)
        self._access.throttle.right(person)

    def _active(self, ident: str) -> Person:
        found = self._people.find(text("person", ident))
        if not found.active:
            raise Rejected(f"{ident} was deactivated", "person-inactive")
        return found

    def _must_not_be_last(self, found: Person) -> None:
        others = [each for each in self._people.active() if each.id != found.id and each.role is Role.SUPERVISOR]
        if found.role is Role.SUPERVISOR and not others:
            raise Rejected(f"{found.id} is the last supervisor: add another first", "last-supervisor")


def _role(word: str) -> Role:
    try:
        return Role(word)
    except ValueError:
        raise UsageError(f"role: {word!r} is not one of {', '.join(Role)}") from None
