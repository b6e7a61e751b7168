"""How far a print was let: a note that is durable before anything goes out that lets a panel onto the card.

One record of fixed size in DATA/printing, written over in place, so that a full disk refuses it nothing. It is
evidence for `reconcile`, as a counter is, and no truth: where it is missing or torn, a person is asked instead
(docs/adr/0028-how-far-a-print-was-let.md).
"""

from __future__ import annotations

import json
import logging
import os
import zlib
from pathlib import Path
from typing import NamedTuple

from kiosk.journal import Poisoned

log = logging.getLogger(__name__)

NAME = "printing"
SIZE = 256


class Let(NamedTuple):
    """So many panels may be on the card; `ended`: all of them are, the printer has said OK to each."""

    panels: int
    ended: bool = False


class PrintNote:
    """Of one DATA, for the worker's thread. Each write blocks for one fdatasync."""

    def __init__(self, data: Path) -> None:
        self._path = data / NAME
        self._of = ""

    def begin(self, job: str, card: int) -> None:
        """Nothing was let yet onto the `card`-th card of `job`."""
        self._of = f"{job}/{card}"
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
            os.close(descriptor)
        except OSError as exc:
            log.warning("%s: %s; after a stop a person is asked what is on the card", self._path, exc.strerror)
            self._of = ""
            return
        self.let(0)

    def let(self, panels: int) -> None:
        """From now on so many panels may be on the card. Poisoned if the medium does not take it: then nothing more
        may go out, for what it says of this card would be wrong."""
        self._write(Let(panels))

    def end(self, panels: int) -> None:
        """All of them are on it. Poisoned as `let`."""
        self._write(Let(panels, ended=True))

    def _write(self, let: Let) -> None:
        if not self._of:
            return
        try:
            descriptor = os.open(self._path, os.O_WRONLY)
            try:
                os.pwrite(descriptor, _sealed(self._of, let), 0)
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as exc:
            raise Poisoned(f"{self._path} can't be written: {exc.strerror}") from exc

    def read(self, job: str, card: int) -> Let | None:
        """None if nothing is known of this card."""
        try:
            content = self._path.read_bytes()
            of, panels, ended = json.loads(content)[:3]
            let = Let(int(panels), bool(ended))
        except (OSError, ValueError, TypeError):
            return None
        return let if of == f"{job}/{card}" and content == _sealed(of, let) else None


def _sealed(of: str, let: Let) -> bytes:
    said = [of, *let]
    return json.dumps([*said, zlib.crc32(json.dumps(said).encode())]).ljust(SIZE - 1).encode() + b"\n"
