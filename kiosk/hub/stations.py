"""Stations as the centre knows them: enrolment by a one-time code, keys, used tokens, loss, alarms."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, Row, bindparam, delete, func, insert, select, update
from sqlalchemy.sql.dml import ReturningInsert

from kiosk.crypto import keys
from kiosk.crypto.keys import OKPKey
from kiosk.errors import Rejected, UsageError
from kiosk.hub.schema import alarms, leases, retired_keys, set_aside_refs, station_keys, stations, tokens
from kiosk.hub.store import Store, insert_unless, lock_station, storable

_STATION_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_CODE_ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ0123456789"
_CODE_LENGTH = 20


# Of each request there are some, so they are made once: to build one costs three times what it costs to ask it.
_NAMED: BindParameter[str] = bindparam("named")
_SIGNERS = (
    select(station_keys.c.jwk, retired_keys.c.thumbprint.label("retired"), retired_keys.c.replaced_by)
    .join(
        retired_keys,
        (retired_keys.c.station == station_keys.c.station) & (retired_keys.c.thumbprint == station_keys.c.thumbprint),
        isouter=True,
    )
    .where(station_keys.c.station == _NAMED, station_keys.c.curve == keys.SIGNING)
    .order_by(station_keys.c.added_at)
)
_CALLED = (
    update(stations)
    .where(stations.c.id == _NAMED)
    .values(last_contact=bindparam("now"), called_for=bindparam("audience"))
    .returning(stations)
)
_EXPIRED = delete(tokens).where(tokens.c.station == _NAMED, tokens.c.expires_s < bindparam("past"))
KEYS_KEPT = 4096


@dataclass(frozen=True)
class Station:
    id: str
    incarnation: str
    successor_allowed: bool
    lost: bool


class Signers(NamedTuple):
    """A station's signing keys, oldest first. `superseded`: of journals that were. `replaced`: by another of the same
    journal."""

    in_force: list[OKPKey]
    superseded: list[OKPKey]
    replaced: list[OKPKey]


class EnrolmentRefused(Rejected):
    """Unknown station, wrong or used code, or a lost station; which of them is not told."""


def is_id(text: str) -> bool:
    """Whether a station could be called so. Anything else is kept away from the data base."""
    return bool(_STATION_ID.fullmatch(text))


def add_station(store: Store, station: str) -> str:
    """Register a station; return its one-time code, "XXXXX-XXXXX-XXXXX-XXXXX", shown this once only.

    A second call before the enrolment replaces the code. UsageError for an unfit id or an enrolled station.
    """
    if not is_id(station):
        raise UsageError(f"station id {station!r}: a-z, 0-9 and hyphens, at most 63")
    code = new_code()
    with store.transaction() as connection:
        new = insert_unless(connection.dialect.name, stations).values(id=station, code_digest="", incarnation="")
        connection.execute(new.values(successor_allowed=False).on_conflict_do_nothing())
        fresh = (stations.c.id == station) & stations.c.enrolled_at.is_(None)
        if not connection.execute(update(stations).where(fresh).values(code_digest=digest(code))).rowcount:
            raise UsageError(f"station {station} is enrolled already; declare it lost to replace it")
    return code


def new_code() -> str:
    code = "".join(secrets.choice(_CODE_ALPHABET) for _ in range(_CODE_LENGTH))
    return "-".join(code[at : at + 5] for at in range(0, _CODE_LENGTH, 5))


def digest(code: str) -> str:
    """A plain hash is enough at rest: the code has 100 random bits, there is nothing to guess."""
    plain = "".join(code.split()).replace("-", "").upper()
    return hashlib.sha256(plain.encode(errors="replace")).hexdigest()


def enrol(store: Store, station: str, code: str, signing: OKPKey, encryption: OKPKey, now_ms: int) -> None:
    """Bind the station's keys. The code works once; the same code with the same key is a repeated request."""
    if not is_id(station):
        raise EnrolmentRefused("station or code is not known here", "enrolment")
    with store.transaction() as connection:
        lock_station(connection, station)
        row = connection.execute(select(stations).where(stations.c.id == station)).first()
        known = row is not None and hmac.compare_digest(row.code_digest, digest(code))
        if row is None or not known or row.lost_at is not None:
            raise EnrolmentRefused("station or code is not known here", "enrolment")
        if row.enrolled_at is not None:
            held = thumbprints(connection, station, keys.SIGNING)
            if keys.thumbprint(signing) in held:
                return
            if not row.successor_allowed or len(held) > 1:
                raise EnrolmentRefused("station or code is not known here", "enrolment")
        connection.execute(update(stations).where(stations.c.id == station).values(enrolled_at=now_ms))
        for curve, key in ((keys.SIGNING, signing), (keys.ENCRYPTION, encryption)):
            bind_key(connection, station, curve, key, now_ms)


def bind_key(
    connection: Connection, station: str, curve: str, key: OKPKey, now_ms: int, endorsement: str | None = None
) -> None:
    """From now on it is in force, and the newest, also where the clock has not moved since the last one."""
    last = select(func.max(station_keys.c.added_at)).where(
        station_keys.c.station == station, station_keys.c.curve == curve
    )
    before = connection.execute(last).scalar()
    row = {"station": station, "curve": curve, "thumbprint": keys.thumbprint(key), "endorsement": endorsement}
    added_at = now_ms if before is None else max(now_ms, before + 1)
    jwk = json.dumps(keys.public_jwk(key))
    connection.execute(insert(station_keys).values(**row, jwk=jwk, added_at=added_at))


def drop_keys(connection: Connection, station: str, thumbprints: Sequence[str]) -> None:
    """Away with keys that were bound and never used."""
    row = (station_keys.c.station == station) & station_keys.c.thumbprint.in_(thumbprints)
    connection.execute(delete(station_keys).where(row))


def find(connection: Connection, station: str, *, lock: bool = False) -> Station | None:
    """None if it is not enrolled. `lock`: as `lock_station`, and in the same statement."""
    wanted = select(stations).where(stations.c.id == station)
    return _enrolled(connection.execute(wanted.with_for_update() if lock else wanted).first())


def _enrolled(row: Row[Any] | None) -> Station | None:
    if row is None or row.enrolled_at is None:
        return None
    return Station(row.id, row.incarnation, row.successor_allowed, row.lost_at is not None)


def signers(connection: Connection, station: str) -> Signers:
    """None of a station that is not enrolled."""
    found = Signers([], [], [])
    for row in connection.execute(_SIGNERS, {"named": station}):
        kind = (
            found.in_force if row.retired is None else found.superseded if row.replaced_by is None else found.replaced
        )
        kind.append(_public(row.jwk))
    return found


@lru_cache(KEYS_KEPT)
def _public(jwk: str) -> OKPKey:
    return keys.import_public(json.loads(jwk), keys.SIGNING)


def thumbprints(connection: Connection, station: str, curve: str) -> list[str]:
    """Of the keys in force, oldest first."""
    gone = select(retired_keys.c.thumbprint).where(retired_keys.c.station == station)
    rows = connection.execute(
        select(station_keys.c.thumbprint)
        .where(station_keys.c.station == station, station_keys.c.curve == curve)
        .where(station_keys.c.thumbprint.not_in(gone))
        .order_by(station_keys.c.added_at)
    )
    return [row.thumbprint for row in rows]


def encryption_key(connection: Connection, station: str) -> OKPKey:
    """The newest in force: what goes to the station on a stick is sealed for it. LookupError if there is none."""
    newest = thumbprints(connection, station, keys.ENCRYPTION)[-1]
    row = (station_keys.c.station == station) & (station_keys.c.thumbprint == newest)
    return keys.import_public(
        json.loads(connection.execute(select(station_keys.c.jwk).where(row)).scalar_one()), keys.ENCRYPTION
    )


def is_spent(connection: Connection, station: str, token_id: str) -> bool:
    """The request token was used before."""
    row = (tokens.c.station == station) & (tokens.c.token_id == storable(token_id))
    return connection.execute(select(tokens.c.token_id).where(row)).first() is not None


def called(connection: Connection, station: str, now_ms: int, called_for: str) -> Station | None:
    """Note that it called, and the centre's key that it named; as `find`, and its lock is held from here on."""
    return _enrolled(connection.execute(_CALLED, {"named": station, "now": now_ms, "audience": called_for}).first())


def spend_token(connection: Connection, station: str, token_id: str, expires_s: int, now_ms: int) -> bool:
    """Note a request token as used; False if it was used before. Forgets the station's that have expired anyway.

    The caller holds the station's lock.
    """
    connection.execute(_EXPIRED, {"named": station, "past": now_ms // 1000 - 3600})
    spent = {"station": station, "token_id": storable(token_id), "expires_s": expires_s}
    return connection.execute(_spent(connection.dialect.name), spent).first() is not None


@cache
def _spent(dialect: str) -> ReturningInsert[Any]:
    return insert_unless(dialect, tokens).on_conflict_do_nothing().returning(tokens.c.token_id)


def note_known(connection: Connection, station: str, called_for: str) -> None:
    """It knows that key of the centre's."""
    connection.execute(update(stations).where(stations.c.id == station).values(called_for=called_for))


def called_for(connection: Connection, station: str) -> str:
    """The key of the centre's that the station named last, empty if it never did."""
    return connection.execute(select(stations.c.called_for).where(stations.c.id == station)).scalar() or ""


def behind(connection: Connection, newest: str) -> list[str]:
    """Stations that are at work and have not named this key of the centre's, by id."""
    named = func.coalesce(stations.c.called_for, "")
    at_work = stations.c.enrolled_at.is_not(None) & stations.c.lost_at.is_(None)
    rows = connection.execute(select(stations.c.id).where(at_work, named != newest).order_by(stations.c.id))
    return [row.id for row in rows]


def leave_behind(store: Store, names: Sequence[str], by: str, reason: str, now_ms: int) -> None:
    """Put on record who lets the centre's key go that these stations know."""
    detail = f"did not know the centre's next key when {by} let the old one go: {reason}"
    with store.transaction() as connection:
        for station in names:
            raise_alarm(connection, station, "left-behind", detail, now_ms)


def allow_successor(store: Store, station: str) -> None:
    """The centre's consent that this station, restored after a lost disk, opens one new incarnation."""
    with store.transaction() as connection:
        lock_station(connection, station)
        if find(connection, station) is None:
            raise UsageError(f"station {station} is not enrolled")
        connection.execute(update(stations).where(stations.c.id == station).values(successor_allowed=True))


def declare_lost(store: Store, station: str, now_ms: int) -> int:
    """A person's decree: the station is gone. Its keys stop working, its unprinted leases are revoked.

    Not those of which a frame speaks that is set aside: it may say that they are printed. May be repeated.
    Returns how many records may be leased elsewhere now.
    """
    untold = select(set_aside_refs.c.ref).where(set_aside_refs.c.station == station)
    with store.transaction() as connection:
        lock_station(connection, station)
        if find(connection, station) is None:
            raise UsageError(f"station {station} is not enrolled")
        connection.execute(update(stations).where(stations.c.id == station).values(lost_at=now_ms))
        return connection.execute(
            update(leases)
            .where(leases.c.station == station, leases.c.state.in_(("waiting", "arrived")))
            .where(leases.c.ref.not_in(untold))
            .values(state="revoked", changed_at=now_ms)
        ).rowcount


def raise_alarm(connection: Connection, station: str, kind: str, detail: str, now_ms: int) -> None:
    """Record what a person at the centre must look at."""
    row = {"station": station, "kind": kind, "detail": storable(detail)[:300]}
    raised = insert_unless(connection.dialect.name, alarms).values(**row, first_at=now_ms, last_at=now_ms, times=1)
    again = {"last_at": now_ms, "times": alarms.c.times + 1}
    connection.execute(raised.on_conflict_do_update(index_elements=list(row), set_=again))
