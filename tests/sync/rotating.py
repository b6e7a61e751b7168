"""A station with books, vault and both ends, whose process may end at any durable step while its keys change."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from docs import verify_journal
from kiosk.books import CHECKPOINTS, Books
from kiosk.config import HubConfig
from kiosk.core.frames import Frame
from kiosk.crypto import keys
from kiosk.crypto.keyfile import KeyFile
from kiosk.crypto.keyring import Keyring
from kiosk.crypto.keys import OKPKey
from kiosk.durable import remove_drafts
from kiosk.journal import checkpoints, held_against, scan
from kiosk.link import Ends
from kiosk.sync.carrying import Carrier
from kiosk.sync.enrol import load_pins, save_pins
from kiosk.sync.loop import SyncLoop
from kiosk.vault import Vault
from tests.sync.centre import Centre

RECEIVE = [["wni", "BAST-1", "supplier", "vault", 1]]
CUTS = [(number, after) for number in range(1, 7) for after in (False, True)]
"""Of the six renames that make a change of keys, before and after each."""


class Killed(BaseException):
    """Stands for the process ending between two instructions."""


class Post:
    """`closed`: why the centre takes nothing of it any more."""

    def __init__(self, centre: Centre, data: Path) -> None:
        self.centre, self.data = centre, data
        made = centre.station()
        self.name = made.name
        folder = data / "keys"
        folder.mkdir(parents=True)
        keys.save(folder / "signing.jwk", made.key)
        keys.save(folder / "encryption.jwk", made.encryption)
        save_pins(folder / "hub.json", made.pins)
        genesis = {
            "station": made.name,
            "incarnation": "ab" * 8,
            "key": keys.thumbprint(made.key),
            "predecessor": None,
        }
        Books.create(data, 1 << 20, genesis, "test").close()
        self._vault = Vault(data / "vault", Keyring(data / "vault", KeyFile.create(folder / "vault.key")))
        self._closing = ExitStack()
        self.closed: list[str] = []
        self.begin()

    def begin(self) -> None:
        """As the process does, from what is on the disk."""
        folder = self.data / "keys"
        key = keys.load_okp(folder / "signing.jwk", keys.SIGNING)
        self.books = Books.open(self.data, 1 << 20, "test", key=key)
        self._closing.callback(self.books.close)
        hub = HubConfig(url=self.centre.server.url)
        self.ends = Ends(
            hub, self.data, self.books, self._vault, load_pins(folder / "hub.json"), key, lambda seq: None
        )
        self.loop: SyncLoop = self.ends.link(self._closing, self.closed.append)
        self.carrier: Carrier = self.ends.carrier()

    def end(self) -> None:
        self._closing.close()
        remove_drafts(self.data / "keys")

    def restart(self) -> None:
        self.end()
        self.begin()

    def receive(self) -> None:
        """A frame, and a checkpoint that is kept."""
        self.books.commit("stock", {"movement": "receive", "document": "BAST-1", "moves": RECEIVE}, "test")
        self.books.checkpoint()

    def settle(self) -> None:
        """Rounds until nothing is left to do."""
        for _ in range(6):
            self.loop.step()
            state = self.loop.state
            if not (state.last_error or state.unsent or self.ends.rotation.state["changing"]):
                return
        raise AssertionError(f"it does not come to rest: {state}")

    def rotate(self) -> None:
        self.ends.rotation.ask("test")
        self.settle()

    @property
    def key(self) -> OKPKey:
        return keys.load_okp(self.data / "keys" / "signing.jwk", keys.SIGNING)

    @property
    def files(self) -> set[str]:
        return {path.name for path in (self.data / "keys").glob("*.jwk")}

    def audited(self) -> list[Frame]:
        """By the program and by the page's own verifier, which know each other not."""
        genesis = checkpoints.genesis_of(self.data / "journal").data
        anchors = checkpoints.every(self.data / CHECKPOINTS, genesis)
        frames = list(held_against(scan(self.data / "journal"), anchors))
        assert self.verified()["frames"] == len(frames)
        return frames

    def verified(self) -> dict[str, Any]:
        found: dict[str, Any] = verify_journal.verify(self.data / "journal")
        return found


@contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, number: int, *, after: bool) -> Iterator[None]:
    """The process ends at the rename that is the `number`-th from here, if there are so many."""
    count, rename = iter(range(1, 1_000)), os.replace

    def counted(source: Any, target: Any, **more: Any) -> None:
        dies = next(count) == number
        if dies and not after:
            raise Killed
        rename(source, target, **more)
        if dies:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", counted)
        yield


def dying(act: Callable[[], None]) -> bool:
    try:
        act()
    except Killed:
        return True
    return False
