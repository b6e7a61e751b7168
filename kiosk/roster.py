"""Who is behind a reference: names in memory only, for searching and for the screens. Never written anywhere."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterable
from typing import Any

from kiosk.core.records import Fields
from kiosk.errors import KepingError
from kiosk.vault import Vault

log = logging.getLogger(__name__)

LIVE = frozenset({"waiting", "in-job", "printed"})
"""States of records whose names are still asked for."""


class Roster:
    """Fields by reference, opened from the vault once. Thread-safe."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._lock = threading.Lock()
        self._fields: dict[str, Fields] = {}

    def begin(self, records: list[dict[str, Any]]) -> None:
        """Open the identities of those that are still asked for, in the background (0.2 ms each): a start does not
        wait for thousands."""
        refs = [row["ref"] for row in records if row["state"] in LIVE]
        threading.Thread(target=self.add, args=(refs,), name="roster", daemon=True).start()

    def add(self, refs: Iterable[str]) -> None:
        for ref in refs:
            self.get(ref)

    def get(self, ref: str) -> Fields | None:
        """None, and a line in the log, if the identity can't be opened."""
        with self._lock:
            known = self._fields.get(ref)
        if known is not None:
            return known
        try:
            opened = vars(self._vault.identity(ref))
        except KepingError as exc:
            log.warning("roster ref=%s: %s", ref, exc)
            return None
        # One town's records share most of their words.
        fields = Fields(**{name: sys.intern(text) for name, text in opened.items()})
        with self._lock:
            self._fields[ref] = fields
        return fields

    def forget(self, refs: Iterable[str]) -> None:
        """Their records are destroyed."""
        with self._lock:
            for ref in refs:
                self._fields.pop(ref, None)

    def find(self, text: str) -> set[str]:
        """References whose NIK holds the digits of `text`, or whose name holds all its words."""
        digits = "".join(text.split())
        words = text.casefold().split()
        with self._lock:
            rows = list(self._fields.items())
        if digits.isdigit():
            return {ref for ref, fields in rows if digits in fields.nik}
        return {ref for ref, fields in rows if all(word in fields.nama.casefold() for word in words)}
