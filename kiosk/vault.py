"""Encrypted personal records, two keys each: identity for the audit term, biometrics until the card is handed over.

`<ref>.head` (small): the sealed identity. `<ref>.body` (large): the centre's whole signed record, sealed with the
biometrics key. `<ref>.<job>.receipt`: who took the card and how they signed, sealed with the identity key. The keys
are in the keyring; what has none is unreadable for ever, in every copy of it, and its files go after it.
Nothing of a record's content is in journal, log or view; there it is only `ref`.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kiosk.core.records import Fields, Record
from kiosk.crypto.keyring import DRAFT, FILE, Keyring
from kiosk.crypto.sealing import SealBroken, open_sealed, seal, unwrap_key
from kiosk.durable import make_directory, replace_file, replace_files, sync_directory
from kiosk.errors import DamagedData, Rejected

_REF = re.compile(r"[0-9a-f]{32}")
_IDENTITY, _BIOMETRICS = "/identity", "/biometrics"
"""What follows the reference in the name of a key."""


class Vault:
    """One directory. Thread-safe: each record is its own files, and the keyring has a lock."""

    def __init__(self, directory: Path, keyring: Keyring) -> None:
        """DamagedData if there are records and no keyring."""
        make_directory(directory)
        self._directory = directory
        self._keyring = keyring
        if keyring.is_new and not keyring.names() and any(directory.glob("*.head")):
            raise DamagedData(
                f"{directory / FILE} is gone, so no record here can be opened; empty the vault and fetch them again"
            )

    def put(self, record: Record, token: str) -> None:
        """As `put_all`, for one."""
        self.put_all([(record, token)])

    def put_all(self, records: Sequence[tuple[Record, str]]) -> None:
        """Store verified records and their signed forms, durable on return. Storing one again replaces it.

        Blocks for four fsyncs, and two a record. Keys first: no file is ever without one that may have to be opened.
        """
        for record, _ in records:
            self._path(record.ref, "head")
        self._keyring.add(record.ref + part for record, _ in records for part in (_IDENTITY, _BIOMETRICS))
        # A record is whole or has no head: the bodies are on the medium before any head is.
        replace_files([
            (self._path(record.ref, "body"), self._seal(record.ref, "body", _BIOMETRICS, token.encode()))
            for record, token in records
        ])  # fmt: skip
        replace_files([(self._path(record.ref, "head"), self._head(record)) for record, _ in records])

    def _head(self, record: Record) -> bytes:
        identity = json.dumps(asdict(record.fields), ensure_ascii=False).encode()
        head = {"v": 2, "identity": _text(self._seal(record.ref, "head", _IDENTITY, identity))}
        return json.dumps(head).encode()

    def token(self, ref: str) -> str:
        """The centre's signed record. Rejected if it is not here any more; DamagedData if it can't be opened."""
        return self._open(ref, "body", _BIOMETRICS).decode()

    def identity(self, ref: str) -> Fields:
        """The printed text alone. Rejected if it is not here any more; DamagedData if it can't be opened."""
        return Fields(**json.loads(self._open(ref, "head", _IDENTITY)))

    def put_receipt(self, ref: str, job: str, receipt: dict[str, Any]) -> None:
        """Keep who took the card of `job`, durable on return. Rejected if the record is not here."""
        part = f"{job}.receipt"
        replace_file(self._path(ref, part), self._seal(ref, part, _IDENTITY, json.dumps(receipt).encode()))

    def receipt(self, ref: str, job: str) -> dict[str, Any]:
        """The inverse of `put_receipt`."""
        found: dict[str, Any] = json.loads(self._open(ref, f"{job}.receipt", _IDENTITY))
        return found

    def with_identity(self) -> list[str]:
        """References of the records of which anything is here."""
        return self._refs(_IDENTITY)

    def with_biometrics(self) -> list[str]:
        """References of the records whose biometrics are here."""
        return self._refs(_BIOMETRICS)

    def has_biometrics(self, ref: str) -> bool:
        return self._keyring.get(ref + _BIOMETRICS) is not None and self._path(ref, "body").exists()

    def erase_biometrics(self, refs: Collection[str]) -> None:
        """Destroy photo, fingers, signature and the whole signed record; the identity stays. Durable on return.

        All keys in one write, then what they open: a power cut between the two leaves bytes that nothing opens, and
        `remove_leftovers` ends it. Idempotent. Six fsyncs, and 2 ms for each thousand records here; OSError if the
        medium refuses.
        """
        self._keyring.destroy(ref + _BIOMETRICS for ref in refs)
        for ref in refs:
            self._path(ref, "body").unlink(missing_ok=True)
        sync_directory(self._directory)

    def erase(self, refs: Collection[str]) -> None:
        """As `erase_biometrics`, of the whole record, the receipts of its cards too."""
        self._keyring.destroy(ref + part for ref in refs for part in (_IDENTITY, _BIOMETRICS))
        gone = set(refs)
        for path in self._files():
            if path.name.partition(".")[0] in gone:
                path.unlink()
        sync_directory(self._directory)

    def remove_leftovers(self) -> None:
        """Delete what a power cut left: files half written, or without a key. Before anything else writes here."""
        identities, biometrics = set(self.with_identity()), set(self.with_biometrics())
        for path in self._files():
            ref, _, part = path.name.partition(".")
            if ref not in (biometrics if part == "body" else identities):
                path.unlink()

    def _refs(self, part: str) -> list[str]:
        return [name.removesuffix(part) for name in self._keyring.names() if name.endswith(part)]

    def _files(self) -> Iterator[Path]:
        return (path for path in self._directory.iterdir() if path.name not in (FILE, DRAFT) and not path.is_dir())

    def _seal(self, ref: str, part: str, key_name: str, content: bytes) -> bytes:
        return seal(self._key(ref, key_name), content, self._aad(ref, part))

    def _key(self, ref: str, name: str) -> bytes:
        key = self._keyring.get(ref + name)
        if key is None:
            raise Rejected(f"record {ref} is not in the vault; fetch it again", "record-missing")
        return key

    def _open(self, ref: str, part: str, key_name: str) -> bytes:
        path = self._path(ref, part)
        key = self._key(ref, key_name)
        content = self._read(ref, part)
        try:
            sealed = base64.b64decode(json.loads(content)["identity"]) if part == "head" else content
            return open_sealed(key, sealed, self._aad(ref, part))
        except (SealBroken, LookupError, TypeError, ValueError) as exc:
            raise DamagedData(f"{path}: can't be opened ({exc}); release the record and fetch it again") from exc

    def _read(self, ref: str, part: str) -> bytes:
        path = self._path(ref, part)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise Rejected(f"record {ref} is not in the vault; fetch it again", "record-missing") from None
        except OSError as exc:
            raise DamagedData(f"{path}: can't be read ({exc.strerror})") from exc

    def _path(self, ref: str, part: str) -> Path:
        if not _REF.fullmatch(ref):
            raise Rejected("a reference is 32 hex digits", "record-missing")
        return self._directory / f"{ref}.{part}"

    @staticmethod
    def _aad(ref: str, part: str) -> bytes:
        return f"keping-vault/1/{ref}/{part}".encode()


def adopt_heads(directory: Path, keyring: Keyring, station_key: bytes) -> None:
    """Keys of release 0.1, which lay wrapped in the heads, go to the keyring; the station's key that opens them there
    is replaced. A head that can't be read is left to `Vault.identity` to tell of."""
    found: dict[str, bytes] = {}
    for path in directory.glob("*.head") if keyring.is_new else ():
        with suppress(SealBroken, LookupError, TypeError, ValueError):
            head = json.loads(path.read_bytes())
            for part in (_IDENTITY, _BIOMETRICS):
                if f"{part[1:]}_key" in head:
                    found[path.stem + part] = unwrap_key(station_key, base64.b64decode(head[f"{part[1:]}_key"]))
    if found:
        keyring.adopt(found)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
