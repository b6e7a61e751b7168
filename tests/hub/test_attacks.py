"""Who means harm is refused with the reason, leaves a line in the log, and an alarm where a station can be named."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import zlib
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from kiosk.crypto import jose, keys
from kiosk.crypto.checkpoint import CHECKPOINT
from kiosk.hub import app as hub_app
from kiosk.hub import server as hub_server
from kiosk.hub import stations
from kiosk.hub.app import create_app
from kiosk.hub.server import HubServer
from tests.hub.conftest import AT_THE_DOOR, STATION, Hub

STATUS = f"/v1/stations/{STATION}/status"
DEEP = b"[" * 20_000


def segment(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def claims(hub: Hub, **change: Any) -> str:
    """A request token whose signature is good, whatever it says."""
    asked = jose.Request.of(STATION, hub.keys.audience, "GET", STATUS, b"")
    now = int(hub.clock())
    said = {**asked.claims, "iat": now, "exp": now + 60, "jti": "12345678", **change}
    return jose.sign(json.dumps(said).encode(), hub.key, jose.REQUEST)


def get(hub: Hub, token: str, path: str = STATUS) -> tuple[int, str]:
    response = hub.http.get(path, headers={"Authorization": f"Bearer {token}"})
    assert response.content_type == "application/problem+json"
    return response.status_code, response.get_json()["reason"]


def test_no_token_makes_the_centre_stumble(hub: Hub) -> None:
    """Also one that is unsigned and only made to be parsed."""
    for token in (segment(DEEP) + "..", segment(b'{"alg":' + DEEP) + ".x.y", "\u00e9.x.y", "." * 5_000, "a" * 50_000):
        assert get(hub, token) == (401, "unsigned")
    assert get(hub, jose.sign(b'{"a":' + DEEP, hub.key, jose.REQUEST)) == (401, "wrong-claims")
    for change in (
        {"jti": "\x00" * 8}, {"jti": "\ud800" * 8}, {"jti": "x" * 65}, {"jti": None}, {"iat": 1e300}, {"iat": True},
        {"exp": 10**30}, {"iat": -(10**30)}, {"aud": [hub.keys.audience]}, {"htu": None}, {"iss": {"a": 1}},
    ):  # fmt: skip
        assert get(hub, claims(hub, **change)) == (401, "wrong-claims"), change


STATION_TRICKS = (
    "", "/kupang-01", "..", "../kupang-01",
    "%2e%2e%2fkupang-01", "KUPANG-01", "kupang-01%00", "%ff", "a" * 64, "kupang-01;x", "-",
    "%20", "kupang-01%2fstatus", "\u212aupang-01", "kupang_01", "*", "'--",
)  # fmt: skip
INCARNATION_TRICKS = ("..", "%00", "A" * 16, "0" * 15, "0" * 17, "%2e%2e%2f" + "0" * 16)
NO_NUMBERS = ("0" * 30 + "9" * 19, "0" * 5_000, "9" * 19, "1e3", "%2B1", "%201", "\u0661")


def test_a_path_says_what_it_means_and_nothing_else(hub: Hub) -> None:
    for name in STATION_TRICKS:
        path = f"/v1/stations/{name}/status"
        assert get(hub, claims(hub, htu=path), path) in {(401, "unsigned"), (404, "not-found")}, name
    for name in INCARNATION_TRICKS:
        path = f"/v1/stations/{STATION}/incarnations/{name}"
        token = hub.token("GET", unquote(path))
        assert get(hub, token, path) in {(400, "bad-query"), (404, "not-found")}, name
    for after in NO_NUMBERS:
        response = hub.call("GET", f"records?after={after}")
        assert (response.status_code, response.get_json()["reason"]) == (400, "bad-query"), after


def test_no_enrolment_makes_the_centre_stumble(hub: Hub) -> None:
    public = {"signing_key": keys.public_jwk(hub.key), "encryption_key": keys.public_jwk(keys.generate_encryption())}
    bodies: list[tuple[bytes, int]] = [
        (json.dumps({"station": name, "code": code, **public}).encode(), 403)
        for name in ("\ud800", "\x00", "../x", "x" * 9_000, STATION) for code in ("\ud800", "\x00", "x")
    ]  # fmt: skip
    bodies += [(DEEP[:9_000], 400), (b'{"station":' + DEEP[:9_000], 400), (b"9" * 9_000, 400), (b"\xff\xfe{}", 400)]
    for x in (None, 5, [], {}, "", "A" * 42, "A" * 44, "=" * 43, "\ud800" * 43, "é" * 43):
        spoiled = {**public, "signing_key": {**public["signing_key"], "x": x}}
        bodies.append((json.dumps({"station": STATION, "code": "x", **spoiled}).encode(), 400))
    for body, status in bodies:
        response = hub.http.post("/v1/enrol", data=body)
        assert (response.status_code, response.content_type) == (status, "application/problem+json"), body[:200]


def test_no_checkpoint_makes_the_centre_stumble(hub: Hub) -> None:
    good = {"station": STATION, "incarnation": "00000000000000a1", "seq": 1, "head": "0" * 64, "balances": {}}
    for change in (
        {"incarnation": "\ud800"}, {"incarnation": "\x00"}, {"incarnation": "i" * 65}, {"seq": 1 << 63},
        {"seq": True}, {"seq": -1}, {"head": "x"}, {"balances": {"wni": {"vault": 1.5}}},
        {"station": "kupang-02"}, {"more": 1},
    ):  # fmt: skip
        response = hub.ship(checkpoint=jose.sign(json.dumps({**good, **change}).encode(), hub.key, CHECKPOINT))
        assert (response.status_code, response.get_json()["reason"]) == (400, "checkpoint"), change
    assert hub.ship(checkpoint=jose.sign(b"[" + DEEP, hub.key, CHECKPOINT)).status_code == 400


@AT_THE_DOOR
def test_an_end_is_three_plain_values(hub: Hub) -> None:
    for seq in (b"1e999", b"1.5", b'"1"', b"null", b"9" * 5_000):
        body = b'{"incarnation": "00000000000000a1", "seq": %s, "head": "%s"}' % (seq, b"0" * 64)
        assert hub.call("PUT", "incarnations/" + "2" * 16, body).status_code == 400


def test_a_stolen_token_is_refused_logged_and_alarmed(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    """It opens no other path, no other body, no other station, and its own only once."""
    other = keys.generate_signing()
    code = stations.add_station(hub.store, "kupang-02")
    stations.enrol(hub.store, "kupang-02", code, other, keys.generate_encryption(), 0)
    token = hub.token("GET", STATUS)
    for path, reason in (
        (f"/v1/stations/{STATION}/records", "wrong-claims"),
        ("/v1/stations/kupang-02/status", "unsigned"),
    ):
        assert get(hub, token, path) == (401, reason)
    sent = hub.http.get(STATUS, data=b"x", headers={"Authorization": f"Bearer {token}"})
    assert (sent.status_code, sent.get_json()["reason"]) == (401, "wrong-claims")
    assert hub.http.get(STATUS, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert get(hub, token) == (401, "replayed")
    [alarm] = hub.status.alarms
    assert (alarm.kind, alarm.times) == ("token", 2)
    for reason in ("wrong-claims", "unsigned", "replayed"):
        assert f": 401 {reason}" in caplog.text


def test_a_forged_signature_names_the_station_that_is_imitated(hub: Hub) -> None:
    head, payload, signature = hub.token("GET", STATUS).split(".")
    forged = jose.sign({"iss": STATION}, keys.generate_signing(), jose.REQUEST).split(".")[2]
    assert get(hub, f"{head}.{payload}.{forged}") == (401, "altered")
    assert (hub.alarms, signature != forged) == ({"token"}, True)


@AT_THE_DOOR
def test_a_path_writes_no_line_of_its_own_into_the_log(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    hub.http.get("/v1/x%0aWARNING all is well")
    hub.http.get("/v1/" + "x" * 9_000)
    assert [message.count("\n") for message in caplog.messages] == [0, 0]
    assert max(map(len, caplog.messages)) < 400


@pytest.fixture
def served(hub: Hub) -> Iterator[HubServer]:
    server = HubServer(create_app(hub.store, hub.keys, hub.clock))
    yield server
    server.stop()


def post(hub: Hub, server: HubServer, body: Any, signed: bytes, **headers: str) -> httpx.Response:
    path = f"/v1/stations/{STATION}/journal"
    sent = {"Authorization": f"Bearer {hub.token('POST', path, signed)}", **headers}
    sent["Keping-Checkpoint"] = hub.journal.checkpoint()
    with httpx.Client(base_url=server.url, trust_env=False, timeout=None) as http:
        return http.post(path, content=body, headers=sent)


@AT_THE_DOOR
def test_a_body_without_a_length_is_bounded_too(hub: Hub, served: HubServer) -> None:
    whole = b"".join(frame.line for frame in hub.journal.frames)
    assert post(hub, served, iter([whole[:9], whole[9:]]), whole).status_code == 200
    over = b"x" * (hub_app.BODY_BYTES + 1)
    response = post(hub, served, iter([over]), over)
    assert (response.status_code, response.json()["reason"]) == (413, "request-entity-too-large")


@AT_THE_DOOR
def test_a_compressed_body_is_not_unpacked(hub: Hub, served: HubServer) -> None:
    """A few KB could be gigabytes. The bytes are taken as they are, and are no frames."""
    for encoding, pack in (("gzip", gzip.compress), ("deflate", zlib.compress)):
        bomb = pack(b"0" * (8 << 20)) + b"\n"
        response = post(hub, served, bomb, bomb, **{"Content-Encoding": encoding})
        assert (response.status_code, response.json()["reason"]) == (400, "bad-frames")


@AT_THE_DOOR
def test_a_request_that_drips_holds_no_connection(
    hub: Hub, served: HubServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """More than there are threads: none of them waits for it, and after a while its connection is closed."""
    address = ("127.0.0.1", served.port)
    slow = [socket.create_connection(address, timeout=10) for _ in range(hub_server.THREADS + 4)]
    for each in slow:
        each.sendall(b"POST /v1/enrol HTTP/1.1\r\nContent-Length: 9\r\n\r\n{")
    with httpx.Client(base_url=served.url, trust_env=False, timeout=None) as http:
        assert http.get("/nothing").status_code == 404
        monkeypatch.setattr(hub_server, "REQUEST_S", 0.0)
        for each in slow:
            with closing(each):
                assert each.recv(1) == b""
        monkeypatch.undo()
        assert http.get("/nothing").status_code == 404
    assert "not here after" in caplog.text
