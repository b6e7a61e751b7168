"""Turn residents into signed records leased to one station: what the centre's data base would do."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Protocol

from kiosk.core.records import Fields, Reason, Record, Sku, dump_record, parse_record
from kiosk.crypto import jose
from kiosk.crypto.chip import SIGNATURE_FILE, SIGNED_FILES, sign_files
from kiosk.hub.keyring import HubKeys
from kiosk.hub.leases import lease
from kiosk.hub.store import Store


class Resident(Protocol):
    """A person whose card is ready to be made; `chip` holds 6FF0 to 6FF5."""

    @property
    def fields(self) -> Fields: ...
    @property
    def sku(self) -> Sku: ...
    @property
    def reason(self) -> Reason: ...
    @property
    def priority(self) -> int: ...
    @property
    def photo(self) -> bytes: ...
    @property
    def signature(self) -> bytes: ...
    @property
    def chip(self) -> Mapping[str, bytes]: ...
    @property
    def replaces(self) -> str: ...


def issue(
    store: Store,
    keys: HubKeys,
    residents: Iterable[Resident],
    station: str,
    *,
    now_s: float,
    rng: random.Random | None = None,
) -> list[str]:
    """Sign and lease one record for each resident, all or none; return their references in order.

    A reference is 128 random bits from the operating system, or from `rng`: a seeded one makes the same
    records again. One record is in memory at a time. UsageError if the station is not enrolled; RecordError names a
    field that is unfit.
    """
    source = rng or random.SystemRandom()
    refs: list[str] = []
    with store.transaction() as connection:
        for resident in residents:
            record = _record(keys, resident, station, now_s, source)
            token = jose.sign(dump_record(record), keys.signing, jose.RECORD)
            lease(connection, record, token, int(now_s * 1000))
            refs.append(record.ref)
    return refs


def _record(keys: HubKeys, resident: Resident, station: str, now_s: float, source: random.Random) -> Record:
    files = {name: resident.chip[name] for name in SIGNED_FILES}
    record = Record(
        ref=f"{source.getrandbits(128):032x}",
        station=station,
        sku=resident.sku,
        reason=resident.reason,
        priority=resident.priority,
        issued_at=datetime.fromtimestamp(now_s, UTC).isoformat(timespec="seconds"),
        fields=resident.fields,
        photo=resident.photo,
        signature=resident.signature,
        chip={**files, SIGNATURE_FILE: sign_files(keys.chip, files)},
        replaces=resident.replaces,
    )
    return parse_record(dump_record(record))
