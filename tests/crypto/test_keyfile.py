"""The station's key: private, whole, and under a passphrase if one is wanted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kiosk.crypto import keyfile
from kiosk.crypto.keyfile import KeyFile, Lock, checked_passphrase, needs_passphrase
from kiosk.durable import replace_file
from kiosk.errors import DamagedData, Rejected, UsageError

WORDS = "lima kata yang lucu sekali"


@pytest.fixture(autouse=True)
def _quick_to_lock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "figures" not in request.node.name:
        monkeypatch.setattr("kiosk.crypto.keyfile.MEMORY_KIB", 64)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    KeyFile.create(tmp_path / "vault.key")
    return tmp_path / "vault.key"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(UsageError, match=f"vault.key: mode {mode:04o}"):
        KeyFile.open(path)
    path.chmod(0o600)
    KeyFile.open(path)


def test_a_passphrase_opens_and_no_other(path: Path) -> None:
    plain = KeyFile.open(path)
    key = plain.key
    plain.replace(key, Lock.of(WORDS))
    assert key not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert needs_passphrase(path)
    assert KeyFile.open(path, WORDS).key == key
    for given, reason in ((None, "vault-locked"), (WORDS + " ", "passphrase-wrong"), ("", "passphrase-wrong")):
        with pytest.raises(Rejected) as refused:
            KeyFile.open(path, given)
        assert refused.value.reason == reason


def test_the_figures_are_those_of_rfc_9106() -> None:
    """Section 4, second recommended option: t=3, p=4, m=2**16 KiB, 128-bit salt, 256-bit tag."""
    assert (keyfile.PASSES, keyfile.LANES, keyfile.MEMORY_KIB) == (3, 4, 1 << 16)
    lock = Lock.of(WORDS)
    assert (len(lock.salt), len(lock.key)) == (16, 32)


def test_the_same_word_written_in_two_ways_is_the_same() -> None:
    salt = bytes(16)
    assert Lock.of("caf\u00e9 lima kata", salt).key == Lock.of("cafe\u0301 lima kata", salt).key


@pytest.mark.parametrize("change", [{"v": 2}, {"kdf": "md5"}, {"salt": "AAAA"}, {"key": "AAAA"}, {"key": 5}])
def test_a_damaged_lock_is_no_wrong_passphrase(path: Path, change: dict[str, object]) -> None:
    KeyFile.open(path).replace(bytes(32), Lock.of(WORDS))
    replace_file(path, json.dumps({**json.loads(path.read_bytes()), **change}).encode())
    with pytest.raises(DamagedData, match=r"vault\.key"):
        KeyFile.open(path, WORDS)


@pytest.mark.parametrize("short", ["", "kata", " " * 20, "elf zeichen"])
def test_what_protects_nothing_is_refused(short: str) -> None:
    with pytest.raises(UsageError, match="12 characters"):
        checked_passphrase(short)
