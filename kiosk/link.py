"""What goes to the centre and comes from it, whichever way: frames, what is confirmed of them, records."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from kiosk.backup import RECEIPT
from kiosk.books import Books
from kiosk.config import HubConfig
from kiosk.crypto import keys
from kiosk.crypto.keys import OKPKey
from kiosk.outbox import Inbox, Outbox
from kiosk.sync.carrying import Carrier
from kiosk.sync.client import HubClient, connect
from kiosk.sync.enrol import Pins
from kiosk.sync.intake import Intake
from kiosk.sync.loop import SyncLoop
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
        self._books = books
        self._pins = pins
        self._key = key
        self._secret = data / "keys" / "encryption.jwk"
        self.outbox = Outbox(books, pins.station, key)
        self.inbox = Inbox(books, vault, config.days_ahead)
        self.acknowledged = Acknowledged(self.outbox, AckStore(data / RECEIPT), pins.station, pins.signing, on_ack)

    def link(self, closing: ExitStack, on_closed: Callable[[str], None]) -> SyncLoop:
        """The loop over HTTPS, not begun; `closing` ends its connections."""
        http = connect(self._config.url, ca=self._config.authority, clock=self._books.now_s)
        closing.callback(http.close)
        client = HubClient(http, self._pins.station, self._key, self._pins.signing, heard=self._books.clock.heard)
        return SyncLoop(
            Shipper(client, self.outbox, self.acknowledged), Intake(client, self.inbox),
            clock=self._books.now_s, poll_s=self._config.poll, on_closed=on_closed,
        )  # fmt: skip

    def carrier(self) -> Carrier:
        """Who writes sticks and reads them."""
        return Carrier(
            self._pins, self._key, lambda: [keys.load_okp(self._secret, keys.ENCRYPTION)], self.outbox,
            self.acknowledged, self.inbox, lambda: self._books.time.time_ms,
        )  # fmt: skip
