"""The next face is made while this one prints, each only once."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from drivers.protocols import Face, Prepared
from kiosk.crypto.keyfile import KeyFile
from kiosk.crypto.keyring import Keyring
from kiosk.errors import Rejected
from kiosk.vault import Vault
from kiosk.worker import Prepress


class Kitchen:
    """A vault of names, a renderer that can be held, and a count of what was rendered."""

    def __init__(self, directory: Path) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Semaphore(0)
        self.rendered: list[str] = []
        vault = Vault(directory, Keyring(directory, KeyFile.create(directory / "vault.key")))
        vault.token = lambda ref: ref  # type: ignore[method-assign]
        self.prepress = Prepress(vault, self.check, self.render, self.prepare, lambda: (Face(1, 1, b"\1"), {}))

    def check(self, token: str) -> Any:
        if token == "bad":
            raise Rejected("not signed", "unsigned")
        return type("Record", (), {"ref": token, "chip": {"6FF1": token.encode()}})()

    def render(self, record: Any) -> Face:
        self.begun.release()
        self.gate.wait(10)
        self.rendered.append(record.ref)
        return Face(1, 1, b"\0")

    def prepare(self, face: Face) -> Prepared:
        return Prepared((face.resin,), 1)


@pytest.fixture
def kitchen(tmp_path: Path):  # type: ignore[no-untyped-def]
    made = Kitchen(tmp_path)
    yield made
    made.gate.set()
    made.prepress.close()


def test_begun_ahead_it_is_ready_and_made_once(kitchen: Kitchen) -> None:
    kitchen.gate.clear()
    kitchen.prepress.ahead("a")
    assert kitchen.begun.acquire(timeout=10)
    kitchen.prepress.ahead("a")
    kitchen.gate.set()
    assert kitchen.prepress.take("a").chip == {"6FF1": b"a"}
    assert kitchen.prepress.take("a").prepared.panels == 1
    assert kitchen.rendered == ["a"]


def test_only_a_few_faces_are_kept(kitchen: Kitchen) -> None:
    for name in "abcd":
        kitchen.prepress.take(name)
    kitchen.prepress.take("a")
    assert kitchen.rendered == ["a", "b", "c", "d", "a"]


def test_a_refusal_is_told_and_asked_again_the_next_time(kitchen: Kitchen) -> None:
    for _ in range(2):
        with pytest.raises(Rejected, match="not signed"):
            kitchen.prepress.take("bad")
    assert kitchen.rendered == []


def test_a_test_card_needs_no_record(kitchen: Kitchen) -> None:
    ready = kitchen.prepress.specimen()
    assert (ready.prepared, ready.chip) == (Prepared((b"\1",), 1), {})
    assert kitchen.rendered == []
