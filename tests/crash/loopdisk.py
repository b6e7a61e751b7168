"""A real ext4 on a loop device, whose power can be cut: what was not written out by then never reaches the medium.

The cut is the kernel's own (EXT4_IOC_SHUTDOWN with NOLOGFLUSH): page cache and file system journal are dropped. It
does not model a drive that loses its own cache. Needs root, mkfs.ext4 and a free loop device.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = (2).to_bytes(4, "little")
MIB = 1 << 20


def missing() -> str | None:
    """Why there can be no such disk here, None if there can."""
    if os.geteuid():
        return "needs root"
    tools = [
        tool
        for tool in ("mkfs.ext4", "losetup", "mount")
        if not shutil.which(tool, path="/usr/sbin:/sbin:/usr/bin:/bin")
    ]
    if tools:
        return f"needs {', '.join(tools)}"
    free = subprocess.run(["losetup", "--find"], capture_output=True, check=False)
    return None if free.returncode == 0 else "no free loop device"


def _run(*words: str | Path) -> None:
    subprocess.run(words, check=True, capture_output=True)


@contextmanager
def mounted(place: Path, *options: str) -> Iterator[Path]:
    """`mount *options` below `place`, and unmounted whatever happens."""
    point = place / "disk"
    point.mkdir(exist_ok=True)
    _run("mount", *options, point)
    used = False
    try:
        yield point
        used = True
    finally:
        # After a failure its traceback may still hold a file there, and that failure is the one to be told.
        _run("umount", *([] if used else ["--lazy"]), point)


class LoopDisk:
    """`power()` mounts it; `cut()` ends all writing at once, while processes still hold it.

    `sector`: bytes that the disk writes at once, and no fewer: 512 or 4096.
    """

    def __init__(self, place: Path, size: int = 16 * MIB, sector: int = 512) -> None:
        self._place = place
        self._sector = sector
        self._image = place / "image"
        with self._image.open("wb") as file:
            file.truncate(size)
        _run("mkfs.ext4", "-q", "-F", "-b", str(max(1024, sector)), self._image)

    @contextmanager
    def power(self) -> Iterator[Path]:
        words = ["losetup", "--find", "--show", "--sector-size", str(self._sector), str(self._image)]
        device = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
        try:
            with mounted(self._place, device) as point:
                yield point
        finally:
            _run("losetup", "--detach", device)

    @staticmethod
    def cut(point: Path) -> None:
        descriptor = os.open(point, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, SHUTDOWN, NO_LOG_FLUSH)
        finally:
            os.close(descriptor)
