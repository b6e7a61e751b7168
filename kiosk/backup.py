"""One consistent copy of what a station can't do without, made while it runs: a directory, or one zip file.

In it, as in the mirror: every journal, and the checkpoints. Besides: the centre's newest receipt, the centre's public
keys, who worked here (no PINs, which six digits long are soon searched through), the config. Not in it, and why:
the vault and its key, so that no copy of yesterday undoes an erasure (docs/adr/0011-a-keyring-that-is-replaced.md):
the centre gives the records again; the station's own keys, so that who finds a backup can't speak as the station: a
restored one is enrolled anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import time
import zipfile
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk import lineage
from kiosk.books import CHECKPOINTS, replay
from kiosk.core.frames import Frame
from kiosk.durable import sync_directory
from kiosk.errors import DamagedData, UsageError
from kiosk.journal import checkpoints, held_against, signers
from kiosk.journal.segments import list_segments, read_live

MANIFEST = "manifest.json"
RECEIPT, PINS, PEOPLE, CONFIG = "sync/ack.json", "keys/hub.json", "keys/people.json", "config.yaml"
_NAME = re.compile(
    r"journal-[0-9a-f]{16}/seg-\d{12}\.jsonl|checkpoints/[0-9a-f]{16}/(\d{12}\.json|keys\.jsonl)"
    r"|sync/ack\.json|keys/(hub|people)\.json|config\.yaml"
)


_KEYS = {"v", "station", "incarnation", "made_ms", "files"}
_UNREADABLE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, LookupError, RuntimeError)
"""What zipfile raises over a file that was damaged: what it can't unpack is a RuntimeError to it."""


@dataclass(frozen=True)
class Summary:
    """Where the newest journal of a copy ends, and what the copy holds. `made_ms`: Unix, 0 for a mirror."""

    station: str
    incarnation: str
    seq: int
    head: str
    last_ms: int
    made_ms: int
    journals: int
    checkpoints: int
    bytes: int


def make(data: Path, target: Path, config: Path | None) -> Summary:
    """Copy DATA to `target`: a zip if it is called so, else a directory. Neither may be there yet.

    Durable on return, and under its name only when it is whole. Beside a running station, without a lock. OSError if
    the medium refuses, DamagedData if the journal is not one that could be restored.
    """
    if target.exists():
        raise UsageError(f"{target}: is there already; give a name of its own to each backup")
    lineage.current(data)
    draft = target.with_name(f".{target.name}.draft")
    packed = target.with_name(f".{target.name}.packed")
    _remove(draft)
    try:
        draft.mkdir(parents=True, mode=0o700)
        _fill(draft, data, config)
        found = check(draft)
        if target.suffix == ".zip":
            _pack(draft, packed)
            packed.rename(target)
        else:
            draft.rename(target)
        sync_directory(target.parent)
    finally:
        _remove(draft)
        _remove(packed)
    return found


def check(copy: Path) -> Summary:
    """Read all of a backup, or of a mirror: digests, chains, checkpoints, and that the journals continue each other.

    DamagedData says what does not hold. Some 50,000 frames a second.
    """
    with opened(copy) as root:
        made_ms = check_manifest(root)
        line = lineage.in_order(lineage.find(root))
        if not line:
            raise DamagedData(f"{copy}: no journal in it")
        anchors = {
            volume.incarnation: list(checkpoints.of_journal(root / CHECKPOINTS, volume.genesis.data))
            for volume in line
        }
        last: deque[Frame] = deque(maxlen=1)

        def read(volume: lineage.Volume) -> Iterator[Frame]:
            for frame in held_against(volume.frames(), anchors[volume.incarnation]):
                last.append(frame)
                yield frame

        replay(lineage.history(line, read))
        newest, [end] = line[-1], last
        return Summary(
            newest.station, newest.incarnation, end.seq, end.head, end.stamp.time_ms, made_ms, len(line),
            sum(map(len, anchors.values())), sum(path.stat().st_size for path in _files(root)),
        )  # fmt: skip


@contextmanager
def opened(copy: Path) -> Iterator[Path]:
    """The directory itself, or what is in the zip, unpacked for as long as this lasts."""
    if copy.is_dir():
        yield copy
        return
    try:
        archive = zipfile.ZipFile(copy)
    except FileNotFoundError as exc:
        raise UsageError(f"{copy}: no such backup") from exc
    except _UNREADABLE as exc:
        raise DamagedData(f"{copy}: not a backup: {exc}") from exc
    with archive, tempfile.TemporaryDirectory(prefix="keping-") as place:
        _unpack(archive, copy, Path(place))
        yield Path(place)


def _fill(root: Path, data: Path, config: Path | None) -> None:
    """First what speaks of the journal, then the journal, so that nothing in the copy is ahead of it."""
    place = data / CHECKPOINTS
    for path in (*sorted(place.glob("*/[0-9]*.json")), *sorted(place.glob(f"*/{signers.FILE}"))):
        _copy(path, root / CHECKPOINTS / path.parent.name / path.name)
    for name in (RECEIPT, PINS):
        if (data / name).exists():
            _copy(data / name, root / name)
    if (data / PEOPLE).exists():
        _write(root / PEOPLE, _without_pins((data / PEOPLE).read_bytes()))
    if config:
        _copy(config, root / CONFIG)
    for volume in lineage.find(data):
        copied = root / lineage.set_aside(volume.incarnation)
        for segment in list_segments(volume.directory):
            _copy(segment.path, copied / segment.path.name, to_newline=True)
    _list(root, data)


def _list(root: Path, data: Path) -> None:
    """The manifest, and the directories made durable."""
    current = lineage.current(data)
    files = {str(path.relative_to(root)): _facts(path) for path in _files(root)}
    manifest = {
        "v": 1, "station": current.station, "incarnation": current.incarnation,
        "made_ms": time.time_ns() // 1_000_000, "files": files,
    }  # fmt: skip
    _write(root / MANIFEST, json.dumps(manifest, indent=1).encode() + b"\n")
    for directory in (root, *(path for path in root.rglob("*") if path.is_dir())):
        sync_directory(directory)


def _without_pins(people: bytes) -> bytes:
    return json.dumps([{**row, "pin": ""} for row in json.loads(people)], indent=1).encode() + b"\n"


def _copy(source: Path, target: Path, *, to_newline: bool = False) -> None:
    """`to_newline`: a live segment grows meanwhile, and its complete lines never change."""
    if to_newline:
        content = read_live(source)
        _write(target, content[: content.rfind(b"\n") + 1])
    else:
        _write(target, source.read_bytes())


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def _facts(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def check_manifest(root: Path) -> int:
    """When the backup was made; 0 where there is no manifest: a mirror grows, so it has none."""
    path = root / MANIFEST
    if not path.exists():
        return 0
    try:
        manifest = json.loads(path.read_bytes())
        files, made_ms = dict(manifest["files"]), int(manifest["made_ms"])
        line = lineage.in_order(lineage.find(root))
        if manifest.keys() != _KEYS or manifest["v"] != 1:
            raise ValueError("of a newer release")
        if not line or (manifest["station"], manifest["incarnation"]) != (line[-1].station, line[-1].incarnation):
            raise ValueError("of another station or journal")
    except (ValueError, TypeError, LookupError) as exc:
        raise DamagedData(f"{path}: not a manifest: {exc}") from exc
    found = {str(each.relative_to(root)): _facts(each) for each in _files(root) if each != path}
    for name in sorted(files.keys() | found.keys()):
        if files.get(name) != found.get(name):
            what = "is not in the manifest" if name not in files else "is missing" if name not in found else "differs"
            raise DamagedData(f"{root / name}: {what}: this is not the backup that was made")
    return made_ms


def _pack(root: Path, packed: Path) -> None:
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for path in _files(root):
            archive.write(path, path.relative_to(root))
    packed.chmod(0o600)
    with packed.open("rb") as file:
        os.fsync(file.fileno())


def _unpack(archive: zipfile.ZipFile, copy: Path, place: Path) -> None:
    for name in archive.namelist():
        if not (name == MANIFEST or _NAME.fullmatch(name)):
            raise DamagedData(f"{copy}: {name!r} has no place in a backup")
        try:
            content = archive.read(name)
        except _UNREADABLE as exc:
            raise DamagedData(f"{copy}: {name}: {exc}") from exc
        _write(place / name, content)


def _remove(draft: Path) -> None:
    if draft.is_dir():
        shutil.rmtree(draft)
    draft.unlink(missing_ok=True)
