"""A parcel: what travels on a stick, in one directory with a signed list of what is in it.

    keping-<station>-<kind>-<id>/    kind: `journal` (to the centre), `intake` (to the station); id: 16 hex digits
        000001.jwe ...               chunks, sealed for the receiver, of at most 1 MiB
        manifest.jws                 written last: a directory without it was never finished

The manifest lists size and SHA-256 of each chunk in order and no name: which file is chunk n is said here alone, so
that nothing on a stick can name a file elsewhere.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from kiosk.crypto import jose, jwe
from kiosk.crypto.jose import SignatureError
from kiosk.crypto.keys import OKPKey
from kiosk.crypto.sealing import SealBroken
from kiosk.errors import Rejected, Unavailable
from kiosk.sync.stream import CURSOR

CHUNK_BYTES = MANIFEST_BYTES = 1 << 20
CONTENT_BYTES = jwe.MOST_BYTES
"""Of a chunk before it is sealed."""
LINE_BYTES = 4 << 20
"""More than the longest line that goes over the link."""
MOST_CHUNKS, MOST_PARCELS = 4096, 256
MANIFEST = "manifest.jws"
VERSION = 1
_NAME = re.compile(r"keping-(?P<station>[a-z0-9][a-z0-9-]{0,62})-(?P<kind>journal|intake)-(?P<id>[0-9a-f]{16})")
_NO_LINK = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Kind(StrEnum):
    JOURNAL = "journal"
    INTAKE = "intake"


_TOLD: Mapping[Kind, Mapping[str, type]] = {
    Kind.JOURNAL: {"after": int, "through": int, "checkpoint": str, "cursor": str, "room": int, "centre": str},
    Kind.INTAKE: {"receipt": str, "after": str, "announcements": list},
}
"""What a manifest tells beside the list, and of which type it is."""


class Reason(StrEnum):
    """Why a stick or a parcel on it is not used."""

    NOTHING = "nothing-here"
    FULL = "stick-full"
    UNFINISHED = "unfinished"
    LINK = "not-a-file"
    MANIFEST = "manifest"
    MISSING = "chunk-missing"
    SIZE = "chunk-size"
    ALTERED = "chunk-altered"
    SEALED = "chunk-sealed"
    CONTENT = "chunk-content"
    RECEIPT = "receipt"
    GAP = "gap"
    ROOM = "no-room"


class StickRefused(Rejected):
    """What lies there is not used; `reason` says why. Nothing of the part that is refused had an effect."""

    def __init__(self, message: str, reason: Reason) -> None:
        super().__init__(message, reason)


class StickGone(Unavailable):
    """The stick was pulled, or can't be read or written. Nothing is lost: repeat it."""


@dataclass(frozen=True)
class Manifest:
    """Believed. `told`: as _TOLD has it for the kind; `chunks`: bytes and SHA-256 of each."""

    station: str
    kind: Kind
    ident: str
    made_ms: int
    told: Mapping[str, Any]
    chunks: Sequence[tuple[int, str]]


@contextmanager
def on_medium(root: Path) -> Iterator[None]:
    """An error of the medium is the stick's, in one line."""
    try:
        yield
    except OSError as exc:
        if exc.errno in _FULL:
            raise StickRefused(f"{root} is full: delete something on it, or take another stick", Reason.FULL) from exc
        why = exc.strerror or exc
        raise StickGone(f"{root}: {why}; nothing is lost: put the stick in again and repeat it") from exc


def chunk_name(number: int) -> str:
    return f"{number:06d}.jwe"


def listed(root: Path) -> list[str]:
    """Names of the parcels in `root`. FileNotFoundError, NotADirectoryError and other OSErrors as they come."""
    return sorted(path.name for path in root.iterdir() if _NAME.fullmatch(path.name))[:MOST_PARCELS]


@dataclass(frozen=True)
class Parcel:
    """One parcel by its name, unread."""

    root: Path
    name: str

    @property
    def station(self) -> str:
        """What the name claims: only to know whose keys the manifest must be signed with."""
        return self._said["station"]

    @property
    def kind(self) -> Kind:
        return Kind(self._said["kind"])

    @property
    def _said(self) -> dict[str, str]:
        found = _NAME.fullmatch(self.name)
        assert found is not None
        return found.groupdict()

    def manifest(self, keys: Iterable[OKPKey]) -> Manifest:
        """StickRefused unless one of `keys` signed it, for this very name. Reads at most 1 MiB."""
        content = self._read(MANIFEST, MANIFEST_BYTES, None)
        if content is None:
            raise StickRefused(
                f"{self.name} was never finished, the stick was pulled too early: export once more", Reason.UNFINISHED
            )
        try:
            claims = jose.verify(content.decode("ascii"), keys, jose.MANIFEST)
        except (SignatureError, UnicodeDecodeError) as exc:
            raise StickRefused(f"{self.name}: the manifest can't be trusted: {exc}", Reason.MANIFEST) from exc
        manifest = _parse(claims)
        if manifest is None or (manifest.station, manifest.kind, manifest.ident) != tuple(self._said.values()):
            raise StickRefused(f"{self.name}: the manifest is not of this parcel", Reason.MANIFEST)
        return manifest

    @property
    def announcements(self) -> list[str]:
        """What the manifest tells of other keys of the centre's, unread: each is believed for its own signature."""
        content = self._read(MANIFEST, MANIFEST_BYTES, None) or b""
        told = jose.claims_of(content.decode("ascii", "replace")).get("announcements")
        return [str(each) for each in told] if isinstance(told, list) else []

    def content(self, manifest: Manifest, number: int, own: Iterable[OKPKey]) -> bytes:
        """What chunk `number` (from 1) holds. Size and digest are checked before it is opened. StickRefused."""
        name, (size, digest) = chunk_name(number), manifest.chunks[number - 1]
        sealed = self._read(name, CHUNK_BYTES, size)
        if sealed is None:
            raise StickRefused(f"{self.name}: {name} is missing: export once more", Reason.MISSING)
        if hashlib.sha256(sealed).hexdigest() != digest:
            raise StickRefused(f"{self.name}: {name} is not what the manifest lists", Reason.ALTERED)
        try:
            return jwe.unseal(sealed, own, jwe.CHUNK)
        except SealBroken as exc:
            raise StickRefused(f"{self.name}: {name} can't be opened: {exc}", Reason.SEALED) from exc

    def lines(self, manifest: Manifest, own: Sequence[OKPKey], first: int = 1) -> Iterator[tuple[int, list[bytes]]]:
        """Whole lines, some hundred KB at a time, and the chunk with which they begin; from chunk `first` on.

        StickRefused at the chunk that can't be used: the lines of those before it were given.
        """
        begun, rest = first, b""
        for number in range(first, len(manifest.chunks) + 1):
            rest += self.content(manifest, number, own)
            if len(rest) > LINE_BYTES:
                raise StickRefused(f"{self.name}: a line has no end", Reason.CONTENT)
            if rest.endswith(b"\n"):
                yield begun, rest.splitlines(keepends=True)
                begun, rest = number + 1, b""
        if rest:
            raise StickRefused(f"{self.name}: the last line has no end", Reason.CONTENT)

    def _read(self, name: str, most: int, size: int | None) -> bytes | None:
        """The plain file of that name and nothing that it could point to; None if there is none."""
        with on_medium(self.root):
            try:
                directory = os.open(self.root / self.name, _NO_LINK | os.O_DIRECTORY)
            except NotADirectoryError as exc:  # a link to one, too
                raise StickRefused(f"{self.name} is not a directory", Reason.LINK) from exc
            try:
                descriptor = os.open(name, _NO_LINK, dir_fd=directory)
            except FileNotFoundError:
                return None
            except OSError as exc:
                if exc.errno not in (errno.ELOOP, errno.ENXIO):
                    raise
                raise StickRefused(f"{self.name}: {name} is not a file", Reason.LINK) from exc
            finally:
                os.close(directory)
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                os.close(descriptor)
                raise StickRefused(f"{self.name}: {name} is not a file", Reason.LINK)
            with os.fdopen(descriptor, "rb") as file:
                if found.st_size > most or (size is not None and found.st_size != size):
                    raise StickRefused(f"{self.name}: {name} has {found.st_size} bytes", Reason.SIZE)
                return file.read(found.st_size)


def parcels(root: Path, kind: Kind) -> list[Parcel]:
    """Those of one kind. StickGone if the directory is not there."""
    with on_medium(root):
        found = [Parcel(root, name) for name in listed(root)]
    return [parcel for parcel in found if parcel.kind is kind]


def _parse(claims: Mapping[str, Any]) -> Manifest | None:
    """None unless it is exactly of the shape."""
    shape = {"v": int, "station": str, "kind": str, "id": str, "made_ms": int, "chunks": list}
    kind = next((each for each in Kind if each == claims.get("kind")), None)
    if kind is None or claims.keys() != {*shape, *_TOLD[kind]}:
        return None
    if any(type(claims[name]) is not wanted for name, wanted in {**shape, **_TOLD[kind]}.items()):
        return None
    cursor = claims["cursor" if kind is Kind.JOURNAL else "after"]
    if cursor and not CURSOR.fullmatch(cursor):
        return None
    chunks = claims["chunks"]
    if claims["v"] != VERSION or len(chunks) > MOST_CHUNKS or not all(map(_is_chunk, chunks)):
        return None
    told = {name: claims[name] for name in _TOLD[kind]}
    return Manifest(
        claims["station"], kind, claims["id"], claims["made_ms"], told, [(size, digest) for size, digest in chunks]
    )


def _is_chunk(item: object) -> bool:
    if not isinstance(item, list) or len(item) != 2:
        return False
    size, digest = item
    return type(size) is int and 0 < size <= CHUNK_BYTES and isinstance(digest, str)
