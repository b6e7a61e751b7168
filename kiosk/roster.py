"""Who is behind a reference: names in memory only, for searching and for the screens. Never written anywhere."""

from __future__ import annotations

import logging
import sys
import threading
from collections import defaultdict
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
        self._met = threading.Event()
        self._by_nik: defaultdict[str, set[str]] = defaultdict(set)

    def begin(self, records: list[dict[str, Any]]) -> None:
        """Open the identities of those that are still asked for, in the background (0.2 ms each): a start does not
        wait for thousands."""
        threading.Thread(target=self.meet, args=(records,), name="roster", daemon=True).start()

    def meet(self, records: list[dict[str, Any]]) -> None:
        """As `begin`, at once: for whoever must know everybody. Nothing to do when that was done before."""
        if not self._met.is_set():
            self.add(row["ref"] for row in records if row["state"] in LIVE)
            self._met.set()

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
            self._by_nik[fields.nik].add(ref)
        return fields

    def same_person(self, ref: str) -> set[str]:
        """Other records with the NIK of `ref`, of those that were opened."""
        fields = self.get(ref)
        with self._lock:
            return self._by_nik.get(fields.nik, set()) - {ref} if fields else set()

    def forget(self, refs: Iterable[str]) -> None:
        """Their records are destroyed."""
        with self._lock:
            for ref in refs:
                if fields := self._fields.pop(ref, None):
                    self._by_nik[fields.nik].discard(ref)

    def find(self, text: str) -> set[str]:
        """References whose NIK holds the digits of `text`, or whose name holds all its words."""
        digits = "".join(text.split())
        words = text.casefold().split()
        with self._lock:
            rows = list(self._fields.items())
        if digits.isdigit():
            return {ref for ref, fields in rows if digits in fields.nik}
        return {ref for ref, fields in rows if all(word in fields.nama.casefold() for word in words)}
