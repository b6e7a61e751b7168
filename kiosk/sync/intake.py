"""Take records in as they come and judge each one; the sink makes them durable before the cursor moves."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Protocol

from kiosk.core.records import Record, RecordError, parse_record, parse_ref
from kiosk.core.release import Withdrawal
from kiosk.crypto import jose
from kiosk.crypto.jose import Fault, SignatureError
from kiosk.crypto.keys import OKPKey
from kiosk.sync.client import HubUnreachable
from kiosk.sync.stream import LINE_BYTES, OVERSIZE, WITHDRAWAL, Item

BATCH, BATCH_BYTES = 20, 2 << 20
"""So many items, or so much of them, are made durable together: one frame."""
MOST = 1000
"""Items that are asked for at once."""
TURN_S = 60.0
"""After so long an answer is left off at the next item: frames wait to be sent meanwhile."""


class Refusal(StrEnum):
    UNSIGNED = "unsigned"
    ALTERED = "altered"
    FOREIGN_LEASE = "foreign-lease"
    SCHEMA = "schema"
    OVERSIZE = "oversize"


GARBLED = frozenset({Refusal.UNSIGNED, Refusal.ALTERED})
"""What one changed byte makes of a record."""


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


@dataclass(frozen=True)
class Withdrawn:
    """The centre has taken the record away."""

    ref: str
    reason: Withdrawal


Judged = Accepted | RefusedRecord | Withdrawn


class ItemSource(Protocol):
    """Where records come from: the link, or a parcel on a stick."""

    @property
    def station(self) -> str: ...

    @property
    def hub_keys(self) -> Sequence[OKPKey]: ...

    def items(self, after: str, limit: int) -> Generator[Item, None, None]:
        """Items behind the cursor, as they come; more than `limit` need not be asked for."""


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

        May be called again with records that it holds already, and with withdrawals that it knows.
        """


def judge(token: str, station: str, hub_keys: Sequence[OKPKey]) -> Accepted | RefusedRecord:
    """Pure. The lease is part of what is signed: a record for another station is refused, whoever sent it."""
    digest = _digest(token)
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


def judge_withdrawal(token: str, station: str, hub_keys: Sequence[OKPKey]) -> Withdrawn | RefusedRecord:
    """Pure. Who could forge one could stop an office: it is believed as a record is."""
    digest = _digest(token)
    try:
        said = jose.verify(token, hub_keys, jose.WITHDRAWAL)
        if said.get("station") != station:
            return RefusedRecord(Refusal.FOREIGN_LEASE, "a withdrawal at another station", digest)
        return Withdrawn(parse_ref(said.get("ref")), Withdrawal(str(said.get("reason"))))
    except SignatureError as exc:
        reason = Refusal.ALTERED if exc.fault is Fault.ALTERED else Refusal.UNSIGNED
        return RefusedRecord(reason, f"a withdrawal: {exc}", digest)
    except ValueError:
        return RefusedRecord(Refusal.SCHEMA, "a withdrawal", digest)


def _digest(token: str) -> str:
    """JSON can say half a character, which no encoding has."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


class Intake:
    """Brings records in, a batch at a time, from an answer that may break off anywhere.

    `monotonic`: seconds. `garbles`: bytes may change on the way, as over a link; a parcel is held to its digest.
    """

    def __init__(
        self, client: ItemSource, sink: RecordSink, monotonic: Callable[[], float] = time.monotonic, *,
        garbles: bool = True,
    ) -> None:  # fmt: skip
        self._client = client
        self._sink = sink
        self._monotonic = monotonic
        self._garbles = garbles
        self._asked_again = ""

    def step(self) -> bool:
        """Take in one answer. True if there may be more at once. Blocks <= a minute, and as HubClient and the sink.

        Each line that came whole is kept, whatever became of the rest; the others come again. So does one that the
        centre did not sign: the same bytes twice are not the line's fault, and are noted as refused.
        """
        wanted = min(MOST, self._sink.room)
        if wanted <= 0:
            self._take_withdrawals()
            return False
        ends = self._monotonic() + TURN_S
        cursor, taken = self._sink.cursor, 0
        items = self._client.items(cursor, wanted)
        batch = _Batch(self._sink)
        try:
            for item in items:
                if int(item.cursor) <= int(cursor or 0):
                    raise HubUnreachable("the centre's list of records leads nowhere")
                judged = self._judge(item)
                self._must_be_as_sent(judged)
                cursor, taken = item.cursor, taken + 1
                batch.add(judged, item)
                if taken == wanted or self._monotonic() > ends:
                    break
        finally:
            items.close()
            batch.keep()
        return taken > 0

    def _must_be_as_sent(self, judged: Judged) -> None:
        """What is refused for good is passed over for good: so not for a byte that changed on the way."""
        if not self._garbles or not isinstance(judged, RefusedRecord) or judged.reason not in GARBLED:
            return
        if judged.digest != self._asked_again:
            self._asked_again = judged.digest
            raise HubUnreachable(f"a record came {judged.reason}: it is asked for once more")

    def _take_withdrawals(self) -> None:
        """Of a station without room: the cursor stays, for records are passed over, and they come again with them."""
        cursor = self._sink.cursor
        items = self._client.items(cursor, 0)
        try:
            judged = [self._judge(item) for item in islice(items, BATCH) if item.kind == WITHDRAWAL]
        finally:
            items.close()
        if withdrawn := [each for each in judged if isinstance(each, Withdrawn)]:
            self._sink.accept(withdrawn, cursor)

    def _judge(self, item: Item) -> Judged:
        if item.kind == WITHDRAWAL:
            return judge_withdrawal(item.token, self._client.station, self._client.hub_keys)
        if item.kind == OVERSIZE:
            return RefusedRecord(Refusal.OVERSIZE, f"more than {LINE_BYTES} bytes", item.token)
        return judge(item.token, self._client.station, self._client.hub_keys)


class _Batch:
    """What is judged and not yet durable."""

    def __init__(self, sink: RecordSink) -> None:
        self._sink = sink
        self._judged: list[Judged] = []
        self._cursor = ""
        self._size = 0

    def add(self, judged: Judged, item: Item) -> None:
        self._judged.append(judged)
        self._cursor = item.cursor
        self._size += len(item.token)
        if len(self._judged) == BATCH or self._size >= BATCH_BYTES:
            self.keep()

    def keep(self) -> None:
        """Nothing if there is nothing. What the sink refuses is forgotten, and comes again."""
        judged, self._judged, self._size = self._judged, [], 0
        if judged:
            self._sink.accept(judged, self._cursor)
