"""The keys of everything in the vault, in one small file that is sealed with the station's key.

A key is destroyed by writing the file without it *under a new station key*: neither an older copy of this file with
today's key, nor today's file with an older key opens anything (docs/adr/0011-a-keyring-that-is-replaced.md).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

from kiosk.crypto.keyfile import KeyFile, Lock
from kiosk.crypto.sealing import KEY_BYTES, SealBroken, new_key, open_sealed, seal
from kiosk.durable import make_directory, replace_file, sync_directory
from kiosk.errors import DamagedData

FILE, DRAFT = "keyring", "keyring.next"
_AAD = b"keping-keyring/1"


class Keyring:
    """`directory` holds it. Thread-safe; reading waits for nobody. One process, under the data lock."""

    def __init__(self, directory: Path, key_file: KeyFile) -> None:
        """Ends what a power cut interrupted. DamagedData if the station's key does not open the file."""
        make_directory(directory)
        self._path = directory / FILE
        self._draft = directory / DRAFT
        self._file = key_file
        self._turn = threading.Lock()
        self._stuck = False
        self.is_new = not (self._path.exists() or self._draft.exists())
        self._keys = self._load()

    def get(self, name: str) -> bytes | None:
        """None if it never was or is destroyed."""
        return self._keys.get(name)

    def names(self) -> list[str]:
        return list(self._keys)

    def add(self, names: Iterable[str]) -> None:
        """Make a key for each name that has none. Durable on return: two fsyncs, 75 bytes a key in the file."""
        with self._turn:
            fresh = {name: new_key() for name in names if name not in self._keys}
            if fresh:
                self._check()
                keys = {**self._keys, **fresh}
                replace_file(self._path, _sealed(self._file.key, keys))
                self._keys = keys

    def destroy(self, names: Iterable[str]) -> None:
        """Destroy these keys, if they are here, and with them what they open. Durable on return: five fsyncs.

        OSError if the medium refuses: then all of them are still here, or after a restart none.
        """
        gone = set(names)
        with self._turn:
            keys = {name: key for name, key in self._keys.items() if name not in gone}
            if len(keys) < len(self._keys):
                self._rotate(keys, self._file.lock)

    def adopt(self, keys: Mapping[str, bytes]) -> None:
        """Take over keys that lay elsewhere, wrapped by the station's key as it is now and never again."""
        with self._turn:
            self._rotate({**self._keys, **keys}, self._file.lock)

    def lock(self, lock: Lock | None) -> None:
        """From now on the station's key is kept under this passphrase, None without one. It is a new key as well:
        the present one may have been read under the old terms."""
        with self._turn:
            self._rotate(self._keys, lock)

    def _rotate(self, keys: dict[str, bytes], lock: Lock | None) -> None:
        """The draft under the new key, then the new key, which makes the draft the keyring; then its name."""
        self._check()
        key = new_key()
        replace_file(self._draft, _sealed(key, keys))
        try:
            self._file.replace(key, lock)
            self._draft.replace(self._path)
            sync_directory(self._path.parent)
        except OSError:
            # With the new key in its place, but perhaps only until the power goes, either file may be needed.
            self._stuck = self._file.key == key
            raise
        self._keys = keys

    def _check(self) -> None:
        if self._stuck:
            raise OSError("the station's key could not be replaced safely; restart the station")

    def _load(self) -> dict[str, bytes]:
        for path in (self._path, self._draft):
            keys = self._open(path)
            if keys is None:
                continue
            if path == self._draft:
                sync_directory(self._file.path.parent)
                self._draft.replace(self._path)
            self._draft.unlink(missing_ok=True)
            sync_directory(self._path.parent)
            for left in self._file.path.parent.glob(f".{self._file.path.name}.*"):
                left.unlink()
            return keys
        if self._path.exists():
            raise DamagedData(
                f"{self._path}: {self._file.path} does not open it, so nothing in the vault can be read; "
                "put the right key back, or empty the vault and fetch the records again"
            )
        return {}

    def _open(self, path: Path) -> dict[str, bytes] | None:
        try:
            names, _, keys = open_sealed(self._file.key, path.read_bytes(), _AAD).partition(b"\0")
        except (FileNotFoundError, SealBroken):
            return None
        return {
            name: keys[at * KEY_BYTES : (at + 1) * KEY_BYTES]
            for at, name in enumerate(names.decode().split("\n")) if name
        }  # fmt: skip


def _sealed(key: bytes, keys: Mapping[str, bytes]) -> bytes:
    """The names in lines, a zero byte, the keys: as JSON it would take ten times as long."""
    return seal(key, "\n".join(keys).encode() + b"\0" + b"".join(keys.values()), _AAD)
