"""Requests to the centre as a station makes them, and as somebody else, or a fault, could."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import unquote

from kiosk.core.frames import Frame, FrameError, Stamp, chain, parse_link
from kiosk.crypto import jose, keys
from kiosk.crypto.checkpoint import Checkpoint, Position, sign_checkpoint
from kiosk.crypto.endorsement import Endorsement, Successors, sign_endorsement
from kiosk.hub import acceptance
from tests.fuzz.engine import AWKWARD, mutated
from tests.hub.conftest import STATION, Hub

GOLDEN = [
    line for path in sorted(Path("tests/golden/journal-v1").iterdir()) for line in path.read_bytes().splitlines()
]
RECORDS = [line.partition(b'"r":')[2][:-1].partition(b",")[2] for line in GOLDEN]
"""What frames of every kind say behind their number."""
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


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    body: bytes = b""
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def held(hub: Hub) -> Position:
    with hub.store.snapshot() as connection:
        return acceptance.position_of(connection, STATION, hub.journal.incarnation)


def _of_station(name: str) -> str:
    return f"/v1/stations/{STATION}/{name}"


def _shipped(hub: Hub, body: bytes, checkpoint: str = "", **headers: str) -> Asked:
    said = {"Keping-Checkpoint": checkpoint or hub.journal.checkpoint(), **headers}
    return Asked("POST", _of_station("journal"), body, headers=said)


def _journal(random: Random, hub: Hub) -> Asked:
    """The station's own frames, some known and some new; or what a fault made of them."""
    hub.journal.stock(random.choice((0, 1, 3)))
    known = held(hub).seq
    lines = [each.line for each in hub.journal.frames[max(0, known - random.choice((0, 0, 2))) :]]
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
    known = held(hub).seq
    del hub.journal.frames[max(1, known) :]
    seq, head = hub.journal.last_seq + 1, hub.journal.frames[-1].head
    record = b'{"s":%d,' % seq + mutated(random, random.choice(RECORDS))
    found = Frame(seq, "", chain(head, record), Stamp(0, "", 0, ""), {}, record)
    lines = [each.line for each in hub.journal.frames[known:]] + [found.line]
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
