"""Telephone numbers of people who wait, sealed: a small file each, with a key of its own in the vault's keyring."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from kiosk.core.callbacks import Call
from kiosk.crypto.keyring import Keyring
from kiosk.crypto.sealing import SealBroken, open_sealed, seal
from kiosk.durable import make_directory, replace_file, sync_directory
from kiosk.errors import DamagedData

_KEY = "call/"


class CallBook:
    """One directory. The key goes when the person was called, and the file after it."""

    def __init__(self, directory: Path, keyring: Keyring) -> None:
        make_directory(directory)
        self._directory = directory
        self._keyring = keyring

    def put(self, number: str, call: Call) -> None:
        """Durable on return: four fsyncs. Writing a number again replaces it."""
        self._keyring.add([_KEY + number])
        replace_file(self._path(number), seal(self._key(number), json.dumps(asdict(call)).encode(), _aad(number)))

    def get(self, number: str) -> Call:
        """DamagedData if it is not here or can't be opened."""
        path = self._path(number)
        try:
            return Call(**json.loads(open_sealed(self._key(number), path.read_bytes(), _aad(number))))
        except (SealBroken, OSError, LookupError, TypeError, ValueError) as exc:
            raise DamagedData(f"{path}: can't be opened ({exc})") from exc

    def keep_only(self, numbers: set[str]) -> None:
        """Destroy every other entry, and what a power cut left half written. Durable on return."""
        kept = {_KEY + number for number in numbers}
        self._keyring.destroy(name for name in self._keyring.names() if name.startswith(_KEY) and name not in kept)
        paths = {self._path(number) for number in numbers}
        others = [path for path in self._directory.iterdir() if path not in paths]
        for path in others:
            path.unlink()
        if others:
            sync_directory(self._directory)

    def _key(self, number: str) -> bytes:
        key = self._keyring.get(_KEY + number)
        if key is None:
            raise LookupError("its key is destroyed")
        return key

    def _path(self, number: str) -> Path:
        return self._directory / f"{number.replace('/', '_')}.call"


def _aad(number: str) -> bytes:
    return f"keping-call/1/{number}".encode()
