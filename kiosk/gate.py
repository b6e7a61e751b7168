"""What stands before a start: is there a station, and is its vault opened by the key file alone or a passphrase."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from kiosk.books import DataLock
from kiosk.control import ControlServer
from kiosk.crypto.keyfile import KeyFile, Lock, checked_passphrase, needs_passphrase
from kiosk.crypto.keyring import Keyring
from kiosk.errors import DamagedData, Rejected, UsageError
from kiosk.people import Named
from kiosk.vault import adopt_heads

UNLOCK = "vault.unlock"
"""The command of the control socket."""
WATCH_S = 0.2


def key_path(data: Path) -> Path:
    return data / "keys" / "vault.key"


def require_enrolled(data: Path) -> None:
    """UsageError where no station was begun; DamagedData where one was, and its journal is gone."""
    if (data / "journal").exists():
        return
    if (data / "sync" / "ack.json").exists() or any((data / "vault").glob("*.head")):
        raise DamagedData(f"{data}: the journal is gone but its traces are there; restore it before starting")
    raise UsageError(f"{data}: no station here yet; enrol it first (keping enrol)")


def open_keyring(data: Path, unlock: str, passphrase: str | None) -> Keyring:
    """Under the data lock. UsageError if the key is protected otherwise than the config says (`unlock`).

    So a key whose passphrase somebody took away is not used unnoticed. Else as `KeyFile.open` and `Keyring`.
    """
    locked = needs_passphrase(key_path(data))
    if locked != (unlock == "passphrase"):
        found = "needs a passphrase" if locked else "has no passphrase: keping vault passphrase"
        raise UsageError(f"vault.unlock is {unlock!r}, but the vault's key {found}")
    return _open(data, passphrase)


def set_passphrase(data: Path, old: str | None, new: str | None) -> None:
    """Keep the station's key under `new` from now on, None: under none. The key is another one afterwards.

    Takes the data lock: Unavailable while a station runs. UsageError if `new` is too short; Rejected if `old` is not
    the present one. A power cut leaves the old passphrase or the new one, never neither. Blocks for 0.3 s.
    """
    lock = Lock.of(checked_passphrase(new)) if new is not None else None
    held = DataLock(data)
    try:
        _open(data, old).lock(lock)
    finally:
        held.release()


def wait_for_passphrase(data: Path, stopping: threading.Event) -> str | None:
    """Hold DATA and its control socket until `UNLOCK` brings the right passphrase; None if `stopping` comes first.

    Nothing else is answered meanwhile: no device is opened, nothing printed, sent or taken in.
    """
    held = DataLock(data)
    try:
        if not needs_passphrase(key_path(data)):
            raise UsageError("vault.unlock is 'passphrase', but the vault's key has none: keping vault passphrase")
        gate = _Gate(data)
        try:
            while not (gate.opened.wait(WATCH_S) or stopping.is_set()):
                continue
        finally:
            gate.close()
    finally:
        held.release()
    return gate.passphrase


class _Gate:
    def __init__(self, data: Path) -> None:
        self.opened = threading.Event()
        self.passphrase: str | None = None
        self._data = data
        self._server = ControlServer(data, self._execute)

    def _execute(self, command: str, arguments: dict[str, Any], by: str, named: Named | None = None) -> None:
        if command != UNLOCK:
            raise Rejected("the vault is locked: keping vault unlock", "vault-locked")
        given = str(arguments.get("passphrase", ""))
        KeyFile.open(key_path(self._data), given)
        self.passphrase = given
        self.opened.set()

    def close(self) -> None:
        self._server.close()


def _open(data: Path, passphrase: str | None) -> Keyring:
    key_file = KeyFile.open(key_path(data), passphrase)
    station_key = key_file.key
    keyring = Keyring(data / "vault", key_file)
    adopt_heads(data / "vault", keyring, station_key)
    return keyring
