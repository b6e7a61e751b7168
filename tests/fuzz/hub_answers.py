"""What a station's client may be answered, by a centre, a proxy or somebody in between: believed only if signed."""

from __future__ import annotations

import json
from functools import partial
from random import Random
from typing import Any

import httpx

from kiosk.crypto import jose, keys
from kiosk.crypto.checkpoint import Position, sign_receipt
from kiosk.crypto.endorsement import Successors
from kiosk.sync.client import HubClient, HubRefused, HubUnreachable, UntrustedAnswer, connect
from kiosk.sync.intake import Accepted, Withdrawn, judge, judge_withdrawal
from kiosk.sync.stream import NDJSON, WITHDRAWAL
from tests.fuzz.engine import Finding, mutated
from tests.samples import sample_payload

STATION, NOW = "kupang-1", 1_800_000_000.0
POSITION = Position(STATION, "00000000000000a1", 3, "ab" * 32)
HEADERS = {
    "Content-Type": [NDJSON, "application/json", "application/problem+json", "text/html; charset=utf-9", "\xff"],
    "Date": ["Fri, 15 Jan 2027 08:00:00 GMT",
             "Fri, 15 Jan 99999999999999999999 08:00:00 GMT", "x", "", "1 Jan 0001 00:00"],
    "Retry-After": ["7", "9" * 30, "Fri, 15 Jan 2027 08:01:40 GMT", "-1", "\xb2"],
    "Set-Cookie": ["a=b", "=; Max-Age=x; expires=9"],
    "Location": ["http://[", "https://elsewhere.example"],
}  # fmt: skip


class HubAnswers:
    """One case: status, headers and body of every answer."""

    budget = 1_000_000
    declared = (HubUnreachable, HubRefused, UntrustedAnswer)
    secrets = ()

    def __init__(self, directory: object = None) -> None:
        self._hub, own = keys.generate_signing(), keys.generate_signing()
        self._public = keys.import_public(keys.public_jwk(self._hub), keys.SIGNING)
        self._coming = Successors(keys.generate_signing(), keys.generate_encryption())
        self._answer = httpx.Response(200)
        http = connect("http://localhost", transport=httpx.MockTransport(lambda _: self._answer))
        self._client = HubClient(http, STATION, own, [self._public], clock=lambda: NOW)
        self._receipt = sign_receipt(POSITION, self._hub)
        held = {
            "station": STATION, "signing": keys.thumbprint(self._coming.signing),
            "encryption": keys.thumbprint(self._coming.encryption),
        }  # fmt: skip
        self._record = jose.sign({**sample_payload(), "station": STATION}, self._hub, jose.RECORD)
        taken = jose.sign({"station": STATION, "ref": "0" * 32, "reason": "moved"}, self._hub, jose.WITHDRAWAL)
        lines = [{"cursor": "1", "record": self._record}, {"cursor": "2", "withdrawal": taken}]
        self._bodies = [
            json.dumps({"receipt": self._receipt, "announcements": ["x"]}).encode(),
            json.dumps({"keys": jose.sign(held, self._hub, jose.KEYS)}).encode(),
            json.dumps({"reason": "expired", "detail": "late", "expected_seq": 4}).encode(),
            b"".join(json.dumps(each).encode() + b"\n" for each in lines),
        ]

    def case(self, random: Random) -> bytes:
        calls = ("position", "ship", "items", "change_keys")
        at = random.randrange(4)
        headers = {name: random.choice(values) for name, values in HEADERS.items() if random.random() < 0.3}
        status = random.choice((200, 200, 200, 200, 401, 403, 409, 429, 302, 204, 500, 599))
        if random.random() < 0.8:
            headers["Content-Type"] = NDJSON if at == 2 else "application/json"
        if random.random() < 0.02:
            headers["Content-Encoding"] = random.choice(("gzip", "identity"))
        if "Date" in headers and random.random() < 0.5:
            headers["Date"] = mutated(random, headers["Date"].encode()).decode("latin-1")
        body = random.choice(self._bodies) if random.random() < 0.1 else self._bodies[(0, 0, 3, 1)[at]]
        if status != 200 and random.random() < 0.7:
            headers["Content-Type"], body = "application/problem+json", self._bodies[2]
        told = {"call": calls[at], "status": status, "headers": headers, "body": mutated(random, body).hex()}
        return json.dumps(told).encode()

    def hold(self, case: bytes) -> str:
        told: dict[str, Any] = json.loads(case)
        body = bytes.fromhex(told["body"])
        headers = [(name.encode(), value.encode("latin-1")) for name, value in told["headers"].items()]
        self._answer = httpx.Response(told["status"], headers=headers, stream=httpx.ByteStream(body))
        call = {
            "position": self._client.position, "ship": partial(self._client.ship, [b"{}\n"], "x.y.z"),
            "items": self._items, "change_keys": partial(self._client.change_keys, "x.y.z", self._coming),
        }[told["call"]]  # fmt: skip
        receipt = call()
        if told["call"] in ("position", "ship") and receipt.position != POSITION:  # type: ignore[union-attr]
            raise Finding(f"believed {receipt}")
        return str(told["call"])

    def _items(self) -> None:
        """Each is judged, as the intake does."""
        for item in self._client.items("", 5):
            judged = (judge_withdrawal if item.kind == WITHDRAWAL else judge)(item.token, STATION, [self._public])
            if isinstance(judged, Accepted) and judged.jws != self._record:
                raise Finding("a record that nobody signed")
            if isinstance(judged, Withdrawn) and judged.ref != "0" * 32:
                raise Finding("a withdrawal that nobody signed")

    def close(self) -> None:
        self._client.close()
