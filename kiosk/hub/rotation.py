"""A station changes its keys: the next are taken beside those in force, which go when the next are first used."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from kiosk.crypto import keys
from kiosk.crypto.endorsement import Endorsement, verify_endorsement
from kiosk.crypto.jose import SignatureError
from kiosk.crypto.keys import OKPKey
from kiosk.errors import KepingError
from kiosk.hub import delivery, stations
from kiosk.hub.schema import retired_keys, station_keys
from kiosk.hub.store import Store

CURVES = (keys.SIGNING, keys.ENCRYPTION)


class KeysRefused(KepingError):
    """The keys stay as they are."""


def endorsed(token: str, station: str, signers: Sequence[OKPKey]) -> Endorsement:
    """What one of the station's keys in force, `signers`, says of the next. KeysRefused."""
    try:
        said = verify_endorsement(token, signers)
    except SignatureError as exc:
        raise KeysRefused(f"not endorsed by a key in force: {exc}") from exc
    if said.position.station != station:
        raise KeysRefused("endorsed for another station")
    return said


def take(store: Store, station: str, token: str, now_ms: int) -> Endorsement:
    """Hold the endorsed keys beside those in force. May be repeated. KeysRefused, delivery.ShutOut.

    Others that were offered before, and never used, go.
    """
    with store.transaction() as connection:
        known = delivery.locked(connection, station)
        said = endorsed(token, station, stations.signers(connection, station).in_force)
        fresh = {keys.SIGNING: said.successors.signing, keys.ENCRYPTION: said.successors.encryption}
        held = {curve: stations.thumbprints(connection, station, curve) for curve in CURVES}
        names = {curve: keys.thumbprint(key) for curve, key in fresh.items()}
        if all(name == held[curve][-1] for curve, name in names.items()):
            return said
        if known.successor_allowed:
            raise KeysRefused("a restore of this station was allowed: its keys change with that")
        stations.drop_keys(connection, station, [each for curve in CURVES for each in held[curve][1:]])
        if _are_known(connection, station, list(names.values())):
            raise KeysRefused("one of these keys was in use before")
        for curve, key in fresh.items():
            stations.bind_key(connection, station, curve, key, now_ms, endorsement=token)
    return said


def used(connection: Connection, station: str, kid: str, now_ms: int) -> None:
    """The key `kid` has signed a request; if it is the newest and endorsed, those before it are retired now.

    The caller holds the station's lock.
    """
    held = {curve: stations.thumbprints(connection, station, curve) for curve in CURVES}
    row = (station_keys.c.station == station) & (station_keys.c.thumbprint == kid)
    endorsement = connection.execute(select(station_keys.c.endorsement).where(row)).scalar()
    if endorsement is None or held[keys.SIGNING][-1] != kid:
        return
    gone = {"station": station, "retired_at": now_ms, "replaced_by": kid}
    before = [each for curve in CURVES for each in held[curve][:-1]]
    connection.execute(insert(retired_keys), [{**gone, "thumbprint": each} for each in before])


def _are_known(connection: Connection, station: str, thumbprints: Sequence[str]) -> bool:
    row = (station_keys.c.station == station) & station_keys.c.thumbprint.in_(thumbprints)
    return connection.execute(select(station_keys.c.thumbprint).where(row)).first() is not None
