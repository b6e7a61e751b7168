"""The reader on the desk, which a card under way and a finished card may be laid on: one of them at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from drivers.protocols import ChipEncoder
from kiosk.errors import Rejected


class DeskReader:
    """`name`: which one serves now, empty if none does. `open_reader(appear_timeout_s)`: opened anew for each use, so
    that one that was pulled, or another one that is chosen, is found. Thread-safe."""

    def __init__(self, name: Callable[[], str], open_reader: Callable[[float], ChipEncoder]) -> None:
        self._name = name
        self._open_reader = open_reader
        self._taken = threading.Lock()

    @property
    def present(self) -> bool:
        """One is chosen or configured. Asks no device."""
        return bool(self._name())

    @contextmanager
    def taken(self, appear_timeout_s: float, wait_s: float) -> Iterator[ChipEncoder]:
        """The reader, for one use. Blocks <= `wait_s` while another has it.

        Rejected: `no-desk-reader`, or `reader-in-use` if it is not free by then.
        """
        if not self.present:
            raise Rejected("there is no reader on the desk (reader.desk)", "no-desk-reader")
        if not self._taken.acquire(timeout=wait_s):
            raise Rejected("another card is on the reader of the desk", "reader-in-use")
        try:
            with closing(self._open_reader(appear_timeout_s)) as reader:
                yield reader
        finally:
            self._taken.release()
