"""A parcel with whoever reads it, and what may have been done to its files on the way."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from kiosk.crypto import jose, keys
from kiosk.sync.carrying import Imported
from kiosk.sync.stick import CHUNK_BYTES, MANIFEST
from tests.sync.centre import payload_of
from tests.sync.trips import Trips


class Side:
    """One reader of sticks, with a good one before it. `parcel`: what lies on it for that reader."""

    def __init__(self, trips: Trips, kind: str) -> None:
        self.trips, self.kind = trips, kind
        self.root, _ = trips.export()
        if kind == "intake":
            trips.visit(self.root)
        self.parcel = trips.parcel(self.root, kind)
        self.first = self.parcel / "000001.jwe"
        self.signing = trips.station.key if kind == "journal" else trips.centre.keys.signing
        self.receiver = trips.station.pins.encryption if kind == "journal" else trips.station.encryption

    def read(self) -> list[str]:
        """The reasons of what was refused."""
        if self.kind == "journal":
            return [each.reason for each in self.trips.hub.take(self.root)]
        return [each.reason for each in self._taken().unused]

    def _taken(self) -> Imported:
        return self.trips.carrier.take(self.root)

    @property
    def untouched(self) -> bool:
        """Nothing of the parcel had an effect: no frame, no record."""
        return not (self.trips.held() if self.kind == "journal" else self.trips.sink.held)

    @property
    def claims(self) -> dict[str, Any]:
        return payload_of((self.parcel / MANIFEST).read_text())

    def sign(self, claims: dict[str, Any], key: keys.OKPKey | None = None, typ: str = jose.MANIFEST) -> None:
        (self.parcel / MANIFEST).write_text(jose.sign(claims, key or self.signing, typ))

    def exchange(self, content: bytes) -> None:
        """Another first chunk, listed rightly by whoever may sign."""
        self.first.write_bytes(content)
        chunk = [len(content), hashlib.sha256(content).hexdigest()]
        self.sign({**self.claims, "chunks": [chunk, *self.claims["chunks"][1:]]})


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-30] ^= 1
    path.write_bytes(content)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.truncate(CHUNK_BYTES * 64)


def to_link(path: Path) -> None:
    elsewhere = path.parent.parent / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def to_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def to_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()
