"""Encrypted personal records, two keys each: identity for the audit term, biometrics until the card is handed over.

`<ref>.head` (small): wrapped keys and the sealed identity. `<ref>.body` (large): the centre's whole signed record,
sealed with the biometrics key. `<ref>.<job>.receipt`: who took the card and how they signed, sealed with the identity
key. Destroying a wrapped key destroys what it opens, in every copy of the file.
Nothing of a record's content is in journal, log or view; there it is only `ref`.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kiosk.core.records import Fields, Record
from kiosk.crypto.sealing import SealBroken, new_key, open_sealed, seal, unwrap_key, wrap_key
from kiosk.durable import replace_file, sync_directory
from kiosk.errors import DamagedData, Rejected

_REF = re.compile(r"[0-9a-f]{32}")


class Vault:
    """One directory, one station key (32 bytes, file 0600). Thread-safe: each record is its own two files."""

    def __init__(self, directory: Path, station_key: bytes) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._directory = directory
        self._key = station_key

    def put(self, record: Record, token: str) -> None:
        """Store a verified record and its signed form, durable on return. Storing it again replaces it.

        Blocks for four fsyncs: body first, so that a head never names a body that is not there.
        """
        identity_key, biometrics_key = new_key(), new_key()
        body = seal(biometrics_key, token.encode(), self._aad(record.ref, "body"))
        replace_file(self._path(record.ref, "body"), body)
        identity = json.dumps(asdict(record.fields), ensure_ascii=False).encode()
        head = {
            "v": 1,
            "identity_key": _text(wrap_key(self._key, identity_key)),
            "biometrics_key": _text(wrap_key(self._key, biometrics_key)),
            "identity": _text(seal(identity_key, identity, self._aad(record.ref, "head"))),
        }
        replace_file(self._path(record.ref, "head"), json.dumps(head).encode())

    def token(self, ref: str) -> str:
        """The centre's signed record. Rejected if it is not here any more; DamagedData if it can't be opened."""
        return self._open(ref, "body", "biometrics_key").decode()

    def identity(self, ref: str) -> Fields:
        """The printed text alone. Rejected if it is not here any more; DamagedData if it can't be opened."""
        return Fields(**json.loads(self._open(ref, "head", "identity_key")))

    def put_receipt(self, ref: str, job: str, receipt: dict[str, Any]) -> None:
        """Keep who took the card of `job`, durable on return. Rejected or DamagedData if the record is not here."""
        key = self._open_key(json.loads(self._read(ref, "head")), "identity_key")
        part = f"{job}.receipt"
        replace_file(self._path(ref, part), seal(key, json.dumps(receipt).encode(), self._aad(ref, part)))

    def receipt(self, ref: str, job: str) -> dict[str, Any]:
        """The inverse of `put_receipt`."""
        found: dict[str, Any] = json.loads(self._open(ref, f"{job}.receipt", "identity_key"))
        return found

    def with_body(self) -> list[str]:
        """References of the records whose biometrics are here, or are half destroyed."""
        return [path.stem for path in self._directory.glob("*.body") if not path.name.startswith(".")]

    def has_biometrics(self, ref: str) -> bool:
        return self._path(ref, "body").exists() and "biometrics_key" in json.loads(self._read(ref, "head"))

    def erase_biometrics(self, ref: str) -> None:
        """Destroy photo, fingers, signature and the whole signed record; the identity stays. Durable on return.

        The key first, then what it opens: a power cut between the two leaves bytes that nothing opens, and doing it
        again ends it. Idempotent. Blocks for three fsyncs; OSError if the medium refuses. A medium that wears blocks
        evenly may still hold the old head, and whoever takes it apart and has the station key could open that.
        """
        head = json.loads(self._read(ref, "head"))
        if head.pop("biometrics_key", None):
            replace_file(self._path(ref, "head"), json.dumps(head).encode())
        self._path(ref, "body").unlink(missing_ok=True)
        sync_directory(self._directory)

    def remove_drafts(self) -> None:
        """Delete what a power cut left of files half written; only before anything else writes here."""
        for draft in self._directory.glob(".*"):
            draft.unlink()

    def _open_key(self, head: dict[str, Any], name: str) -> bytes:
        return unwrap_key(self._key, base64.b64decode(head[name]))

    def _open(self, ref: str, part: str, key_name: str) -> bytes:
        try:
            head = json.loads(self._read(ref, "head"))
            sealed = base64.b64decode(head["identity"]) if part == "head" else self._read(ref, part)
            return open_sealed(self._open_key(head, key_name), sealed, self._aad(ref, part))
        except (SealBroken, LookupError, TypeError, ValueError) as exc:
            path = self._path(ref, part)
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


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
