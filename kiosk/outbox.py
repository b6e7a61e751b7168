"""The books as the link to the centre sees them: frames out, records in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kiosk.books import Books
from kiosk.config import HubConfig
from kiosk.core import release, workdays
from kiosk.core.frames import ZERO_HEAD
from kiosk.core.release import Withdrawal
from kiosk.crypto.checkpoint import Checkpoint, Position, sign_checkpoint
from kiosk.crypto.keys import OKPKey
from kiosk.releases import settle
from kiosk.stock import balances
from kiosk.sync.intake import Accepted, Judged, RefusedRecord, Withdrawn
from kiosk.vault import Vault
from kiosk.views import View

ACTOR = "centre"


class Outbox:
    """`FrameSource` over the books. Nothing is queued apart from the journal itself. `key` signs its checkpoints."""

    def __init__(self, books: Books, station: str, key: OKPKey) -> None:
        self._books = books
        self._station = station
        self.key = key
        with books.transaction() as view:
            genesis = view.get("station", "self")
        assert genesis is not None
        self.incarnation: str = genesis["incarnation"]

    @property
    def last_seq(self) -> int:
        return self._books.seq

    def frames_after(self, seq: int, limit_bytes: int) -> tuple[Sequence[bytes], int, str]:
        lines = self._books.lines_after(seq, limit_bytes)
        if not lines:
            return [], seq, ZERO_HEAD
        head = lines[-1].partition(b'"h":"')[2][:64].decode()
        return lines, seq + len(lines), head

    def checkpoint(self) -> str:
        with self._books.transaction() as view:
            position = Position(self._station, self.incarnation, self._books.seq, self._books.head)
            return sign_checkpoint(Checkpoint(position, balances(view)), self.key)


class Inbox:
    """`RecordSink`: the vault first, then one frame that names the records and moves the cursor.

    `days_ahead`: so many days of the station's own work may wait here.
    """

    def __init__(self, books: Books, vault: Vault, days_ahead: int = HubConfig.days_ahead) -> None:
        self._books = books
        self._vault = vault
        self._days_ahead = days_ahead

    @property
    def cursor(self) -> str:
        with self._books.transaction() as view:
            known = view.get("intake", "centre")
        return known["cursor"] if known else ""

    @property
    def room(self) -> int:
        with self._books.transaction() as view:
            a_day = workdays.cards_a_day(view.read)
            return self._days_ahead * a_day - view.count("records", state="waiting")

    def accept(self, judged: Sequence[Judged], cursor: str) -> None:
        fresh = [item for item in judged if isinstance(item, Accepted) and not self._known(item.ref)]
        again = [item for item in judged if isinstance(item, Accepted) and self._lacks(item.ref)]
        self._vault.put_all([(item.record, item.jws) for item in (*fresh, *again)])
        with self._books.transaction() as view:
            withdrawn = list(self._withdrawn(judged, view))
            if cursor == self.cursor and not withdrawn and all(isinstance(item, Withdrawn) for item in judged):
                return
            self._books.commit("records", {
                "records": [{
                    "ref": item.ref, "sku": item.record.sku.value, "reason": item.record.reason.value,
                    "priority": item.record.priority,
                    **({"replaces": item.record.replaces} if item.record.replaces else {}),
                } for item in fresh],
                "refused": [
                    {"reason": item.reason.value, "detail": item.detail}
                    for item in judged if isinstance(item, RefusedRecord)
                ],
                **({"again": [item.ref for item in again]} if again else {}),
                **({"withdrawn": withdrawn} if withdrawn else {}),
                "cursor": cursor,
            }, ACTOR)  # fmt: skip
            settle(self._books)

    def _withdrawn(self, judged: Sequence[Judged], view: View) -> Iterator[dict[str, str]]:
        """What is new of it; `found`: what the record was here. A record that corrects another takes it away."""
        told = {
            item.record.replaces: Withdrawal.CORRECTED
            for item in judged if isinstance(item, Accepted) and item.record.replaces
        } | {item.ref: item.reason for item in judged if isinstance(item, Withdrawn)}  # fmt: skip
        for ref, reason in told.items():
            found = self._books.past.state(ref)
            if found not in release.GONE and not release.is_withdrawn(view.read, ref):
                yield {"ref": ref, "reason": reason.value, "found": found or release.NEVER_CAME}

    def _lacks(self, ref: str) -> bool:
        """The books know it, nobody has its card, and its data are not here: the station was restored."""
        with self._books.transaction() as view:
            record = view.read("records", ref)
        done = {"issued", *release.GONE}
        return record is not None and record["state"] not in done and not self._vault.has_biometrics(ref)

    def _known(self, ref: str) -> bool:
        with self._books.transaction():
            return self._books.past.state(ref) is not None
