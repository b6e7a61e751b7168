"""Time, trust and refusals as the station meets them."""

from __future__ import annotations

import gzip
import json
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from kiosk.crypto import jose, keys
from kiosk.crypto.checkpoint import Position, sign_receipt
from kiosk.crypto.endorsement import Successors
from kiosk.errors import DamagedData, Rejected, UsageError
from kiosk.hub import stations
from kiosk.hub.stations import declare_lost
from kiosk.sync.client import HubClient, HubRefused, HubUnreachable, UntrustedAnswer, connect
from kiosk.sync.enrol import WrongHub, enrol, load_pins, save_pins
from kiosk.sync.intake import RefusedRecord, judge
from kiosk.sync.stream import NDJSON
from tests.sync.centre import NOW, Centre, Station


def answering(handler) -> HubClient:
    """A client whose centre is `handler`."""
    http = connect("http://localhost", transport=httpx.MockTransport(handler))
    return HubClient(http, "kupang-1", OWN, [PUBLIC], clock=lambda: NOW)


HUB, OWN = keys.generate_signing(), keys.generate_signing()
PUBLIC = keys.import_public(keys.public_jwk(HUB), keys.SIGNING)
POSITION = Position("kupang-1", "00000000000000a1", 3, "ab" * 32)


@pytest.mark.parametrize("clock_s", [946_684_800.0, NOW + 10 * 365 * 86_400])
def test_station_with_a_wrong_clock_is_let_in_by_the_centres_date(station: Station, clock_s: float) -> None:
    station.clock.now_s = clock_s
    heard: list[int] = []
    client = station.client(heard=heard.append)
    assert client.position().position.seq == 0
    assert heard == [NOW * 1000]


COMING = Successors(keys.generate_signing(), keys.generate_encryption())
HELD = {
    "station": "kupang-1",
    "signing": keys.thumbprint(COMING.signing),
    "encryption": keys.thumbprint(COMING.encryption),
}


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"keys": jose.sign(HELD, OWN, jose.KEYS)},
        {"keys": jose.sign(HELD, HUB, jose.RECEIPT)},
        {"keys": jose.sign({**HELD, "station": "kupang-2"}, HUB, jose.KEYS)},
        {"keys": jose.sign({**HELD, "signing": keys.thumbprint(OWN)}, HUB, jose.KEYS)},
        {"keys": jose.sign({**HELD, "encryption": keys.thumbprint(OWN)}, HUB, jose.KEYS)},
    ],
)
def test_new_keys_are_not_used_on_anybody_elses_word(answer: dict[str, str]) -> None:
    """Else a stranger's answer would shut the station out: the centre would not know its key."""
    with closing(answering(lambda _: httpx.Response(200, json=answer))) as client, pytest.raises(UntrustedAnswer):
        client.change_keys("a.b.c", COMING)
    good = {"keys": jose.sign(HELD, HUB, jose.KEYS)}
    with closing(answering(lambda _: httpx.Response(200, json=good))) as client:
        client.change_keys("a.b.c", COMING)


def test_token_is_fresh_for_each_request(centre: Centre, station: Station) -> None:
    client = station.client()
    before = centre.line.requests
    for _ in range(3):
        client.position()
    assert centre.line.requests - before == 3


def test_request_repeated_on_the_wire_is_cured_by_a_fresh_token(centre: Centre, station: Station) -> None:
    centre.line.faults.append("twice")
    assert station.client().position().position.seq == 0


def test_lost_station_is_refused_with_the_reason(centre: Centre, station: Station) -> None:
    declare_lost(centre.store, station.name, 0)
    with pytest.raises(HubRefused) as caught:
        station.client().position()
    assert (caught.value.status, caught.value.reason) == (403, "station-lost")


def test_receipt_by_another_key_or_for_another_station_is_not_believed() -> None:
    other = Position("kupang-2", "00000000000000a1", 3, "ab" * 32)
    for token in (sign_receipt(POSITION, OWN), sign_receipt(other, HUB), "x", None):
        with pytest.raises(UntrustedAnswer):
            answering(lambda _, token=token: httpx.Response(200, json={"receipt": token})).position()
    good = sign_receipt(POSITION, HUB)
    assert answering(lambda _: httpx.Response(200, json={"receipt": good})).position().position == POSITION


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(200, text="<h1>hotel</h1>"),
        httpx.Response(200, json=[1]),
        httpx.Response(302, headers={"Location": "https://elsewhere"}),
        httpx.Response(403, text="proxy says no"),
        httpx.Response(511, text="log in first"),
        httpx.Response(200, content=b"[" * 100_000),
        httpx.Response(403, content=b"[" * 100_000, headers={"Content-Type": "application/problem+json"}),
        httpx.Response(500, json={"reason": "x"}, headers={"Content-Type": "application/problem+json"}),
    ],
)
def test_what_is_not_the_centres_answer_is_no_refusal(response: httpx.Response) -> None:
    with pytest.raises(HubUnreachable):
        answering(lambda _: response).position()


@pytest.mark.parametrize("status", [403, 503])
@pytest.mark.parametrize(
    "said", ["x" * 70_000, "a\nb " * 9_000, "\ud800", ["x"] * 9_000, {"x": "x" * 9_000}, None, ""]
)
def test_what_an_answer_says_is_told_in_one_short_line(said: object, status: int) -> None:
    told = json.dumps({"reason": said, "detail": said}).encode()
    answer = httpx.Response(status, content=told, headers={"Content-Type": "application/problem+json"})
    with pytest.raises((HubRefused, HubUnreachable)) as caught:
        answering(lambda _: answer).position()
    reason = getattr(caught.value, "reason", "x")
    assert len(str(caught.value)) < 400
    assert 0 < len(reason) <= 300
    assert "\n" not in f"{caught.value}{reason}"
    assert f"{caught.value}{reason}".encode()


def test_a_packed_answer_is_not_unpacked() -> None:
    """A few KB could be gigabytes. The same answer as it is would be the centre's."""
    answer = json.dumps({"receipt": sign_receipt(POSITION, HUB)}).encode()
    packed = httpx.ByteStream(gzip.compress(answer))
    with pytest.raises(HubUnreachable, match="packed"):
        answering(lambda _: httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=packed)).position()
    assert answering(lambda _: httpx.Response(200, stream=httpx.ByteStream(answer))).position().position == POSITION


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("Fri, 15 Jan 2027 08:01:40 GMT", 100.0), ("soon", None), ("-3", None), (None, None)],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    headers = {} if header is None else {"Retry-After": header}
    with pytest.raises(HubUnreachable) as caught:
        answering(lambda _: httpx.Response(429, headers=headers)).position()
    assert caught.value.retry_after_s == seconds


@pytest.mark.parametrize("date", ["Fri, 15 Jan 99999999999999999999 08:00:00 GMT", "x", "\xff"])
def test_a_date_of_no_calendar_says_no_time(date: str) -> None:
    heard: list[int] = []
    headers = [(b"Date", date.encode("latin-1"))]
    body = httpx.ByteStream(json.dumps({"receipt": sign_receipt(POSITION, HUB)}).encode())
    answer = httpx.Response(200, stream=body, headers=headers)
    http = connect("http://localhost", transport=httpx.MockTransport(lambda _: answer))
    with closing(HubClient(http, "kupang-1", OWN, [PUBLIC], clock=lambda: NOW, heard=heard.append)) as client:
        assert client.position().position == POSITION
    assert heard == []


def test_half_a_character_in_a_signed_word_is_no_signature() -> None:
    """JSON can say one, and nothing can encode it."""
    good = sign_receipt(POSITION, HUB)
    answer = httpx.Response(200, content=json.dumps({"receipt": good + "\ud800"}).encode())
    with closing(answering(lambda _: answer)) as client, pytest.raises(UntrustedAnswer):
        client.position()
    assert isinstance(judge(good + "\ud800", "kupang-1", [PUBLIC]), RefusedRecord)


LINE = b'{"cursor":"1","record":"x"}\n'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html", LINE),
        ("application/json", b"{}"),
        (NDJSON, b"<h1>hotel</h1>\n"),
        (NDJSON, b'{"cursor":"1"}\n'),
        (NDJSON, b"[" * 100_000 + b"\n"),
    ],
)
def test_what_is_no_list_of_items_is_not_the_centres(kind: str, body: bytes) -> None:
    answer = httpx.Response(200, content=iter([body]), headers={"Content-Type": kind})
    with pytest.raises(HubUnreachable, match="something else"):
        list(answering(lambda _: answer).items("", 5))


def test_a_packed_list_is_not_unpacked() -> None:
    headers = {"Content-Type": NDJSON, "Content-Encoding": "gzip"}
    answer = httpx.Response(200, content=iter([gzip.compress(LINE)]), headers=headers)
    with pytest.raises(HubUnreachable, match="something else"):
        list(answering(lambda _: answer).items("", 5))


def test_a_list_of_items_is_read_as_it_comes() -> None:
    answer = httpx.Response(200, content=iter([LINE, LINE[:9]]), headers={"Content-Type": NDJSON})
    assert [item.cursor for item in answering(lambda _: answer).items("", 5)] == ["1"]


@pytest.mark.parametrize("url", ["http://hub.example", "ftp://hub", "hub.example", "", "https://"])
def test_personal_data_go_over_tls_only(url: str) -> None:
    with pytest.raises(UsageError, match="https"):
        connect(url)


def test_environment_cannot_divert_requests(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert centre.station().client().position().position.seq == 0
    centre.hang_up()


def own_keys() -> tuple[keys.OKPKey, keys.OKPKey]:
    return keys.generate_signing(), keys.generate_encryption()


def test_enrolment_pins_the_centre_and_survives_a_restart(centre: Centre, tmp_path: Path) -> None:
    code = stations.add_station(centre.store, "alak-1")
    pins = enrol(centre.server.url, "alak-1", code.lower(), centre.keys.fingerprint.lower(), own_keys())
    save_pins(tmp_path / "hub.json", pins)
    again = load_pins(tmp_path / "hub.json")
    assert [keys.fingerprint(key) for key in again.signing] == [centre.keys.fingerprint]
    assert keys.thumbprint(again.chip) == keys.thumbprint(centre.keys.chip)
    assert keys.thumbprint(again.encryption) == keys.thumbprint(centre.keys.encryption)
    assert (again.url, again.station) == (centre.server.url, "alak-1")


def test_other_fingerprint_is_refused(centre: Centre) -> None:
    code = stations.add_station(centre.store, "alak-2")
    with pytest.raises(WrongHub, match="fingerprint"):
        enrol(centre.server.url, "alak-2", code, keys.fingerprint(HUB), own_keys())


def answer_of(signer: keys.OKPKey, station: str, bound_to: keys.OKPKey) -> httpx.MockTransport:
    said = {
        "station": station, "for": keys.thumbprint(bound_to),
        "encryption_key": keys.public_jwk(keys.generate_encryption()),
        "chip_key": keys.public_jwk(keys.generate_chip()),
    }  # fmt: skip
    body = {"signing_key": keys.public_jwk(HUB), "enrolment": jose.sign(said, signer, jose.ENROLMENT)}
    return httpx.MockTransport(lambda _: httpx.Response(200, json=body))


def test_enrolment_counts_only_if_the_centre_signed_it_for_us() -> None:
    """The signing key is public, and an old answer may be played again: neither is enough."""
    mine, fingerprint = own_keys(), keys.fingerprint(HUB)
    for signer, station, bound_to in ((OWN, "a", mine[0]), (HUB, "b", mine[0]), (HUB, "a", OWN)):
        with pytest.raises(WrongHub):
            enrol("http://localhost", "a", "code", fingerprint, mine, transport=answer_of(signer, station, bound_to))
    assert enrol("http://localhost", "a", "code", fingerprint, mine, transport=answer_of(HUB, "a", mine[0]))


def test_code_works_once_and_again_only_for_the_same_key(centre: Centre) -> None:
    """The reply may be lost after the centre has bound the key."""
    code, mine = stations.add_station(centre.store, "alak-3"), own_keys()
    centre.line.faults.append("drop-after")
    with pytest.raises(HubUnreachable):
        enrol(centre.server.url, "alak-3", code, centre.keys.fingerprint, mine)
    enrol(centre.server.url, "alak-3", code, centre.keys.fingerprint, mine)
    for given, own in ((code, own_keys()), ("AAAAA-AAAAA", mine)):
        with pytest.raises(Rejected):
            enrol(centre.server.url, "alak-3", given, centre.keys.fingerprint, own)


def test_pins_that_are_missing_or_damaged_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not enrolled"):
        load_pins(tmp_path / "hub.json")
    for content in (b"", b"[]", b'{"url":"x","station":"y","signing_keys":[{}]}'):
        (tmp_path / "hub.json").write_bytes(content)
        with pytest.raises(DamagedData, match=r"hub\.json"):
            load_pins(tmp_path / "hub.json")
