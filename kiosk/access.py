"""The door: who somebody is, and whether the table (kiosk.core.permissions) lets them do it.

Asked once by each way in: `admit` for the control socket and the shell, `check` for the touchscreen. The second
person of an act comes through `second`, whichever way the first one came.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from kiosk.books import Books
from kiosk.core.permissions import ACTS, APPROVE, BEGIN, BOX, COMMANDS, Act, Role, act_of_command, refusal
from kiosk.core.staff import acts_on
from kiosk.errors import Rejected, UsageError
from kiosk.people import Named, People, Person
from kiosk.throttle import Throttle


class Access:
    """Thread-safe. `throttle`: of wrong PINs, by id."""

    def __init__(self, people: People, books: Books, throttle: Throttle | None = None) -> None:
        self._people = people
        self._books = books
        self.throttle = throttle or Throttle()

    def admit(self, command: str, arguments: Mapping[str, Any], by: str, named: Named | None) -> str:
        """Who does it, as the journal names them: `op:<id>` for somebody who gave their PIN, else `by`.

        Rejected `not-permitted` if the table says no; as `sign_in` for a wrong PIN. UsageError for a command that
        there is not.
        """
        act = self._act(command, arguments)
        if named is not None:
            person = self.sign_in(named.person, named.pin)
            self.check(act, person, fresh=True)
            return f"op:{person.id}"
        if act.pin:
            raise Rejected(f"{refusal(act, BOX)}, with the PIN (keping --as ID)", "not-permitted")
        if not act.open_to(BOX):
            raise Rejected(f"{refusal(act, BOX)} (keping --as ID)", "not-permitted")
        return by

    def _act(self, command: str, arguments: Mapping[str, Any]) -> Act:
        if command == "user.add" and arguments.get("role") == Role.SUPERVISOR and not self._people.has_supervisor:
            return ACTS[COMMANDS[BEGIN]]
        act = act_of_command(command, arguments)
        if act is None:
            raise UsageError(f"unknown command {command}, or unknown movement {arguments.get('movement')!r}")
        return act

    def check(self, act: Act, person: Person, *, fresh: bool = False, second: str = "") -> None:
        """Rejected `not-permitted`, naming who may; `pin-needed` if the act wants the PIN and it is not `fresh`.

        `second`: who is named as the second person.
        """
        if not person.active or not act.open_to(person.role, acting=self.is_acting(person)):
            raise Rejected(refusal(act, person.role), "not-permitted")
        if act.wants_pin(second) and not fresh:
            raise Rejected(f"{act.name}: give your PIN with it", "pin-needed")

    def sign_in(self, ident: str, pin: str) -> Person:
        """Rejected `pin-wait` while too many were wrong, `pin-wrong` if this one is. Blocks about 30 ms."""
        with self.throttle.turn:
            self.check_wait(ident)
            person = self._people.verify(ident, pin)
            if person is None:
                self.throttle.wrong(ident)
                raise Rejected(f"{ident}: not that PIN", "pin-wrong")
            self.throttle.right(ident)
        return person

    def check_wait(self, name: str) -> None:
        """Rejected `pin-wait` while no try of that name is allowed."""
        if wait_s := self.throttle.wait_s(name):
            raise Rejected(f"{name}: too many wrong PINs; wait {math.ceil(wait_s)} s", "pin-wait")

    def second(self, by: str, ident: str, pin: str) -> str:
        """The second person, as the journal names them: somebody else than `by` who may approve. Else Rejected.

        A PIN that is wrong, and one of somebody who may not approve, counts as one wrong try of that person.
        """
        if not ident:
            raise Rejected("a supervisor must approve", "approval-missing")
        with self.throttle.turn:
            self.check_wait(ident)
            person = self._people.verify(ident, pin)
            if person is None or not self.may_approve(person):
                self.throttle.wrong(ident)
                raise Rejected(f"{ident}: no supervisor with that PIN", "approval-refused")
            self.throttle.right(ident)
        if by.rpartition(":")[2] == ident:
            raise Rejected("another person must approve", "approval-by-self")
        return f"op:{person.id}"

    def may_approve(self, person: Person) -> bool:
        return person.active and APPROVE.open_to(person.role, acting=self.is_acting(person))

    def is_supervisor(self, by: str) -> bool:
        """Whether `by`, as the journal names them, may do what a supervisor may, in their own right or acting."""
        kind, _, ident = by.rpartition(":")
        person = self._people.get(ident) if kind == "op" else None
        return person is not None and self.may_approve(person)

    def is_acting(self, person: Person) -> bool:
        """Appointed for today (Plh). Auditors are never: they change nothing."""
        with self._books.transaction() as view:
            appointment = view.read("acting", person.id)
        return person.role is not Role.AUDITOR and acts_on(appointment, self._books.today)
