"""What goes to the centre and comes from it, whichever way: frames, what is confirmed of them, records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kiosk.backup import RECEIPT
from kiosk.books import Books
from kiosk.crypto.keys import OKPKey
from kiosk.outbox import Inbox, Outbox
from kiosk.sync.enrol import Pins
from kiosk.sync.shipping import Acknowledged, AckStore
from kiosk.vault import Vault


@dataclass(frozen=True)
class Ends:
    """The station's ends. One of each, for link and stick may be in use at the same time."""

    outbox: Outbox
    inbox: Inbox
    acknowledged: Acknowledged

    @classmethod
    def of(
        cls,
        data: Path,
        books: Books,
        vault: Vault,
        pins: Pins,
        key: OKPKey,
        days_ahead: int,
        on_ack: Callable[[int], None],
    ) -> Ends:
        """`key` signs. `days_ahead`: of work, as `Inbox` has it. `on_ack` is called with each frame number that the
        centre has confirmed newly."""
        outbox = Outbox(books, pins.station, key)
        acknowledged = Acknowledged(outbox, AckStore(data / RECEIPT), pins.station, pins.signing, on_ack)
        return cls(outbox, Inbox(books, vault, days_ahead), acknowledged)
