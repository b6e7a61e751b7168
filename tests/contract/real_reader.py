"""A real chip reader on the bench: what the clauses want of a `Reader`, with a person in place of the antenna."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NoReturn

import pytest

from drivers.pcsc import PcscLink
from drivers.protocols import ChipEncoder, ChipIdentity
from drivers.sim.chip import KTP_EL, Behaviour
from kiosk.equipment import load_driver
from tests.contract.person import Person

MACHINES_PCSCD = pytest.StashKey[str | None]()
"""What SOCKET was before any test was imported."""

SCHEME = "pcsc:"
SOCKET = "PCSCLITE_CSOCK_NAME"
MOST_CONTENT = 600


class OnlySimulated:
    """A chip that nobody can look into."""

    def __getattr__(self, verb: str) -> NoReturn:
        pytest.skip(f"needs a simulated chip: {verb}")


class Hand:
    """The antenna's verbs, asked of a person."""

    def __init__(self, person: Person) -> None:
        self._person = person

    def enter(self, chip: object) -> None:
        self._person.does("lay the same chip onto the reader again; then ENTER")

    def leave(self) -> None:
        self._person.does("take the chip away from the reader; then ENTER")


class RealReader:
    """Named as `profile=pcsc:READER NAME`. `pcscd`: the socket of the daemon, None for the machine's own.

    A clause begins and ends without a chip on it. Its blanks are development chips, and are written.
    """

    profile = KTP_EL

    def __init__(self, spec: str, pcscd: str | None) -> None:
        profile, _, name = spec.partition("=" + SCHEME)
        # The tests' own pcscd was named when they were imported; libpcsclite looks at the first call.
        os.environ.pop(SOCKET, None)
        os.environ.update({SOCKET: pcscd} if pcscd else {})
        self._module = load_driver("encoders", profile)
        self._person = Person()
        self._used = False
        self.link = PcscLink(name)
        self.antenna = Hand(self._person)
        sizes: Mapping[str, int] = self._module.LAYOUT
        content = bytes(range(250)) * 3
        self.files = {name: content[: min(size - 2, MOST_CONTENT)] for name, size in sizes.items()}

    def encoder(self, appear_timeout_s: float = 5.0) -> ChipEncoder:
        made: ChipEncoder = self._module.open(self.link, appear_timeout_s)
        return made

    def lay(self, behaviour: Behaviour | None = None, uid: bytes = b"", profile: object = None) -> Any:
        if profile is not None or behaviour not in (None, Behaviour(used=True)):
            pytest.skip(f"needs a simulated chip: {behaviour or profile}")
        kind = "a chip that holds data" if behaviour else "another blank chip" if uid else "a blank chip"
        self._person.does(f"lay {kind} onto the reader; then ENTER")
        self._used = True
        return OnlySimulated()

    def pull_at(self, chip: object, nth: int, ins: int | None = None) -> None:
        pytest.skip("nobody's hand is that quick")

    def shows(self, chip: object, found: ChipIdentity) -> None:
        self._person.sees(f"the UID of the chip is {found.uid}")

    def updates(self, chip: object) -> int:
        """Nobody can count them on a real chip."""
        return 0

    def stored(self, chip: object, encoder: ChipEncoder) -> list[bytes]:
        return [encoder.read(name) for name in self.files]

    def close(self) -> None:
        self.link.close()
        if self._used:
            self._person.puts_right("take all chips away from the reader")
