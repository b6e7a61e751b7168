"""Who is let in: a station whose key signed this very request, just now, and just once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from flask import request
from sqlalchemy import Connection

from kiosk.crypto import jose
from kiosk.crypto.jose import Fault, SignatureError
from kiosk.crypto.keys import OKPKey
from kiosk.hub import delivery, rotation, stations
from kiosk.hub.keyring import HubKeys
from kiosk.hub.problems import Problem
from kiosk.hub.rotation import KeysRefused
from kiosk.hub.stations import Signers, Station
from kiosk.hub.store import Store

_SHUT_OUT = frozenset({"superseded", "station-lost", "key-retired"})
_UNTIMELY = frozenset({Fault.EXPIRED, Fault.NOT_YET_VALID})
_TOKEN_ALARMS = {
    "altered": "a token with the station's name and a signature that does not hold",
    "wrong-claims": "a token that the station made for another request, or for another centre",
}


class Caller(NamedTuple):
    """`called_for`: the newest key of the centre's that the station knows. `signers`: its own keys."""

    station: Station
    called_for: str
    signers: Signers


@dataclass(frozen=True)
class Door:
    """`now`: Unix seconds."""

    store: Store
    keys: HubKeys
    now: Callable[[], float]

    def admit(self, station: str, endorsement: str = "", *, late: bool = False) -> Caller:
        """As `inside`, the token spent by itself; what the request changes is committed later, and makes it durable.

        The key that an `endorsement` names may sign too. `late`: also for who knows only a key of the centre's that
        is gone.
        """
        with self.inside(station, endorsement, late=late, hasty=True) as (_, caller):
            return caller

    @contextmanager
    def inside(
        self, station: str, endorsement: str = "", *, late: bool = False, hasty: bool = False
    ) -> Iterator[tuple[Connection, Caller]]:
        """What the body writes is committed with the spent token, neither if it raises. It holds the station's lock.

        Problem 401 or 403, alarmed if somebody speaks who was shut out, or with a token that is not theirs. Not if a
        token comes twice: a network may double a request.
        """
        try:
            with self.store.transaction(hasty=hasty) as connection:
                yield connection, self._verified(connection, station, endorsement, late=late)
        except Problem as problem:
            now_ms = int(self.now() * 1000)
            if problem.reason in _SHUT_OUT:
                delivery.shut_out(self.store, station, problem.reason, now_ms)
            elif problem.reason in _TOKEN_ALARMS:
                delivery.alarm(self.store, station, "token", _TOKEN_ALARMS[problem.reason], now_ms)
            raise

    def _verified(self, connection: Connection, station: str, endorsement: str, *, late: bool) -> Caller:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            raise Problem(401, "unsigned", "a bearer token is missing")
        if not stations.is_id(station):
            raise Problem(401, "unsigned", "no station is called so")
        told = str(jose.claims_of(token).get("aud"))
        called_for = told if self.keys.is_own(told) else self.keys.audience
        wanted = jose.Request.of(station, called_for, request.method, request.path, request.get_data())
        signers = stations.signers(connection, station)
        try:
            coming = _coming(endorsement, station, signers.in_force)
            token_id, expires_s = jose.verify_request(token, wanted, [*signers.in_force, *coming], self.now())
        except SignatureError as exc:
            known_once = self._unverified(connection, station, token, wanted, signers)
            raise known_once or Problem(401, exc.fault.value, str(exc)) from exc
        now_ms = int(self.now() * 1000)
        known = stations.called(connection, station, now_ms, called_for)
        if known is None or known.lost:
            raise Problem(403, "station-lost", "this station was declared lost")
        if not late and called_for not in (self.keys.audience, self.keys.newest):
            raise Problem(401, "centre-key", "a key of the centre's that is retired: status tells the next")
        if not stations.spend_token(connection, station, token_id, expires_s, now_ms):
            raise Problem(401, "replayed", "this token was used before")
        if len(signers.in_force) > 1:
            rotation.used(connection, station, jose.signer(token), now_ms)
        return Caller(known, called_for, signers)

    def _unverified(
        self, connection: Connection, station: str, token: str, wanted: jose.Request, signers: Signers
    ) -> Problem | None:
        """Of a key that was retired: two copies of one station are alive. None if it is of no key known here."""
        for once, problem in (
            (signers.superseded, Problem(403, "superseded", "restored elsewhere: this journal is closed")),
            (signers.replaced, Problem(403, "key-retired", "this key was replaced by another")),
        ):
            try:
                token_id, _ = jose.verify_request(token, wanted, once, self.now())
            except SignatureError as exc:
                if exc.fault in _UNTIMELY:  # with the right time it comes again, and is told
                    return Problem(401, exc.fault.value, str(exc))
                continue
            spent = stations.is_spent(connection, station, token_id)
            return Problem(401, "replayed", "this token was used before") if spent else problem
        return None


def _coming(endorsement: str, station: str, signers: list[OKPKey]) -> list[OKPKey]:
    """The key that a key in force endorsed: of a station that uses it already, while the centre was put back."""
    try:
        return [rotation.endorsed(endorsement, station, signers).successors.signing] if endorsement else []
    except KeysRefused:
        return []
