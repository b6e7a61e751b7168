"""What may be sent to the centre: without a key, with a token that was overheard, with a station's key and a fault.

Nothing answers 5xx. What is refused changed nothing. What was acknowledged is held, is the station's own chain, and
stays; a frame that is sound in the chain is taken, whatever it says, or its station could never send again.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import unquote

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from kiosk.core.frames import ZERO_HEAD, Frame, FrameError, Stamp, chain, parse_link
from kiosk.core.records import parse_record
from kiosk.crypto import jose, keys
from kiosk.crypto.checkpoint import Checkpoint, Position, sign_checkpoint, verify_receipt
from kiosk.crypto.endorsement import Endorsement, Successors, sign_endorsement
from kiosk.hub import acceptance, aside
from kiosk.hub.issue import issue
from kiosk.hub.schema import frames, leases
from kiosk.hub.status import status
from kiosk.sync.stream import read_items
from tests.fuzz.engine import AWKWARD, Finding, mutated
from tests.hub.conftest import STATION, Hub, enrolled
from tests.samples import FIELDS, sample_payload

GOLDEN = [
    line for path in sorted(Path("tests/golden/journal-v1").iterdir()) for line in path.read_bytes().splitlines()
]
RECORDS = [line.partition(b'"r":')[2][:-1].partition(b",")[2] for line in GOLDEN]
"""What frames of every kind say behind their number."""
HUB_CASES, LEASED = 150, 5
"""A hub's journal grows with each case, and slows it down."""
PATHS = ("", "%00", "..", "%2e%2e%2f", "\u212a", "a" * 64, "%ff", "*", "'--", "0" * 16, "A" * 16, "x%0aWARNING")
NUMBERS = ("0", "3", "-1", "", "1e3", "9" * 18, "9" * 19, "9" * 5_000, "\u0661", "%00", "+1", "0x1")
HEADERS = {
    "Content-Type": ("application/json", "application/x-ndjson", "multipart/form-data", "text/html; charset=utf-9"),
    "Content-Encoding": ("gzip", "deflate", "br", "identity", "x" * 300),
    "Transfer-Encoding": ("chunked", "gzip, chunked", "x"),
    "Content-Length": ("0", "-1", "9" * 20, "x"),
    "Keping-Checkpoint": ("", "a.b.c", "\xff", "x" * 9_000), "Host": ("elsewhere.example", "[", ""),
    "Range": ("bytes=0-9",), "Expect": ("100-continue",), "X-Forwarded-For": ("::1", "\xff"),
    "X-HTTP-Method-Override": ("PUT",), "Accept": ("\xff", "*/*;q=x"), "If-None-Match": ("*",),
    "Cookie": ("=\xff;;",),
}  # fmt: skip


class Refused(Exception):
    """The centre's own refusal: the whole document, its reason."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    body: bytes = b""
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)


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
        random, before = Random(told["seed"]), _held(hub)
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
        now = _held(hub)
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


def _held(hub: Hub) -> Position:
    with hub.store.snapshot() as connection:
        return acceptance.position_of(connection, STATION, hub.journal.incarnation)


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
        if (receipt.seq, receipt.head) != (_held(hub).seq, _held(hub).head):
            raise Finding(f"a receipt for {receipt}")


def _must_have_changed_nothing(hub: Hub, before: Position, sent: Asked, answer: TestResponse) -> None:
    if _held(hub) != before:
        raise Finding(f"refused, and {_held(hub).seq - before.seq} frames were kept")
    if "hostile" in sent.headers.get("X-Case", "") and answer.status_code == 400:
        raise Finding(f"a frame that is sound in the chain is refused: {answer.text[:300]}")


def _of_station(name: str) -> str:
    return f"/v1/stations/{STATION}/{name}"


def _shipped(hub: Hub, body: bytes, checkpoint: str = "", **headers: str) -> Asked:
    said = {"Keping-Checkpoint": checkpoint or hub.journal.checkpoint(), **headers}
    return Asked("POST", _of_station("journal"), body, headers=said)


def _journal(random: Random, hub: Hub) -> Asked:
    """The station's own frames, some known and some new; or what a fault made of them."""
    hub.journal.stock(random.choice((0, 1, 3)))
    held = _held(hub).seq
    lines = [each.line for each in hub.journal.frames[max(0, held - random.choice((0, 0, 2))) :]]
    match random.choice(("good", "good", "bytes", "order", "cut", "packed", "checkpoint", "awkward")):
        case "bytes" if lines:
            at = random.randrange(len(lines))
            lines[at] = mutated(random, lines[at])
        case "order":
            random.shuffle(lines)
        case "cut":
            return _shipped(hub, b"".join(lines)[: random.randint(0, 400)])
        case "packed":
            return _shipped(hub, gzip.compress(b"".join(lines)) + b"\n", **{"Content-Encoding": "gzip"})
        case "checkpoint":
            return _shipped(hub, b"".join(lines), _checkpoint(random, hub))
        case "awkward":
            return _shipped(hub, random.choice(AWKWARD) + b"\n")
    return _shipped(hub, b"".join(lines))


def _header_of(value: bytes) -> str:
    """No client can send more than one line."""
    return value.decode("latin-1").translate({10: None, 13: None})


def _checkpoint(random: Random, hub: Hub) -> str:
    good = hub.journal.position()
    change = random.choice(
        ({"seq": random.choice((0, good.seq + 5, 1 << 62))}, {"head": "0" * 64}, {"incarnation": "x"})
    )
    other = replace(good, **change) if random.random() < 0.5 else good
    token = sign_checkpoint(Checkpoint(other, {"wni": {"vault": random.choice((0, -1, 1 << 62))}}), hub.key)
    return token if random.random() < 0.5 else _header_of(mutated(random, token.encode()))


def _hostile(random: Random, hub: Hub) -> Asked:
    """A frame that says what it likes, in the chain as it must be."""
    hub.journal.stock(0)
    held = _held(hub).seq
    del hub.journal.frames[max(1, held) :]
    seq, head = hub.journal.last_seq + 1, hub.journal.frames[-1].head
    record = b'{"s":%d,' % seq + mutated(random, random.choice(RECORDS))
    found = Frame(seq, "", chain(head, record), Stamp(0, "", 0, ""), {}, record)
    lines = [each.line for each in hub.journal.frames[held:]] + [found.line]
    try:
        sound = parse_link(found.line).seq == seq and b"\n" not in record
    except FrameError:
        sound = False
    if sound:
        hub.journal.frames.append(found)
    return _shipped(hub, b"".join(lines), **({"X-Case": "hostile"} if sound else {}))


def _records(random: Random, hub: Hub) -> Asked:
    name = random.choice(("after", "limit", "after", "limit", "x"))
    query = f"?{name}={random.choice(NUMBERS)}" if random.random() < 0.7 else ""
    if random.random() < 0.2:
        query += f"&after={random.choice(NUMBERS)}"
    return Asked("GET", _of_station("records"), query=query)


def _keys(random: Random, hub: Hub) -> Asked:
    coming = Successors(keys.generate_signing(), keys.generate_encryption())
    signer = hub.key if random.random() < 0.5 else keys.generate_signing()
    word = sign_endorsement(Endorsement(hub.journal.position(), coming, random.choice((0, 1 << 61))), signer).encode()
    body = json.dumps({"endorsement": (word if random.random() < 0.5 else mutated(random, word)).decode("latin-1")})
    return Asked(
        "PUT", _of_station("keys"), body.encode() if random.random() < 0.7 else mutated(random, body.encode())
    )


def _succeed(random: Random, hub: Hub) -> Asked:
    end: dict[str, Any] = {"incarnation": hub.journal.incarnation, "seq": 1 << 40, "head": "0" * 64}
    body = mutated(random, json.dumps(end).encode())
    return Asked("PUT", _of_station("incarnations/" + random.choice((*PATHS, "0" * 16))), body)


def _told(random: Random, hub: Hub) -> Asked:
    name = random.choice(
        ("incarnations", "incarnations/" + hub.journal.incarnation, "incarnations/" + random.choice(PATHS))
    )
    return Asked("GET", _of_station(name), query=f"?after={random.choice(NUMBERS)}" if random.random() < 0.5 else "")


def _status(random: Random, hub: Hub) -> Asked:
    return Asked("GET", _of_station("status"))


def _enrol(random: Random, hub: Hub) -> Asked:
    asked = {
        "station": random.choice((STATION, "kupang-99", *PATHS)), "code": "A" * 20,
        "signing_key": keys.public_jwk(hub.key), "encryption_key": keys.public_jwk(hub.keys.encryption),
    }  # fmt: skip
    return Asked("POST", "/v1/enrol", mutated(random, json.dumps(asked).encode()))


def _anywhere(random: Random, hub: Hub) -> Asked:
    method = random.choice(("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"))
    names = ("/v1/enrol", "/", "/v1/stations/%s/status", "/v1/stations/kupang-01/%s", "/static/%s", "/v1/stock-line")
    name = random.choice(names)
    path = name % random.choice(PATHS) if "%s" in name else name
    return Asked(
        method, path, random.choice(AWKWARD)[:9_000], f"?date={random.choice(('2027-01-15', 'x', *NUMBERS))}"
    )


CALLS: dict[str, Callable[[Random, Hub], Asked]] = {
    "journal": _journal, "hostile": _hostile, "records": _records, "status": _status, "keys": _keys,
    "succeed": _succeed, "incarnations": _told, "enrol": _enrol, "anywhere": _anywhere,
}  # fmt: skip


def _other_token(random: Random, hub: Hub, asked: Asked, token: str) -> tuple[Asked, str]:
    """Of no key that is known, of another request, or not one."""
    path = unquote(asked.path)
    forged = random.choice((
        _header_of(mutated(random, token.encode())) + "x", hub.token("DELETE", path, asked.body),
        hub.token(asked.method, path + "x", asked.body), hub.token(asked.method, path, asked.body + b"x"),
        hub.token(asked.method, path, asked.body, key=keys.generate_signing()),
        hub.token(asked.method, path, asked.body, now_s=hub.clock() + random.choice((-9e3, 9e3))), "",
    ))  # fmt: skip
    return asked, forged


def _claims(random: Random, hub: Hub, asked: Asked, token: str) -> tuple[Asked, str]:
    """The station's key signs whatever it is given."""
    said = jose.claims_of(token)
    name = random.choice([*said, "x"])
    value = random.choice((None, True, -1, 10**30, 1e300, "", "\ud800" * 8, "\0" * 8, [], {}, "x" * 9_000, ["x"]))
    return asked, jose.sign(json.dumps({**said, name: value}).encode(), hub.key, jose.REQUEST)


def _header(random: Random, hub: Hub, asked: Asked, token: str) -> tuple[Asked, str]:
    name = random.choice(list(HEADERS))
    return replace(asked, headers={**asked.headers, name: random.choice(HEADERS[name])}), token


def _body(random: Random, hub: Hub, asked: Asked, token: str) -> tuple[Asked, str]:
    """On its way, after it was signed."""
    return replace(asked, body=mutated(random, asked.body)), token


SPOILS: dict[str, Callable[[Random, Hub, Asked, str], tuple[Asked, str]]] = {
    "token": _other_token, "claims": _claims, "header": _header, "body": _body,
}  # fmt: skip
