"""What may be sent to the centre: without a key, with a token that was overheard, with a station's key and a fault.

Nothing answers 5xx. What is refused changed nothing. What was acknowledged is held, is the station's own chain, and
stays; a frame that is sound in the chain is taken, whatever it says, or its station could never send again.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from urllib.parse import unquote

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from kiosk.core.frames import ZERO_HEAD
from kiosk.core.records import parse_record
from kiosk.crypto.checkpoint import Position, verify_receipt
from kiosk.hub import aside
from kiosk.hub.issue import issue
from kiosk.hub.schema import frames, leases
from kiosk.hub.status import status
from kiosk.sync.stream import read_items
from tests.fuzz.engine import Finding
from tests.fuzz.intake_requests import CALLS, SPOILS, Asked, held
from tests.hub.conftest import STATION, Hub, enrolled
from tests.samples import FIELDS, sample_payload

HUB_CASES, LEASED = 150, 5
"""A hub's journal grows with each case, and slows it down."""


class Refused(Exception):
    """The centre's own refusal: the whole document, its reason."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


class Intake:
    """One case: what is asked for, what is wrong with the request, and the seed of both."""

    budget = 3_000_000
    declared = (Refused,)

    def __init__(self, directory: Path) -> None:
        self._directory, self._made, self._left = directory, 0, 0
        self._hub = self._begin()

    def _begin(self) -> Hub:
        self._made, self._left = self._made + 1, HUB_CASES
        place = self._directory / str(self._made)
        place.mkdir()
        hub = enrolled(place)
        hub.http.application.config["PROPAGATE_EXCEPTIONS"] = True
        issue(
            hub.store, hub.keys, [parse_record(sample_payload()) for _ in range(LEASED)], STATION, now_s=hub.clock()
        )
        own = (hub.key, hub.keys.signing, hub.keys.encryption, hub.keys.chip)
        self.secrets = (
            FIELDS["nik"],
            FIELDS["nama"],
            "Traceback",
            *(str(each.as_dict(private=True)["d"]) for each in own),
        )
        return hub

    def case(self, random: Random) -> bytes:
        told = {
            "call": random.choice([*CALLS, "journal", "journal"]), "spoil": random.choice(["", "", "", *SPOILS]),
            "seed": random.getrandbits(32),
        }  # fmt: skip
        return json.dumps(told).encode()

    def hold(self, case: bytes) -> str:
        told = json.loads(case)
        if self._left <= 0:
            self._hub.store.close()
            self._hub = self._begin()
        hub, left, self._left = self._hub, self._left - 1, 0
        random, before = Random(told["seed"]), held(hub)
        asked = CALLS[told["call"]](random, hub)
        token = hub.token(asked.method, unquote(asked.path), asked.body)
        sent, spoilt = SPOILS[told["spoil"]](random, hub, asked, token) if told["spoil"] else (asked, token)
        answer = _send(hub, sent, spoilt)
        self._must_hold(hub, before)
        if told["call"] == "hostile":
            aside.apply(hub.store, 0)
            status(hub.store)
        if answer.status_code == 200:
            _must_be_right(hub, answer, told["call"], spoilt)
            if told["call"] != "anywhere" and _send(hub, sent, spoilt).status_code != 401:
                raise Finding("a token that passed twice")
            self._left = left
            return str(told["call"])
        _must_have_changed_nothing(hub, before, sent, answer)
        self._left = left
        raise Refused(answer.text, _reason(answer, sent.method))

    def _must_hold(self, hub: Hub, before: Position) -> None:
        now = held(hub)
        if now.seq < before.seq or now.seq > hub.journal.last_seq:
            raise Finding(f"{before.seq} were held, {now.seq} are")
        if now.head != (hub.journal.frames[now.seq - 1].head if now.seq else ZERO_HEAD):
            raise Finding("another chain is held")
        with hub.store.snapshot() as connection:
            count = connection.execute(select(func.count()).select_from(frames)).scalar_one()
            leased = connection.execute(select(func.count()).select_from(leases)).scalar_one()
        if (count, leased) != (now.seq, LEASED):
            raise Finding(f"{count} frames, {leased} records")

    def close(self) -> None:
        self._hub.store.close()


def _send(hub: Hub, asked: Asked, token: str) -> TestResponse:
    return hub.http.open(
        asked.path + asked.query, method=asked.method, data=asked.body,
        headers={"Authorization": f"Bearer {token}", **asked.headers},
    )  # fmt: skip


def _reason(answer: TestResponse, method: str) -> str:
    if answer.status_code >= 500 or answer.content_type != "application/problem+json":
        raise Finding(f"{answer.status_code} {answer.content_type}")
    if method == "HEAD":
        return "head"
    said = json.loads(answer.text)
    if said["status"] != answer.status_code or not said["reason"] or not said["detail"]:
        raise Finding(f"a refusal that says nothing: {answer.text[:200]}")
    return str(said["reason"])


def _must_be_right(hub: Hub, answer: TestResponse, call: str, token: str) -> None:
    """What is said with 200 is so."""
    if call == "records":
        cursors = [int(item.cursor) for item in read_items([answer.data])]
        if cursors != sorted(set(cursors)) or len(cursors) > LEASED:
            raise Finding(f"items {cursors}")
    elif call in ("journal", "status", "hostile"):
        receipt = verify_receipt(answer.get_json()["receipt"], [hub.keys.signing])
        if (receipt.seq, receipt.head) != (held(hub).seq, held(hub).head):
            raise Finding(f"a receipt for {receipt}")


def _must_have_changed_nothing(hub: Hub, before: Position, sent: Asked, answer: TestResponse) -> None:
    if held(hub) != before:
        raise Finding(f"refused, and {held(hub).seq - before.seq} frames were kept")
    if "hostile" in sent.headers.get("X-Case", "") and _reason(answer, sent.method) == "bad-frames":
        raise Finding(f"a frame that is sound in the chain is refused: {answer.text[:300]}")
