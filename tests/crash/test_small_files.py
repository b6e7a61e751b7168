"""What lies beside the journal in small files: after any power cut the old content or the new is there, and what was
acknowledged is. The directories that a store makes for itself are part of the promise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from kiosk.callbook import CallBook
from kiosk.core.callbacks import Call
from kiosk.crypto import keys
from kiosk.crypto.checkpoint import Position, sign_receipt
from kiosk.crypto.keyfile import KeyFile
from kiosk.crypto.keyring import Keyring
from kiosk.errors import KepingError
from kiosk.people import People, Role
from kiosk.rig.residents import invent
from kiosk.rig.specimen import unsigned
from kiosk.sync.client import Receipt
from kiosk.sync.shipping import AckStore
from kiosk.vault import Vault
from tests.crash.medium import Crash, Recorder, write_tree

HUB = keys.generate_signing()
POSITIONS = [Position("kupang-01", "ab" * 8, seq, f"{seq:064x}") for seq in (5, 9, 12)]
RECORDS = [unsigned(who, ref=f"{n:032x}") for n, who in enumerate(invent(3, 3, issued=date(2018, 8, 14)))]
TOKEN = "token " * 300


def prepare(data: Path) -> None:
    """As a station is enrolled."""
    (data / "keys").mkdir()
    KeyFile.create(data / "keys" / "vault.key")


def acks(data: Path) -> AckStore:
    return AckStore(data / "sync" / "ack.json")


def ack(number: int) -> Callable[[Path], object]:
    position = POSITIONS[number]
    return lambda data: acks(data).save(Receipt(position, sign_receipt(position, HUB)))


def acked(data: Path) -> int:
    held = acks(data).load("kupang-01", "ab" * 8, [HUB])
    return POSITIONS.index(held) + 1 if held else 0


def vault(data: Path) -> Vault:
    return Vault(data / "vault", Keyring(data / "vault", KeyFile.open(data / "keys" / "vault.key")))


def put(number: int) -> Callable[[Path], object]:
    return lambda data: vault(data).put(RECORDS[number], TOKEN)


def kept(data: Path) -> list[str]:
    """Of each record: what can be read. A record that never came whole has no head; nobody was told of it."""
    found = []
    opened = vault(data)
    for record in RECORDS:
        if (data / "vault" / f"{record.ref}.head").exists():
            assert opened.identity(record.ref) == record.fields
            whole = opened.has_biometrics(record.ref)
            assert not whole or opened.token(record.ref) == TOKEN
            found.append("whole" if whole else "identity")
    return found


def calls(data: Path) -> CallBook:
    return CallBook(data / "calls", Keyring(data / "vault", KeyFile.open(data / "keys" / "vault.key")))


def call(number: int) -> Callable[[Path], object]:
    return lambda data: calls(data).put(f"2018-08-14/{number:03}", Call("5371010101900001", f"0812000{number}"))


def called(data: Path) -> int:
    book = calls(data)
    there = sorted((data / "calls").glob("*.call"))
    return len([book.get(f"2018-08-14/{path.stem[-3:]}") for path in there])


def person(number: int) -> Callable[[Path], object]:
    return lambda data: People(data).add(f"op{number}", "Maria", Role.OPERATOR, "135791")


@dataclass(frozen=True)
class Story:
    """`steps`, each acknowledged when it returns, and what `read` gives after none, one, two of them."""

    steps: list[Callable[[Path], object]]
    read: Callable[[Path], object]
    expected: list[object]


STORIES = {
    "receipts": Story([ack(0), ack(1), ack(2)], acked, [0, 1, 2, 3]),
    "records": Story([put(0), put(1), put(2)], kept, [[], ["whole"], ["whole"] * 2, ["whole"] * 3]),
    "erasures": Story(
        [put(0), put(1), lambda data: vault(data).erase_biometrics([RECORDS[0].ref]), put(2)],
        kept,
        [[], ["whole"], ["whole", "whole"], ["identity", "whole"], ["identity", "whole", "whole"]],
    ),
    "calls": Story([call(1), call(2)], called, [0, 1, 2]),
    "people": Story([person(1), person(2)], lambda data: len(People(data).all()), [0, 1, 2]),
}


def tell(story: Story, data: Path, patch: pytest.MonkeyPatch, ignore: str = "") -> list[Crash]:
    data.mkdir()
    prepare(data)
    with patch.context() as patched:
        recorder = Recorder(data, limit=40, ignore=ignore).attach(patched)
        for number, step in enumerate(story.steps, start=1):
            step(data)
            recorder.acknowledge(number)
    assert story.read(data) == story.expected[-1]
    return recorder.crashes


def problem(story: Story, crash: Crash, root: Path) -> str | None:
    write_tree(crash.tree, root)
    for path in root.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    try:
        found = story.read(root)
    except (KepingError, AssertionError) as exc:
        return f"{type(exc).__name__} after {crash.acked}: {exc}"
    allowed = story.expected[crash.acked : crash.acked + 2]
    return None if found in allowed else f"{found}, not one of {allowed}"


def problems(story: Story, crashes: list[Crash], place: Path) -> list[str]:
    found = (problem(story, crash, place / str(number)) for number, crash in enumerate(crashes))
    return [each for each in found if each]


@pytest.mark.parametrize("name", STORIES)
def test_the_old_content_or_the_new(place: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    story = STORIES[name]
    crashes = tell(story, place / "data", monkeypatch)
    assert len(crashes) > 8
    assert problems(story, crashes, place) == []


@pytest.mark.parametrize("ignore", ["fsync", "directory"])
@pytest.mark.parametrize("name", ["records", "people"])
def test_a_rename_before_its_content_or_without_its_directory_is_found_out(
    place: Path, monkeypatch: pytest.MonkeyPatch, name: str, ignore: str
) -> None:
    story = STORIES[name]
    assert problems(story, tell(story, place / "data", monkeypatch, ignore), place) != []
