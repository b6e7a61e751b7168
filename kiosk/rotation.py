"""New keys for the station: made here, endorsed by the old one, held by the centre, and only then used.

Every step may be the last before the power goes; the next start goes on from what is on the disk (crypto.ownkeys).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.books import CHECKPOINTS, Books
from kiosk.crypto.checkpoint import Position
from kiosk.crypto.endorsement import Endorsement, Successors, sign_endorsement
from kiosk.crypto.keys import OKPKey, fingerprint
from kiosk.crypto.ownkeys import OwnKeys
from kiosk.journal import signers
from kiosk.journal.signers import Change
from kiosk.sync.client import HubClient

log = logging.getLogger(__name__)

OVERLAP_DAYS = 60
"""So long a stick that was sealed before the change can be read."""
_DAY_S = 86_400


class Rotation:
    """`use` is called, inside a transaction, with the key that signs from then on. `client`: None while there is no
    link. `step` and `tell_again` are for the thread that syncs; the rest is thread-safe."""

    def __init__(self, own: OwnKeys, data: Path, books: Books, use: Callable[[OKPKey], None]) -> None:
        self._own = own
        self._directory = data / CHECKPOINTS
        self._books = books
        self._use = use
        self.commands: dict[str, Callable[..., Any]] = {"sync.rotate-keys": self.ask}
        self.client: HubClient | None = None

    @property
    def state(self) -> dict[str, Any]:
        """`fingerprint` of the signing key in use, and whether another is to take its place."""
        return {"fingerprint": fingerprint(self._own.signing), "changing": self._own.is_changing}

    def ask(self, by: str) -> dict[str, Any]:
        """Make new keys; they are used once the centre holds them. Asked again meanwhile, nothing more happens.

        OSError if the medium refuses.
        """
        with self._books.transaction():
            self._own.prepare()
        log.info("new keys were asked for by %s", by)
        return self.state

    def step(self) -> None:
        """What is due of a change. Blocks and raises as HubClient; OSError if the medium refuses."""
        if self.client and (coming := self._own.coming):
            self.client.change_keys(self._endorsement(coming), coming)
            self._turn()
            log.info("the station signs with %s from now on", fingerprint(self._own.signing))
        elif self._own.keeps_old:
            self._forget()

    def tell_again(self) -> bool:
        """The centre doesn't know our key, but perhaps the one before: it was put back to an older backup. False if
        there is nothing to tell. As `step`."""
        change = self._last_change()
        if not self.client or change is None:
            return False
        self.client.change_keys(change.token, change.said.successors)
        return True

    def _endorsement(self, coming: Successors) -> str:
        """Kept before it is told, and told in the same words each time."""
        directory, position = self._directory, self._position()
        for change in signers.changes(directory, position.incarnation):
            if change.said.successors.claims == coming.claims:
                return change.token
        said = Endorsement(position, coming, self._books.time.time_ms)
        token = sign_endorsement(said, self._own.signing)
        signers.keep(directory, Change(self._own.signing, token, said))
        return token

    def _position(self) -> Position:
        with self._books.transaction() as view:
            station = view.read("station", "self")
            assert station is not None
            return Position(station["station"], station["incarnation"], self._books.seq, self._books.head)

    def _turn(self) -> None:
        """No checkpoint meanwhile: what the old key says comes before what the new one says."""
        with self._books.transaction():
            self._own.turn()
            self._use(self._own.signing)

    def _last_change(self) -> Change | None:
        found = signers.changes(self._directory, self._position().incarnation)
        mine = fingerprint(self._own.signing)
        return next((each for each in found if fingerprint(each.said.successors.signing) == mine), None)

    def _forget(self) -> None:
        change, now_s = self._last_change(), self._books.time.known_s(by_centre=True)
        if now_s is not None and (change is None or now_s - change.said.made_ms / 1000 > OVERLAP_DAYS * _DAY_S):
            self._own.forget()
            log.info("the key that opened what was sealed before the last change is destroyed")
