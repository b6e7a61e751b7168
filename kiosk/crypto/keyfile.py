"""The station's key, which opens the keyring of the vault: DATA/keys/vault.key, mode 0600.

Either the 32 bytes as they are, or wrapped (RFC 3394) by a key that Argon2id makes of a passphrase (RFC 9106). The
parameters are those of RFC 9106, section 4, second choice: 64 MiB, 3 passes, 4 lanes; about 0.1 s on purpose.
"""

from __future__ import annotations

import base64
import json
import secrets
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from argon2.low_level import Type, hash_secret_raw

from kiosk.crypto.keys import read_private
from kiosk.crypto.sealing import KEY_BYTES, SealBroken, new_key, unwrap_key, wrap_key
from kiosk.durable import replace_file
from kiosk.errors import DamagedData, Rejected, UsageError

SHORTEST = 12
"""Characters of a passphrase: it is tried offline by whoever has the file, unlike a PIN."""
PASSES, MEMORY_KIB, LANES = 3, 65536, 4
_SALT_BYTES = 16


@dataclass(frozen=True)
class Lock:
    """What a passphrase was made into. `key` is kept in memory, for the key file is written anew at each erasure."""

    salt: bytes
    key: bytes = field(repr=False)

    @classmethod
    def of(cls, passphrase: str, salt: bytes | None = None) -> Lock:
        """Blocks for about 0.1 s."""
        salt = salt or secrets.token_bytes(_SALT_BYTES)
        typed = unicodedata.normalize("NFC", passphrase).encode()
        return cls(salt, hash_secret_raw(typed, salt, PASSES, MEMORY_KIB, LANES, KEY_BYTES, Type.ID))


def checked_passphrase(passphrase: str) -> str:
    """UsageError if it is too short to protect anything."""
    if len(passphrase.strip()) < SHORTEST:
        raise UsageError(f"passphrase: at least {SHORTEST} characters, better five words")
    return passphrase


class KeyFile:
    """The opened file. `lock`: None if it needs no passphrase. Not thread-safe: the keyring's lock covers it."""

    def __init__(self, path: Path, key: bytes, lock: Lock | None) -> None:
        self.path = path
        self.key = key
        self.lock = lock

    @classmethod
    def create(cls, path: Path) -> KeyFile:
        """A new key that needs no passphrase, durable on return. OSError if the medium refuses."""
        made = cls(path, new_key(), None)
        replace_file(path, made.key)
        return made

    @classmethod
    def open(cls, path: Path, passphrase: str | None = None) -> KeyFile:
        """UsageError if it is not there or others can read it; DamagedData if it is no key.

        Rejected `vault-locked` if it needs a passphrase and none is given, `passphrase-wrong` if another one.
        """
        content = read_private(path)
        if len(content) == KEY_BYTES:
            return cls(path, content, None)
        salt, wrapped = _parts(path, content)
        if passphrase is None:
            raise Rejected("the vault is locked: `keping run`, then `keping vault unlock`", "vault-locked")
        lock = Lock.of(passphrase, salt)
        try:
            return cls(path, unwrap_key(lock.key, wrapped), lock)
        except SealBroken:
            raise Rejected("that is not the passphrase of this vault", "passphrase-wrong") from None

    def replace(self, key: bytes, lock: Lock | None) -> None:
        """Put another key in its place; the present one is gone. Two fsyncs.

        OSError if the medium refuses: then `key` says which of the two the file holds.
        """
        content = key if lock is None else _locked(key, lock)
        try:
            replace_file(self.path, content)
        finally:
            if self.path.read_bytes() == content:
                self.key, self.lock = key, lock


def needs_passphrase(path: Path) -> bool:
    """Whether the file is locked; errors as `KeyFile.open`."""
    content = read_private(path)
    return len(content) != KEY_BYTES and bool(_parts(path, content))


def _locked(key: bytes, lock: Lock) -> bytes:
    content = {"v": 1, "kdf": "argon2id", "salt": _text(lock.salt), "key": _text(wrap_key(lock.key, key))}
    return json.dumps(content).encode() + b"\n"


def _parts(path: Path, content: bytes) -> tuple[bytes, bytes]:
    """Salt and wrapped key."""
    try:
        held = json.loads(content)
        if (held["v"], held["kdf"]) != (1, "argon2id"):
            raise ValueError("of a newer release")
        salt, wrapped = base64.b64decode(held["salt"], validate=True), base64.b64decode(held["key"], validate=True)
    except (ValueError, TypeError, LookupError) as exc:
        raise DamagedData(
            f"{path}: {len(content)} bytes are no key of {KEY_BYTES} and no locked one ({exc})"
        ) from exc
    if (len(salt), len(wrapped)) != (_SALT_BYTES, KEY_BYTES + 8):
        raise DamagedData(f"{path}: a locked key with parts of the wrong length")
    return salt, wrapped


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
