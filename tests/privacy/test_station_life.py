"""Nobody can be read out of what a station writes, nor out of what is left when it was erased."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.errors import KepingError
from kiosk.gate import open_keyring
from kiosk.vault import Vault
from tests.privacy.life import Town, secrets
from tests.privacy.search import Needles, search, search_bytes

FEW, MANY = 6, 50


@pytest.fixture(params=[FEW, pytest.param(MANY, marks=pytest.mark.long)])
def town(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    place = Town(tmp_path, request.param)
    yield place
    place.close()


def test_nothing_readable_is_left_of_anybody(town: Town) -> None:
    refs = town.live()
    town.restart()  # at its end a station sends what was written last
    needles = Needles(secrets(town.residents))
    for folder in (town.data, town.directory / "temporary"):
        found, _ = search(folder, needles)
        assert found == []
    outside = {
        "log": (town.directory / "log").read_bytes(), "centre": town.centre_holds(),
        "environment": Path("/proc/self/environ").read_bytes(), "arguments": Path("/proc/self/cmdline").read_bytes(),
    }  # fmt: skip
    for name, content in outside.items():
        assert list(search_bytes(name, content, needles)) == []
    assert b"Traceback" in outside["log"]
    assert b"handed-over" in outside["centre"]
    assert (town.data / "snapshot.json").exists()
    # The same search finds them where they are: in the vault, opened. The second card was never handed over.
    opened = town.station.vault.token(refs[1]).encode()
    assert {found.what.split()[1] for found in search_bytes("opened", opened, needles)} >= {"nik", "name", "photo"}


def test_neither_today_nor_yesterdays_copy_gives_back_what_was_erased(town: Town) -> None:
    refs = town.take_in(town.residents[:FEW])
    yesterday = town.directory / "yesterday"
    town.station.callbacks.add("op:maria", town.residents[0].fields.nik, "081299887766", "other")
    # Without the drafts of files that the running station is just replacing: they are gone before they are copied.
    shutil.copytree(town.data, yesterday, ignore=shutil.ignore_patterns("control.sock", ".*"))
    erased, kept = refs[:-1], refs[-1]
    town.station.vault.erase_biometrics(erased[:2])
    town.station.vault.erase(erased[2:])
    town.station.callbacks.close("op:maria", town.station.callbacks.waiting()[0].number)

    today = {"keyring": town.data / "vault" / "keyring", "key": town.data / "keys" / "vault.key"}
    old = {"keyring": yesterday / "vault" / "keyring", "key": yesterday / "keys" / "vault.key"}
    for keyring, key in ((old, today), (today, old), (today, today)):
        copy = town.directory / "copy"
        shutil.copytree(yesterday, copy)
        shutil.copy(keyring["keyring"], copy / "vault" / "keyring")
        shutil.copy(key["key"], copy / "keys" / "vault.key")
        read = opened(copy, refs)
        assert not read & {(ref, "token") for ref in erased}
        assert not read & {(ref, "identity") for ref in erased[2:]}
        assert ((kept, "token") in read) == (keyring is key)
        shutil.rmtree(copy)
    # Who copied the key as well has everything: no software on this disk can help, and the page says so.
    assert len(opened(yesterday, refs)) == 2 * len(refs)


def opened(data: Path, refs: list[str]) -> set[tuple[str, str]]:
    """What can be read there with the key that lies there, file by file."""
    found: set[tuple[str, str]] = set()
    try:
        vault = Vault(data / "vault", open_keyring(data, "file", None))
    except KepingError:
        return found
    for ref in refs:
        for name, read in (("token", vault.token), ("identity", vault.identity)):
            try:
                read(ref)
            except KepingError:
                continue
            found.add((ref, name))
    return found
