"""Room on the medium that is given up when it is full, so that the card in the machine can be finished and booked.

A new job is refused long before (config `disk.refuse`); what fills the last bytes is something else on the same disk.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
from pathlib import Path

from kiosk.durable import sync_directory

log = logging.getLogger(__name__)

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Reserve:
    """`size` bytes that are really allocated at `path`, on the file system of the journal. `held`: they are there."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size
        self.held = False

    def renew(self) -> bool:
        """Allocate it unless it is there, or would take more than half of what is free. Returns `held`.

        Blocks for two fsyncs when it allocates.
        """
        if self.held:
            return True
        try:
            # Blocks, not size: a sparse file of the same length would be room for nothing.
            self.held = self._path.stat().st_blocks * 512 >= self._size
        except OSError:
            self.held = False
        if not self.held and shutil.disk_usage(self._path.parent).free >= 2 * self._size:
            self.held = self._allocate()
        return self.held

    def _allocate(self) -> bool:
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, self._size)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            sync_directory(self._path.parent)
        except OSError as exc:
            log.warning("no reserve on the disk: %s", exc)
            self._path.unlink(missing_ok=True)
            return False
        return True

    def give_up(self, error: OSError) -> bool:
        """If `error` says that the medium is full and the reserve is held: free it. True: trying again may help."""
        if error.errno not in FULL or not self.held:
            return False
        log.error("the disk is full: its reserve is given up to finish the card in the machine; free some space")
        self.held = False
        self._path.unlink(missing_ok=True)
        sync_directory(self._path.parent)  # ext4 hands freed blocks out again only once the unlink is committed
        return True
