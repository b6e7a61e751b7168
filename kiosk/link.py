"""What goes to the centre and comes from it, whichever way: frames, what is confirmed of them, records."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from kiosk.backup import RECEIPT
from kiosk.books import Books
from kiosk.config import HubConfig
from kiosk.crypto.keys import OKPKey
from kiosk.crypto.ownkeys import OwnKeys
from kiosk.outbox import Inbox, Outbox
from kiosk.rotation import Rotation
from kiosk.sync.carrying import Carrier
from kiosk.sync.client import HubClient, connect
from kiosk.sync.enrol import Pins
from kiosk.sync.intake import Intake
from kiosk.sync.loop import SyncLoop
from kiosk.sync.pinned import Pinned
from kiosk.sync.shipping import Acknowledged, AckStore, Shipper
from kiosk.vault import Vault


class Ends:
    """The station's ends. One of each, for link and stick may be in use at the same time.

    `key` signs. `on_ack` is called with each frame number that the centre has confirmed newly.
    """

    def __init__(
        self, config: HubConfig, data: Path, books: Books, vault: Vault, pins: Pins, key: OKPKey,
        on_ack: Callable[[int], None],
    ) -> None:  # fmt: skip
        self._config = config
        self._client: HubClient | None = None
        self._carrier: Carrier | None = None
        self._books = books
        self.pinned = Pinned(data / "keys" / "hub.json", pins)
        self._own = OwnKeys(data / "keys", key)
        self.rotation = Rotation(self._own, data, books, self._use)
        self.outbox = Outbox(books, pins.station, key)
        self.inbox = Inbox(books, vault, config.days_ahead)
        self.acknowledged = Acknowledged(self.outbox, AckStore(data / RECEIPT), pins.station, pins.believed, on_ack)

    def link(self, closing: ExitStack, on_closed: Callable[[str], None]) -> SyncLoop:
        """The loop over HTTPS, not begun; `closing` ends its connections."""
        http = connect(self._config.url, ca=self._config.authority, clock=self._books.now_s)
        closing.callback(http.close)
        pins, heard = self.pinned.pins, self._books.clock.heard
        client = self._client = HubClient(
            http, pins.station, self._own.signing, pins.signing, heard=heard, trust=self.pinned
        )
        self.rotation.client = client
        loop = SyncLoop(
            Shipper(client, self.outbox, self.acknowledged), Intake(client, self.inbox),
            clock=self._books.now_s, poll_s=self._config.poll, on_closed=on_closed,
        )  # fmt: skip
        loop.keys = self.rotation
        return loop

    def carrier(self) -> Carrier:
        """Who writes sticks and reads them."""
        self._carrier = Carrier(
            self.pinned, self._own.signing, lambda: self._own.opening, self.outbox, self.acknowledged, self.inbox,
            lambda: self._books.time.time_ms,
        )  # fmt: skip
        return self._carrier

    def _use(self, signing: OKPKey) -> None:
        """Whatever is signed from now on, by this key."""
        self._books.key = self.outbox.key = signing
        for user in (self._client, self._carrier):
            if user:
                user.key = signing
