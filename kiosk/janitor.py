"""Destroys what is not needed any more: biometrics once the centre holds the hand-over, the rest by age."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from kiosk.books import Books
from kiosk.config import VaultConfig
from kiosk.core.release import GONE, RELEASED
from kiosk.core.retention import KIND, Due, Rule
from kiosk.errors import KepingError, UsageError
from kiosk.vault import Vault

log = logging.getLogger(__name__)

DAY_MS = 86_400_000
REVIEW_S = 3600.0
LOOK_BYTES = 256 << 10
MOST = 500
"""Records in one frame."""


class Janitor:
    """Keeps no list: what is due follows from vault and books, so a crash at any point costs nothing. Thread-safe.

    `close_calls`: closes the call-back entries with these numbers. `now`: Unix seconds by a clock that is
    right, None while there is none: what is destroyed by age can't be had back, and a box whose clock's battery is
    empty may wake in any year.
    """

    def __init__(
        self,
        books: Books,
        vault: Vault,
        close_calls: Callable[[list[str]], object],
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
        self.commands: dict[str, Callable[..., Any]] = {"vault.retention": self.dry_run}
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

    def due(self, terms: VaultConfig | None = None) -> list[Due]:
        """What the next review destroys, by rule; `terms`: others than the config's. Empty while the time is not
        certain: nothing goes by age then."""
        now_s, terms = self.now(), terms or self._terms
        if now_s is None:
            return []

        def before(days: int) -> int:
            return int(now_s * 1000) - days * DAY_MS

        latest, told = before(terms.audit_term), before(terms.released_term)
        refs = self._vault.with_identity()
        gone = self._books.past.gone(refs, latest)
        with self._books.transaction() as view:
            rows = {ref: view.read("records", ref) for ref in refs}
            over = [ref for ref in refs if ref in gone or _is_due(rows[ref], latest)]
            back = [ref for ref in refs if ref not in over and self._is_told(rows[ref], ref, told)]
            calls = [row["number"] for row in view.rows("callbacks") if row["since"] < before(terms.call_term)]
        found = ((Rule.AUDIT_TERM, over), (Rule.RELEASED_TERM, back), (Rule.CALL_TERM, sorted(calls)))
        return [Due(rule, items) for rule, items in found if items]

    def review(self) -> None:
        """Erase what is `due`, and say so in the books. As `sweep`."""
        for rule, items in self.due():
            try:
                if rule is Rule.CALL_TERM:
                    self._close_calls(items)
                elif self._destroy(self._vault.erase, items, f"{rule}: records"):
                    for begin in range(0, len(items), MOST):
                        self._books.commit(KIND, {"rule": rule.value, "refs": items[begin : begin + MOST]}, "station")
            except KepingError as exc:
                log.warning("%s: %d wait for the next review: %s", rule, len(items), exc)

    def dry_run(
        self, by: str, audit_term: int | None = None, released_term: int | None = None, call_term: int | None = None
    ) -> dict[str, Any]:
        """What would be destroyed now; nothing is. `certain`: the time is known, else nothing goes by age. `terms`:
        days, those given, else the config's. `rules`: rule -> items."""
        given = {Rule.AUDIT_TERM: audit_term, Rule.RELEASED_TERM: released_term, Rule.CALL_TERM: call_term}
        if any(days is not None and (type(days) is not int or days < 1) for days in given.values()):
            raise UsageError("terms: whole days from 1")
        terms = replace(
            self._terms, audit_term=audit_term or self._terms.audit_term,
            released_term=released_term or self._terms.released_term, call_term=call_term or self._terms.call_term,
        )  # fmt: skip
        due = dict([*self._confirmed(), *self.due(terms)])
        return {
            "certain": self.now() is not None,
            "terms": {rule.value: getattr(terms, rule.value.replace("-", "_")) for rule in given},
            "rules": {rule.value: due.get(rule, []) for rule in Rule},
        }

    def _confirmed(self) -> Iterator[Due]:
        """Biometrics whose time has come, and that the medium has not let go yet."""
        with self._books.transaction():
            until = self._swept or 0
            left = ((ref, self._books.past.handed_over(ref)) for ref in self._vault.with_biometrics())
            yield Due(Rule.CONFIRMED, [ref for ref, seq in left if seq is not None and seq <= until])

    def _is_told(self, record: dict[str, Any] | None, ref: str, latest: int) -> bool:
        """It was released so long ago that nobody asks for it at the counter any more."""
        if record is None:
            return self._books.past.state(ref) == RELEASED
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
