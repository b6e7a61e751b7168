"""Telephone numbers of people who wait, sealed: a small file each, with a key of its own."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from pathlib import Path

from kiosk.core.callbacks import Call
from kiosk.crypto.sealing import SealBroken, new_key, open_sealed, seal, unwrap_key, wrap_key
from kiosk.durable import replace_file, sync_directory
from kiosk.errors import DamagedData


class CallBook:
    """One directory, one station key. The file goes when the person was called, and its key with it."""

    def __init__(self, directory: Path, station_key: bytes) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._directory = directory
        self._key = station_key

    def put(self, number: str, call: Call) -> None:
        """Durable on return: two fsyncs. Writing a number again replaces it."""
        key = new_key()
        sealed = seal(key, json.dumps(asdict(call)).encode(), _aad(number))
        content = {"v": 1, "key": _text(wrap_key(self._key, key)), "call": _text(sealed)}
        replace_file(self._path(number), json.dumps(content).encode())

    def get(self, number: str) -> Call:
        """DamagedData if it is not here or can't be opened."""
        path = self._path(number)
        try:
            content = json.loads(path.read_bytes())
            key = unwrap_key(self._key, base64.b64decode(content["key"]))
            return Call(**json.loads(open_sealed(key, base64.b64decode(content["call"]), _aad(number))))
        except (SealBroken, OSError, LookupError, TypeError, ValueError) as exc:
            raise DamagedData(f"{path}: can't be opened ({exc})") from exc

    def keep_only(self, numbers: set[str]) -> None:
        """Delete every other entry, and what a power cut left half written. Durable on return."""
        kept = {self._path(number) for number in numbers}
        others = [path for path in self._directory.iterdir() if path not in kept]
        for path in others:
            path.unlink()
        if others:
            sync_directory(self._directory)

    def _path(self, number: str) -> Path:
        return self._directory / f"{number.replace('/', '_')}.call"


def _aad(number: str) -> bytes:
    return f"keping-call/1/{number}".encode()


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
