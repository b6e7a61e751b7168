"""A person at the bench of a real device, who does what a test can't do there and says what it can't see."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NoReturn

import pytest


class Person:
    """Asked on the terminal; answers by a line. Blocks for as long as the person takes."""

    def does(self, what: str) -> None:
        """Wait for ENTER; "s" skips the clause."""
        if self._answer(f"{what} (s skips this clause)") == "s":
            pytest.skip("skipped at the bench")

    def puts_right(self, what: str) -> None:
        """Wait until it is done, which nobody may skip."""
        self._answer(f"{what}; then ENTER")

    def sees(self, what: str) -> None:
        """Fails the clause unless the answer is yes."""
        assert self._answer(f"Is it so? {what} (y or n)") == "y", f"not so: {what}"

    def _answer(self, question: str) -> str:
        sys.stdout.write(f"\n  >> {question}: ")
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            pytest.exit("nobody is at the bench")
        return line.strip().lower()


AS_SOON = {"panel-started": "as soon as a panel is printed"}
"""Events of the simulated world that a person can see."""


class ByHand:
    """Stands for the world of a real printer, and for its cable: each verb is asked of the person."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._when = ""
        self._to_undo: dict[str, str] = {}
        self.hopper = Hopper(self)

    def open_cover(self) -> None:
        self.do("open the cover", undo="close the cover")

    def close_cover(self) -> None:
        self.undo("open the cover")

    def end_ribbon(self) -> None:
        self.do("lay in a ribbon that has come to its end", undo="lay in the good ribbon")

    def replace_ribbon(self, ribbon: object) -> None:
        if ribbon is not None:
            pytest.skip(f"needs a simulated ribbon: {ribbon}")
        self.do("take the ribbon out", undo="lay in the good ribbon")

    def collect(self) -> None:
        self.do("take the cards out of both trays")

    def cut(self) -> None:
        self.do("pull the data cable", undo="plug the data cable in, and wait until the printer is ready")

    def restore(self) -> None:
        self.undo("pull the data cable")

    def at(self, event: str, act: Callable[[], object]) -> None:
        """Ask for `act` now, to be done when `event` happens."""
        if event not in AS_SOON:
            pytest.skip(f"nobody can see the moment: {event}")
        self._when = f"press ENTER, and {AS_SOON[event]} "
        act()
        self._when = ""

    def do(self, what: str, undo: str = "") -> None:
        # Skipped, there is nothing to undo.
        self._person.does(f"{self._when}{what}" if self._when else f"{what}; then ENTER")
        if undo:
            self._to_undo[what] = undo

    def undo(self, what: str) -> None:
        self._person.puts_right(self._to_undo.pop(what))

    def tidy(self) -> bool:
        """Have everything that was done undone; whether there was anything."""
        todo = list(self._to_undo.values())
        self._to_undo.clear()
        for what in todo:
            self._person.puts_right(what)
        return bool(todo)

    def lies(self, output: int, reject: int) -> None:
        self._person.sees(f"{output} in the output tray, {reject} in the reject tray")

    def __getattr__(self, verb: str) -> NoReturn:
        pytest.skip(f"needs a simulated world: {verb}")


class Hopper:
    def __init__(self, hands: ByHand) -> None:
        self._hands = hands

    def clear(self) -> None:
        self._hands.do("take all cards out of the hopper", undo="put the cards back into the hopper")
