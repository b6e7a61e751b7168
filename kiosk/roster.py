"""Who is behind a reference: names in memory only, for searching and for the screens. Never written anywhere.

Of those whose card is still to be made or to be taken, and of nobody else: a station that runs for months holds no
more people than wait.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from kiosk.core.frames import Frame
from kiosk.core.once import cards_taken
from kiosk.core.records import Fields
from kiosk.errors import KepingError
from kiosk.vault import Vault

log = logging.getLogger(__name__)

LIVE = frozenset({"waiting", "held", "in-job", "printed", "released"})
"""States of records whose names are still asked for."""


class Roster:
    """Fields by reference, kept as long as they are asked for. Thread-safe."""

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
            here = set(self._vault.with_identity())
            self.add(row["ref"] for row in records if row["state"] in LIVE and row["ref"] in here)
            self._met.set()

    def follow(self, frame: Frame) -> None:
        """It was committed: who came with it is kept, whose card was taken with it is not."""
        if frame.kind == "records":
            self.add([*(item["ref"] for item in frame.data["records"]), *frame.data.get("again", [])])
        self.forget(card["ref"] for card in cards_taken(frame))

    def add(self, refs: Iterable[str]) -> None:
        """Keep them, to be found until `forget`."""
        for ref in refs:
            fields = self.get(ref)
            if fields is not None:
                with self._lock:
                    self._fields[ref] = fields
                    self._by_nik[fields.nik].add(ref)

    def get(self, ref: str) -> Fields | None:
        """Of anybody in the vault (0.2 ms if not kept). None, and a line in the log, if it can't be opened."""
        with self._lock:
            known = self._fields.get(ref)
        if known is not None:
            return known
        try:
            opened = vars(self._vault.identity(ref))
        except KepingError as exc:
            log.warning("roster ref=%.40r: %s", ref, exc)
            return None
        # One town's records share most of their words.
        return Fields(**{name: sys.intern(text) for name, text in opened.items()})

    def same_person(self, ref: str) -> set[str]:
        """Other records with the NIK of `ref`, of those that were opened."""
        fields = self.get(ref)
        with self._lock:
            return self._by_nik.get(fields.nik, set()) - {ref} if fields else set()

    def forget(self, refs: Iterable[str]) -> None:
        """Their cards are in their hands, or their records are destroyed."""
        with self._lock:
            for ref in refs:
                if fields := self._fields.pop(ref, None):
                    others = self._by_nik[fields.nik]
                    others.discard(ref)
                    if not others:
                        del self._by_nik[fields.nik]

    def find(self, text: str) -> set[str]:
        """References whose NIK holds the digits of `text`, or whose name holds all its words."""
        digits = "".join(text.split())
        words = text.casefold().split()
        with self._lock:
            rows = list(self._fields.items())
        if digits.isdigit():
            return {ref for ref, fields in rows if digits in fields.nik}
        return {ref for ref, fields in rows if all(word in fields.nama.casefold() for word in words)}
