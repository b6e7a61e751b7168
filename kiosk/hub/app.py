"""The centre's HTTP interface: enrolment, records, journal, status (docs/openapi.yaml).

Every request but the enrolment and the public stock line carries a bearer token that fits this one request and passes
once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from email.utils import formatdate
from typing import Any

from flask import Flask, Response, jsonify, request

from kiosk.crypto import jose, keys
from kiosk.crypto.checkpoint import Position, sign_receipt
from kiosk.crypto.keys import OKPKey
from kiosk.hub import acceptance, delivery, listing, problems, rotation, stations, succession
from kiosk.hub.acceptance import BadFrames, ChainConflict
from kiosk.hub.delivery import BadCheckpoint, ShutOut
from kiosk.hub.door import Caller, Door
from kiosk.hub.keyring import HubKeys
from kiosk.hub.problems import Problem
from kiosk.hub.rotation import KeysRefused
from kiosk.hub.stations import EnrolmentRefused
from kiosk.hub.stockline import Busy, PublicLine
from kiosk.hub.store import Store

BODY_BYTES = 4 << 20
ENROL_BYTES = 16 << 10
CHECKPOINT_HEADER = "Keping-Checkpoint"
LINES, MOST_LINES = 100, 1000
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INCARNATION = re.compile(r"[0-9a-f]{16}")


def create_app(store: Store, keys: HubKeys, now: Callable[[], float], zone: str = "wita") -> Flask:
    """`now`: Unix time in seconds; it judges tokens, stamps rows and goes out in the Date header.

    `zone`: in which the public day begins, a key of `kiosk.hub.register.ZONES`.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES
    app.url_map.merge_slashes = False  # nobody is led on to another path than the one that was signed
    problems.register(app)
    centre = _Centre(store, keys, now)
    line = PublicLine(store, zone, now)
    app.add_url_rule("/v1/stock-line", "stock_line", lambda: _stock_line(line))
    app.add_url_rule("/v1/enrol", view_func=centre.enrol, methods=["POST"])
    for name, view, method in (
        ("records", centre.records, "GET"),
        ("journal", centre.journal, "POST"),
        ("status", centre.status, "GET"),
        ("keys", centre.change_keys, "PUT"),
        ("incarnations", centre.incarnations, "GET"),
        ("incarnations/<incarnation>", centre.frames, "GET"),
        ("incarnations/<incarnation>", centre.succeed, "PUT"),
    ):
        app.add_url_rule(f"/v1/stations/<station>/{name}", view_func=view, methods=[method])

    app.before_request(keys.refresh)

    @app.after_request
    def stamp(response: Response) -> Response:
        """Stations without a clock of their own take the time from here."""
        response.headers["Date"] = formatdate(now(), usegmt=True)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return app


@dataclass(frozen=True)
class _Centre:
    store: Store
    keys: HubKeys
    now: Callable[[], float]

    @property
    def _door(self) -> Door:
        return Door(self.store, self.keys, self.now)

    @property
    def now_ms(self) -> int:
        return int(self.now() * 1000)

    def enrol(self) -> Response:
        request.max_content_length = ENROL_BYTES
        asked = _json_object(request.get_data())
        try:
            signing = keys.import_public(asked.get("signing_key"), keys.SIGNING)
            encryption = keys.import_public(asked.get("encryption_key"), keys.ENCRYPTION)
        except keys.KeyFormatError as exc:
            raise Problem(400, "key-format", str(exc)) from exc
        station = str(asked.get("station"))
        try:
            stations.enrol(self.store, station, str(asked.get("code")), signing, encryption, self.now_ms)
        except EnrolmentRefused as exc:
            raise Problem(403, exc.reason, str(exc)) from exc
        return jsonify(
            station=station, signing_key=keys.public_jwk(self.keys.signing), enrolment=self._word(station, signing)
        )

    def _word(self, station: str, signing: OKPKey) -> str:
        """All of the centre's keys, signed: who trusts the signing key may trust the others."""
        said = {
            "station": station, "for": keys.thumbprint(signing),
            "encryption_key": keys.public_jwk(self.keys.encryption),
            "chip_key": keys.public_jwk(self.keys.chip),
        }  # fmt: skip
        return jose.sign(said, self.keys.signing, jose.ENROLMENT)

    def records(self, station: str) -> Response:
        self._door.admit(station)
        after = _number("after", 0, 0, 1 << 62) if _query("after") else 0
        limit = _number("limit", LINES, 0, MOST_LINES)
        given = listing.lines(self.store, station, after, limit, self.keys.renewed)
        return Response(given, content_type="application/x-ndjson")

    def status(self, station: str) -> Response:
        """A receipt for what is held of the station's current incarnation (its name empty if of none)."""
        caller = self._door.admit(station, late=True)
        with self.store.snapshot() as connection:
            held = acceptance.position_of(connection, station, caller.station.incarnation)
        return self._receipt(held, caller)

    def _receipt(self, held: Position, caller: Caller) -> Response:
        """With what the station does not know yet of the centre's keys."""
        news = self.keys.news_for(caller.called_for)
        told = {"announcements": news} if news else {}
        return jsonify(receipt=sign_receipt(held, self.keys.signing), **told)

    def change_keys(self, station: str) -> Response:
        """Hold the keys that the station's endorsement names; they count from their first use."""
        endorsement = str(_json_object(request.get_data()).get("endorsement"))
        self._door.admit(station, endorsement)
        try:
            coming = rotation.take(self.store, station, endorsement, self.now_ms).successors
        except KeysRefused as exc:
            raise Problem(403, "keys", str(exc)) from exc
        except ShutOut as exc:
            raise Problem(403, exc.reason, str(exc)) from exc
        held = {
            "station": station, "signing": keys.thumbprint(coming.signing),
            "encryption": keys.thumbprint(coming.encryption),
        }  # fmt: skip
        return jsonify(keys=jose.sign(held, self.keys.signing, jose.KEYS))

    def incarnations(self, station: str) -> Response:
        """Every journal of the station, oldest first."""
        self._door.admit(station)
        with self.store.snapshot() as connection:
            found = succession.incarnations(connection, station)
        return jsonify(
            incarnations=[
                {"incarnation": each.name, "seq": each.seq, "head": each.head, "continues": each.before,
                 "closed": each.closed} for each in found
            ]
        )  # fmt: skip

    def frames(self, station: str, incarnation: str) -> Response:
        """What a station that lost its disk had delivered before, line by line."""
        self._door.admit(station)
        after = _number("after", 0, 0, 1 << 62)
        _check_incarnation(incarnation)
        with self.store.snapshot() as connection:
            return jsonify(frames=succession.lines(connection, station, incarnation, after))

    def succeed(self, station: str, incarnation: str) -> Response:
        """Close the open journal where the station says that it ends; `incarnation` follows."""
        self._door.admit(station)
        asked = _json_object(request.get_data())
        end = _end(station, asked)
        _check_incarnation(incarnation)
        try:
            with self.store.transaction() as connection:
                delivery.locked(connection, station)
                given = succession.succeed(connection, station, incarnation, end, self.now_ms)
        except ShutOut as exc:
            raise Problem(403, exc.reason, str(exc)) from exc
        except ChainConflict as exc:
            raise self._refusal(station, exc) from exc
        said = {
            "station": station, "incarnation": incarnation, "continues": given.before.incarnation,
            "seq": given.before.seq, "head": given.before.head, "leases": given.leases, "cursor": str(given.cursor),
        }  # fmt: skip
        return jsonify(succession=jose.sign(said, self.keys.signing, jose.SUCCESSION))

    def journal(self, station: str) -> Response:
        body, token = request.get_data(), request.headers.get(CHECKPOINT_HEADER, "")
        if body and not body.endswith(b"\n"):
            self._door.admit(station)
            raise Problem(400, "partial-line", "the body ends inside a frame; nothing was applied")
        lines = [line + b"\n" for line in body.split(b"\n")[:-1]]
        try:
            with self._door.inside(station) as (connection, caller):
                held = delivery.apply(connection, caller.station, caller.signers, lines, token, self.now_ms)
        except (BadFrames, BadCheckpoint, ChainConflict) as exc:
            self._door.admit(station)  # the frames took their token back with them
            raise self._refusal(station, exc) from exc
        return self._receipt(held, caller)

    def _refusal(self, station: str, refused: BadFrames | BadCheckpoint | ChainConflict) -> Problem:
        """A conflict is alarmed."""
        if isinstance(refused, BadFrames):
            return Problem(400, "bad-frames", f"{refused}; nothing was applied")
        if isinstance(refused, BadCheckpoint):
            return Problem(400, "checkpoint", f"{CHECKPOINT_HEADER}: {refused}")
        delivery.alarm(self.store, station, refused.reason, str(refused), self.now_ms)
        held = refused.position
        return Problem(
            409, refused.reason, str(refused),
            expected_seq=held.seq + 1, head=held.head, incarnation=held.incarnation,
        )  # fmt: skip


def _end(station: str, asked: dict[str, Any]) -> Position:
    match asked:
        case {"incarnation": str(incarnation), "seq": int(seq), "head": str(head)}:
            return Position(station, incarnation, seq, head)
    raise Problem(400, "bad-query", "expected incarnation, seq and head of the end")


def _check_incarnation(incarnation: str) -> None:
    if not _INCARNATION.fullmatch(incarnation):
        raise Problem(400, "bad-query", "incarnation: 16 hex digits")


def _stock_line(line: PublicLine) -> Response:
    text = _query("date")
    if text and not _DATE.fullmatch(text):
        raise Problem(400, "bad-query", "date: YYYY-MM-DD")
    try:
        return jsonify(line.of(date.fromisoformat(text) if text else None).plain)
    except ValueError as exc:
        raise Problem(400, "bad-query", f"date: {exc}") from exc
    except Busy as exc:
        raise Problem(503, "busy", "another day is being counted") from exc


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise Problem(400, "not-json", "expected a JSON object") from exc
    if not isinstance(value, dict):
        raise Problem(400, "not-json", "expected a JSON object")
    return value


def _query(name: str, absent: str = "") -> str:
    """Said twice it means one thing here and maybe another to what stands between."""
    said = request.args.getlist(name)
    if len(said) > 1:
        raise Problem(400, "bad-query", f"{name}: once")
    return said[0] if said else absent


def _number(name: str, default: int, low: int, high: int) -> int:
    text = _query(name, str(default))
    if not re.fullmatch(r"[0-9]{1,19}", text) or not low <= int(text) <= high:
        raise Problem(400, "bad-query", f"{name}: a whole number from {low} to {high}")
    return int(text)
