"""Fetch print-ready records and judge each one; the sink makes them durable before the cursor moves."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from kiosk.core.records import Record, RecordError, parse_record
from kiosk.crypto import jose
from kiosk.crypto.jose import Fault, SignatureError
from kiosk.crypto.keys import OKPKey
from kiosk.sync.client import HubClient, HubUnreachable

PAGE = 20


class Refusal(StrEnum):
    UNSIGNED = "unsigned"
    ALTERED = "altered"
    FOREIGN_LEASE = "foreign-lease"
    SCHEMA = "schema"


@dataclass(frozen=True)
class Accepted:
    """A record that the centre signed and leased to this station. `jws` is the proof, as received."""

    ref: str
    record: Record = field(repr=False)
    jws: str = field(repr=False)


@dataclass(frozen=True)
class RefusedRecord:
    """What must not be printed here. `detail` holds nothing of the content, `digest` is SHA-256 of it, hex.

    The digest is over a signed token with a random reference in it: no NIK can be searched for by it.
    """

    reason: Refusal
    detail: str
    digest: str


Judged = Accepted | RefusedRecord


class RecordSink(Protocol):
    """Where records go."""

    @property
    def cursor(self) -> str:
        """The cursor of the last durable `accept`; "" before the first."""

    @property
    def room(self) -> int:
        """How many more records may be held now."""

    def accept(self, judged: Sequence[Judged], cursor: str) -> None:
        """Make all of them and the cursor durable together, or raise and keep neither.

        May be called again with records that it holds already.
        """


def judge(token: str, station: str, hub_keys: Sequence[OKPKey]) -> Judged:
    """Pure. The lease is part of what is signed: a record for another station is refused, whoever sent it."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    try:
        payload = jose.verify(token, hub_keys, jose.RECORD)
    except SignatureError as exc:
        reasons = {Fault.UNSIGNED: Refusal.UNSIGNED, Fault.ALTERED: Refusal.ALTERED}
        return RefusedRecord(reasons.get(exc.fault, Refusal.SCHEMA), str(exc), digest)
    if payload.get("station") != station:
        return RefusedRecord(Refusal.FOREIGN_LEASE, "leased to another station", digest)
    try:
        record = parse_record(payload)
    except RecordError as exc:
        # The rest of the message may quote the field, and the detail goes into the journal.
        return RefusedRecord(Refusal.SCHEMA, str(exc).partition(":")[0], digest)
    return Accepted(record.ref, record, token)


class Intake:
    """Brings records in, a page at a time."""

    def __init__(self, client: HubClient, sink: RecordSink) -> None:
        self._client = client
        self._sink = sink

    def step(self) -> bool:
        """Fetch one page. True if there may be more at once. Blocks as HubClient and the sink do.

        Whatever fails, the cursor stays and the same page comes again.
        """
        cursor, wanted = self._sink.cursor, min(PAGE, self._sink.room)
        if wanted <= 0:
            return False
        page = self._client.records(cursor, wanted)
        if page.tokens and page.cursor == cursor:
            raise HubUnreachable("the centre's page of records leads nowhere")
        if page.tokens:
            judged = [judge(token, self._client.station, self._client.hub_keys) for token in page.tokens]
            self._sink.accept(judged, page.cursor)
        return len(page.tokens) > 0
