"""What lies in DATA: read without a lock, also beside a running station, and never written to."""

from __future__ import annotations

import os
import shutil
import stat
from collections import deque
from datetime import datetime
from pathlib import Path

from kiosk.books import AUDIT_NOTE, JOURNAL, RESERVE
from kiosk.core.frames import Frame
from kiosk.crypto.keyfile import needs_passphrase
from kiosk.doctor.look import Look
from kiosk.doctor.situations import Finding
from kiosk.errors import DamagedData, UsageError
from kiosk.gate import key_path
from kiosk.journal import Clock, scan_live
from kiosk.journal.clock import machine_clocks

MB = 1_000_000
NEEDED_KEYS = ("signing.jwk", "hub.json", "vault.key")


def directory(look: Look) -> Finding:
    """Is it there, can it be written, how much room is left."""
    if not look.data.is_dir():
        return Finding("data.missing", str(look.data))
    if not os.access(look.data, os.W_OK | os.X_OK):
        return Finding("data.unwritable", str(look.data))
    free, disk = shutil.disk_usage(look.data).free // MB, look.config.disk
    level = "full" if free < disk.refuse else "filling" if free < disk.warn else "ok"
    return Finding(f"data.{level}", f"{look.data}, {free} MB free")


def journal(look: Look) -> tuple[Finding, Frame | None]:
    """The live segment is read and checked, of the sealed ones the last hash. And the newest frame, if there is one.

    `keping ledger verify` reads all. What the running station knows comes first.
    """
    try:
        if not (look.data / JOURNAL).is_dir():
            return Finding("journal.none", str(look.data / JOURNAL)), None
        newest = deque(scan_live(look.data / JOURNAL), maxlen=1)
    except (DamagedData, OSError) as exc:
        return Finding("journal.damaged", str(exc)), None
    last = newest[0] if newest else None
    said = look.status or {}
    if said.get("poisoned"):
        return Finding("journal.refused", str(said["poisoned"])), last
    if damage := said.get("audit", {}).get("damage"):
        return Finding("journal.damaged", str(damage)), last
    if (look.data / AUDIT_NOTE).exists():
        return Finding("journal.damaged", "the last audit failed; the next opening reads everything again"), last
    if last is None:
        return Finding("journal.none", "no frame in it"), None
    return Finding("journal.ok", f"frame {last.seq}, head {last.head}"), last


def reserve(look: Look) -> Finding:
    size, path = look.config.disk.reserve << 20, look.data / RESERVE
    try:
        held = path.stat().st_blocks * 512
    except OSError:
        held = 0
    return Finding("reserve.ok" if held >= size else "reserve.missing", f"{held >> 20} of {size >> 20} MiB")


def clock(look: Look, last: Frame | None) -> Finding:
    """Against the newest frame and what the centre said last. With the command that sets it."""
    if last is None:
        return Finding("clock.ok")
    clock = Clock(look.data, lambda: machine_clocks()._replace(wall_ms=look.now_ms))
    reading = clock.read(last.stamp)
    if not reading.trouble:
        return Finding("clock.ok")
    shows, best = (datetime.fromtimestamp(ms / 1000).astimezone() for ms in (reading.machine_ms, reading.best_ms))
    least = "at least " if reading.truth_ms is None else ""
    command = f"timedatectl set-time '{best:%Y-%m-%d %H:%M:%S}'"
    return Finding(
        f"clock.{reading.trouble}", f"it shows {shows:%Y-%m-%d %H:%M}, it is {least}{best:%Y-%m-%d %H:%M}: {command}"
    )


def keys(look: Look) -> Finding:
    """All are there, and nobody else can read any."""
    folder = look.data / "keys"
    missing = [name for name in NEEDED_KEYS if not (folder / name).is_file()]
    if missing:
        return Finding("keys.missing", f"{folder}: {', '.join(missing)}")
    modes = {path.name: _mode(path) for path in sorted(folder.iterdir()) if path.is_file()}
    if others := [f"{name} {mode:04o}" for name, mode in modes.items() if mode & 0o077]:
        return Finding("keys.open", f"{folder}: {', '.join(others)}")
    return Finding("keys.ok", f"{len(modes)} files, 0600")


def vault(look: Look) -> Finding:
    """Whether its key is as the config says. It is not opened."""
    try:
        locked = needs_passphrase(key_path(look.data))
    except (UsageError, DamagedData, OSError) as exc:
        return Finding("vault.damaged", str(exc))
    found = "passphrase" if locked else "file"
    right = found == look.config.vault.unlock
    return Finding("vault.ok" if right else "vault.mismatch", f"opened by {found}")


def mirror(look: Look) -> Finding:
    if not look.config.mirror:
        return Finding("mirror.none")
    state = (look.status or {}).get("mirror")
    error = state["error"] if state else "" if Path(look.config.mirror).is_dir() else "not there"
    return Finding("mirror.missing" if error else "mirror.ok", f"{look.config.mirror} {error}".rstrip())


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
