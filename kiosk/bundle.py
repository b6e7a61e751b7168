"""What support needs of a station, in one zip file: nothing of a resident, no key, no PIN.

Facts are gathered by name, never by copying a directory: of DATA only what `kiosk.wire_trace` wrote is taken as it
is. Of the journal there is where it ends and how much is in it; of the vault nothing. The config goes as it was
understood, without its comments, and what an address holds beside the host is masked.
"""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import re
import zipfile
from collections import Counter
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from kiosk.books import JOURNAL, read_view
from kiosk.config import Config
from kiosk.errors import KepingError, UsageError
from kiosk.journal import scan_live
from kiosk.journal.segments import list_segments
from kiosk.wire_trace import DIRECTORY as TRACE
from kiosk.wire_trace import files

LOG_BYTES = 512 << 10
MASK = "***"
_SECRET = re.compile(r"""(?<=://)[^/@\s"'\\]+(?=@)|(?<=\?)[^\s"'#\\]+""")


def masked(text: str) -> str:
    """Without the user, the password and the query of any address in it."""
    return _SECRET.sub(MASK, text)


def gather(config: Config, data: Path) -> dict[str, bytes]:
    """Name in the bundle -> content. Reads without a lock, beside a running station; a second for a full segment."""
    traces = {f"{TRACE}/{path.name}": path.read_bytes() for path in files(data / TRACE)}
    return {
        "config.json": as_json(dataclasses.asdict(config)),
        "versions.json": as_json(versions()),
        "journal.json": as_json(journal(data)),
        **traces,
    }


def as_json(value: Any) -> bytes:
    return masked(json.dumps(value, indent=1, ensure_ascii=False, default=str)).encode() + b"\n"


def last_lines(log: bytes) -> bytes:
    """The end of a log: whole lines, LOG_BYTES at most, masked."""
    end = log[-LOG_BYTES:]
    if len(end) < len(log):
        end = end.partition(b"\n")[2]
    return masked(end.decode("utf-8", "replace")).encode()


def versions() -> dict[str, Any]:
    """Of this program, what it is built on, and the system. Not the host's name."""
    names = ["keping", *sorted({re.split(r"[^\w.-]", each, maxsplit=1)[0] for each in requires("keping") or []})]
    try:
        system = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        system = ""
    return {
        "python": platform.python_version(), "system": system, "kernel": platform.release(),
        "machine": platform.machine(), "packages": {name: _version(name) for name in names},
    }  # fmt: skip


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def journal(data: Path) -> dict[str, Any]:
    """Where it ends, how long its segments are, how many frames of each kind are in the live one, the balances."""
    try:
        if not (data / JOURNAL).is_dir():
            return {"error": "there is none"}
        segments = list_segments(data / JOURNAL)
        frames = list(scan_live(data / JOURNAL))
        balances = read_view(data).balances()
    except (KepingError, OSError) as exc:
        return {"error": str(exc)}
    last = frames[-1] if frames else None
    return {
        "seq": last.seq if last else 0, "head": last.head if last else "",
        "last_ms": last.stamp.time_ms if last else 0,
        "segments": {each.path.name: each.path.stat().st_size for each in segments},
        "live": dict(Counter(frame.kind for frame in frames)), "balances": balances,
    }  # fmt: skip


def write(target: Path, parts: Mapping[str, bytes]) -> None:
    """One zip, 0600, under its name only when it is whole. UsageError if it is there already; OSError if it can't be
    written."""
    if target.exists():
        raise UsageError(f"{target}: is there already; give another name")
    draft = target.with_name(f".{target.name}.draft")
    draft.unlink(missing_ok=True)
    try:
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)
