"""Write a parcel on a stick, so that one that is pulled meanwhile holds no parcel and says so."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.crypto import jose, jwe
from kiosk.crypto.keys import OKPKey
from kiosk.durable import make_directory, replace_file, sync_directory
from kiosk.sync.stick import (
    CONTENT_BYTES,
    MANIFEST,
    MOST_CHUNKS,
    VERSION,
    Kind,
    Reason,
    StickRefused,
    chunk_name,
    listed,
    on_medium,
)

_FILE = re.compile(r"[0-9]{6}\.jwe|manifest\.jws|\.([0-9]{6}\.jwe|manifest\.jws)\.[0-9a-f]{8}")

Progress = Callable[[int, int], None]
"""Chunks done, and how many there are."""


@dataclass(frozen=True)
class Sender:
    """Whose parcel: the station that it is of or for, who signs, and for whom it is sealed."""

    station: str
    signing: OKPKey
    receiver: OKPKey


@dataclass(frozen=True)
class Written:
    """`size`: bytes of all chunks and the manifest."""

    name: str
    chunks: int
    size: int


def packed(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines, as many as a chunk holds. One that is longer than that goes on in the next chunk, alone."""
    block: list[bytes] = []
    size = 0
    for line in lines:
        if block and size + len(line) > CONTENT_BYTES:
            yield b"".join(block)
            block, size = [], 0
        while len(line) > CONTENT_BYTES:
            yield line[:CONTENT_BYTES]
            line = line[CONTENT_BYTES:]  # noqa: PLW2901
        block.append(line)
        size += len(line)
    if block:
        yield b"".join(block)


def write(
    root: Path, kind: Kind, sender: Sender, told: Mapping[str, Any], made_ms: int,
    contents: Callable[[], Iterable[bytes]], progress: Progress = lambda done, of: None,
) -> Written:  # fmt: skip
    """Write one parcel into `root`, which is there. Older ones of the kind and station go: it holds theirs.

    `contents` is gone through twice: for the room that it takes, then for good; one chunk is in memory at a time.
    Durable on return, and the stick may be pulled. StickRefused `stick-full` before anything is written, StickGone.
    """
    sizes = [jwe.sealed_bytes(len(content)) for content in contents()]
    with on_medium(root):
        older = _make_room(root, f"keping-{sender.station}-{kind}-", sizes)
        directory = root / f"keping-{sender.station}-{kind}-{secrets.token_hex(8)}"
        make_directory(directory)
    chunks: list[tuple[int, str]] = []
    progress(0, len(sizes))
    for number, content in enumerate(contents(), start=1):
        sealed = jwe.seal_to(content, sender.receiver, jwe.CHUNK)
        with on_medium(root):
            replace_file(directory / chunk_name(number), sealed)
        chunks.append((len(sealed), hashlib.sha256(sealed).hexdigest()))
        progress(number, max(len(sizes), number))
    claims = {
        "v": VERSION, "station": sender.station, "kind": kind, "id": directory.name[-16:], "made_ms": made_ms,
        **told, "chunks": chunks,
    }  # fmt: skip
    token = jose.sign(claims, sender.signing, jose.MANIFEST).encode()
    with on_medium(root):
        replace_file(directory / MANIFEST, token)
        for parcel in older:
            _remove(parcel)
        sync_directory(root)
    return Written(directory.name, len(chunks), sum(size for size, _ in chunks) + len(token))


def _make_room(root: Path, prefix: str, sizes: Sequence[int]) -> list[Path]:
    """Away with what was never finished. Returns what was, and is held by the new one."""
    same = [root / name for name in listed(root) if name.startswith(prefix)]
    older = [parcel for parcel in same if (parcel / MANIFEST).exists()]
    for parcel in same:
        if parcel not in older:
            _remove(parcel)
    _check_room(root, sizes)
    return older


def _check_room(root: Path, sizes: Sequence[int]) -> None:
    found = os.statvfs(root)
    block = found.f_frsize or 4096
    files = (*sizes, 16384 + 80 * len(sizes))
    needed = sum(-(-size // block) * block for size in files) + 4 * block
    free = found.f_bavail * block
    if len(sizes) > MOST_CHUNKS:
        raise StickRefused(f"{len(sizes)} chunks are more than a parcel holds, {MOST_CHUNKS}", Reason.FULL)
    if needed > free:
        said = f"{-(-needed // 10**6)} MB are needed, {free // 10**6} MB are free"
        lacking = f"{-(-(needed - free) // 10**6)} MB are lacking"
        raise StickRefused(f"{root}: {lacking} ({said}): delete something on it, or take another stick", Reason.FULL)


def _remove(directory: Path) -> None:
    """A parcel's own files, then the directory if that was all. The manifest first: what is left is unfinished."""
    if directory.is_symlink():
        return
    for path in sorted(directory.iterdir(), key=lambda path: path.name != MANIFEST):
        if _FILE.fullmatch(path.name):
            path.unlink()
    with suppress(OSError):
        directory.rmdir()
