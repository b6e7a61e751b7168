"""One delivery of a station's frames, whether it came by the link or on a stick: the same checks, the same alarms."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from kiosk.crypto.checkpoint import Checkpoint, Position, verify_checkpoint
from kiosk.crypto.jose import SignatureError
from kiosk.errors import Rejected
from kiosk.hub import acceptance, leases, stations
from kiosk.hub.acceptance import ChainConflict, Delivery
from kiosk.hub.stations import Signers, Station
from kiosk.hub.store import Store


class ShutOut(Rejected):
    """Nothing is taken of this station, or of who signs so. `reason`: station-lost, superseded, key-retired."""


class BadCheckpoint(ValueError):
    """The signed word that came with the frames is none of this station's."""


def deliver(store: Store, station: str, lines: Sequence[bytes], token: str, now_ms: int) -> None:
    """`apply` in a transaction of its own. Nothing was applied with what it raises, or ShutOut; a ChainConflict was
    alarmed."""
    try:
        with store.transaction() as connection:
            known = locked(connection, station)
            apply(connection, known, stations.signers(connection, station), lines, token, now_ms)
    except ChainConflict as conflict:
        alarm(store, station, conflict.reason, str(conflict), now_ms)
        raise


def apply(
    connection: Connection, station: Station, signers: Signers, lines: Sequence[bytes], token: str, now_ms: int
) -> Position:
    """Apply what is new of whole lines under the station's signed checkpoint `token`; what is held then.

    The caller holds the station's lock. Roll back with BadCheckpoint, acceptance.BadFrames, or ChainConflict, which
    is to be alarmed then.
    """
    checkpoint = _checkpoint(station.id, signers, token)
    return acceptance.accept(connection, station, Delivery(lines, checkpoint, token), now_ms)


def locked(connection: Connection, station: str) -> Station:
    """The station, nobody else working on it until the transaction ends. ShutOut if it was declared lost."""
    known = stations.find(connection, station, lock=True)
    if known is None or known.lost:
        raise ShutOut("this station was declared lost", "station-lost")
    return known


def shut_out(store: Store, station: str, reason: str, now_ms: int) -> None:
    """Whoever was shut out and speaks has a printer, and records: what it printed since, nobody here will be told."""
    detail = "a disk that was replaced still speaks for the station"
    if reason == "key-retired":
        detail = "a key that was replaced still signs for the station: of a copy of its disk"
    elif reason == "station-lost":
        with store.snapshot() as connection:
            elsewhere = leases.given_elsewhere(connection, station)
        detail = f"it speaks, though it was declared lost; records of it at other stations: {elsewhere}"
    alarm(store, station, reason, detail, now_ms)


def alarm(store: Store, station: str, kind: str, detail: str, now_ms: int) -> None:
    """A refusal rolls everything back, so its alarm is a transaction of its own."""
    with store.transaction() as connection:
        stations.raise_alarm(connection, station, kind, detail, now_ms)


def _checkpoint(station: str, signers: Signers, token: str) -> Checkpoint:
    """Who brings it has shown that they hold a key in force; it may have been signed before that one was."""
    try:
        checkpoint = verify_checkpoint(token, [*signers.in_force, *signers.replaced])
    except SignatureError as exc:
        raise BadCheckpoint(str(exc)) from exc
    if checkpoint.position.station != station:
        raise BadCheckpoint("of another station")
    return checkpoint
