"""Destroys what is not needed any more: biometrics once the centre holds the hand-over, the rest by age."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

from kiosk.books import Books
from kiosk.config import VaultConfig
from kiosk.core.release import GONE, RELEASED
from kiosk.errors import KepingError
from kiosk.vault import Vault

log = logging.getLogger(__name__)

DAY_MS = 86_400_000
REVIEW_S = 3600.0
LOOK_BYTES = 256 << 10


class Janitor:
    """Keeps no list: what is due follows from vault and books, so a crash at any point costs nothing. Thread-safe.

    `close_calls`: closes the call-back entries noted before a time, Unix ms. `now`: Unix seconds by a clock that is
    right, None while there is none: what is destroyed by age can't be had back, and a box whose clock's battery is
    empty may wake in any year.
    """

    def __init__(
        self,
        books: Books,
        vault: Vault,
        close_calls: Callable[[int], object],
        terms: VaultConfig,
        now: Callable[[], float | None],
    ) -> None:
        self._books = books
        self._vault = vault
        self._close_calls = close_calls
        self._terms = terms
        self.now = now
        self._swept: int | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._begin()

    def _begin(self) -> None:
        """What a crash left: records that no frame names, files without a key."""
        with self._books.transaction():
            unknown = self._books.past.never_seen(self._vault.with_identity())
            gone = [ref for ref in self._vault.with_biometrics() if self._books.past.state(ref) in GONE]
        if unknown:
            self._vault.erase(unknown)
        if gone:
            self._vault.erase_biometrics(gone)
        self._vault.remove_leftovers()

    def start(self) -> None:
        """Look at ages now and each hour, in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="janitor", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread. Idempotent. Blocks for one review at most."""
        self._stopping.set()
        if self._thread:
            self._thread.join()

    def sweep(self, acknowledged: int) -> None:
        """Erase the biometrics of each record whose hand-over the centre holds, as it has confirmed `acknowledged`.

        Holds the books for as long as `Vault.erase_biometrics` takes, whatever their number. It is called after each
        commit, so only the first looks through the vault (3 ms a thousand records); the others read the frames
        confirmed since. What the medium refuses now is tried at the next sweep.
        """
        with self._books.transaction():  # so that no reprint begins meanwhile
            since = self._swept
            refs = self._vault.with_biometrics() if since is None else self._handed_over(since, acknowledged)
            left = ((ref, self._books.past.handed_over(ref)) for ref in refs)
            due = [ref for ref, seq in left if seq is not None and seq <= acknowledged]
            erased = not due or self._destroy(self._vault.erase_biometrics, due, "biometrics")
            self._swept = max(since or 0, acknowledged) if erased else None

    def _handed_over(self, since: int, until: int) -> Iterator[str]:
        """Records of the hand-overs in the frames after `since`, up to `until`."""
        while since < until and (lines := self._books.lines_after(since, LOOK_BYTES)[: until - since]):
            for frame in (json.loads(line)["r"] for line in lines):
                if frame["k"] == "handed-over":
                    yield frame["d"]["ref"]
            since += len(lines)

    def review(self) -> None:
        """Erase each record whose audit term is over, and each call-back entry that is too old. As `sweep`."""
        now_s = self.now()
        if now_s is None:
            return
        latest = int(now_s * 1000) - self._terms.audit_term * DAY_MS
        refs = self._vault.with_identity()
        gone = self._books.past.gone(refs, latest)
        with self._books.transaction() as view:
            due = [ref for ref in refs if ref in gone or _is_due(view.read("records", ref), latest)]
            due += [ref for ref in refs if ref not in due and self._is_told(view.read("records", ref), ref, now_s)]
            if due:
                self._destroy(self._vault.erase, due, "records")
        try:
            self._close_calls(int(now_s * 1000) - self._terms.call_term * DAY_MS)
        except KepingError as exc:
            log.warning("old call-backs stay for now: %s", exc)

    def _is_told(self, record: dict[str, Any] | None, ref: str, now_s: float) -> bool:
        """It was released so long ago that nobody asks for it at the counter any more."""
        if record is None:
            return self._books.past.state(ref) == RELEASED
        latest = int(now_s * 1000) - self._terms.released_term * DAY_MS
        return bool(record["state"] == RELEASED and record["released_at"] <= latest)

    def _destroy(self, erase: Callable[[list[str]], None], due: list[str], what: str) -> bool:
        """False if the medium refuses."""
        try:
            erase(due)
        except (OSError, KepingError) as exc:
            log.warning("%s of %d cards are not erased yet: %s", what, len(due), exc)
            return False
        log.info("%s of %d cards erased", what, len(due))
        return True

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.review()
            self._stopping.wait(REVIEW_S)


def _is_due(record: dict[str, Any] | None, latest: int) -> bool:
    """Handed over, not after `latest`."""
    return record is not None and record["state"] == "issued" and record["handed_over_at"] <= latest
