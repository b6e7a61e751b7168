"""What verifies, and above all what does not."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest
from joserfc import jws
from joserfc.jwk import OctKey

from kiosk.crypto import jose, keys
from kiosk.crypto.checkpoint import (
    Checkpoint,
    Position,
    sign_checkpoint,
    sign_receipt,
    verify_checkpoint,
    verify_receipt,
)
from kiosk.crypto.jose import Fault, Request, SignatureError

KEY, OTHER = keys.generate_signing(), keys.generate_signing()
PUBLIC = keys.import_public(keys.public_jwk(KEY), "Ed25519")
NOW = 1_800_000_000.0


def segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def fault_of(token: str, typ: str = jose.RECORD) -> Fault:
    with pytest.raises(SignatureError) as caught:
        jose.verify(token, [PUBLIC], typ)
    return caught.value.fault


def test_signed_object_comes_back_whole() -> None:
    payload = {"nama": "SITI É", "n": 1, "list": [1, 2]}
    assert jose.verify(jose.sign(payload, KEY, jose.RECORD), [OTHER, PUBLIC], jose.RECORD) == payload
    assert jose.verify_bytes(jose.sign(b"\x00\xff", KEY, jose.RECORD), [PUBLIC], jose.RECORD) == b"\x00\xff"


def test_header_names_the_fully_specified_algorithm() -> None:
    head = jose.sign({}, KEY, jose.RECORD).split(".")[0]
    header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    assert header == {"alg": "Ed25519", "typ": jose.RECORD, "kid": keys.thumbprint(KEY)}


def test_record_with_photo_and_chip_fits_and_excess_is_refused_by_the_signer() -> None:
    large = {"photo": "A" * 400_000}
    assert jose.verify(jose.sign(large, KEY, jose.RECORD), [PUBLIC], jose.RECORD) == large
    with pytest.raises(ValueError, match="too many"):
        jose.sign({"photo": "A" * 1_700_000}, KEY, jose.RECORD)


@pytest.mark.parametrize("at", range(3))
def test_every_changed_segment_is_refused(at: int) -> None:
    parts = jose.sign({"ref": "abcdef"}, KEY, jose.RECORD).split(".")
    middle = len(parts[at]) // 2
    parts[at] = parts[at][:middle] + ("A" if parts[at][middle] != "A" else "B") + parts[at][middle + 1 :]
    fault_of(".".join(parts))


def test_changed_payload_is_altered_and_a_stranger_is_unsigned() -> None:
    head, _, tail = jose.sign({"a": 1}, KEY, jose.RECORD).split(".")
    assert fault_of(f"{head}.{segment({'a': 2})}.{tail}") is Fault.ALTERED
    assert fault_of(jose.sign({"a": 1}, OTHER, jose.RECORD)) is Fault.UNSIGNED


def test_a_receipt_cannot_serve_as_a_record() -> None:
    token = jose.sign({"a": 1}, KEY, jose.RECEIPT)
    assert jose.verify(token, [PUBLIC], jose.RECEIPT) == {"a": 1}
    assert fault_of(token, jose.RECORD) is Fault.UNSIGNED


def test_algorithm_is_not_the_senders_choice() -> None:
    """alg none, and HMAC with the public key as its secret (RFC 8725, 2.1)."""
    header = {"alg": "none", "typ": jose.RECORD, "kid": keys.thumbprint(KEY)}
    assert fault_of(f"{segment(header)}.{segment({'a': 1})}.") is Fault.UNSIGNED
    secret = OctKey.import_key(json.dumps(keys.public_jwk(KEY)))
    forged = jws.serialize_compact({**header, "alg": "HS256"}, b'{"a":1}', secret, algorithms=["HS256"])
    assert fault_of(forged) is Fault.UNSIGNED


@pytest.mark.parametrize("extra", [{"jwk": {}}, {"jku": "https://x"}, {"crit": ["b64"], "b64": False}])
def test_header_profile_is_closed(extra: dict[str, object]) -> None:
    parts = jose.sign({"a": 1}, KEY, jose.RECORD).split(".")
    header = {"alg": "Ed25519", "typ": jose.RECORD, "kid": keys.thumbprint(KEY), **extra}
    assert fault_of(".".join([segment(header), *parts[1:]])) is Fault.UNSIGNED


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b.c", "é.é.é", segment(["alg"]) + "..", segment({}) + "..", "{}"]
)
def test_garbage_is_unsigned(token: str) -> None:
    assert fault_of(token) is Fault.UNSIGNED


def test_payload_must_be_an_object() -> None:
    assert fault_of(jose.sign(b"[1]", KEY, jose.RECORD)) is Fault.WRONG_CLAIMS
    assert fault_of(jose.sign(b"{", KEY, jose.RECORD)) is Fault.WRONG_CLAIMS


REQUEST = Request.of("kupang-1", "hub", "POST", "/v1/stations/kupang-1/journal", b"frames")


def request_fault(token: str, request: Request, now_s: float) -> Fault:
    with pytest.raises(SignatureError) as caught:
        jose.verify_request(token, request, [PUBLIC], now_s)
    return caught.value.fault


def test_request_passes_within_its_life_and_leeway() -> None:
    token = jose.sign_request(REQUEST, KEY, NOW, "token-0001")
    for now_s in (NOW - 30, NOW, NOW + 149):
        assert jose.verify_request(token, REQUEST, [PUBLIC], now_s) == ("token-0001", int(NOW) + 120)
    assert request_fault(token, REQUEST, NOW + 150) is Fault.EXPIRED
    assert request_fault(token, REQUEST, NOW - 31) is Fault.NOT_YET_VALID


@pytest.mark.parametrize(
    "change", [{"station": "x"}, {"audience": "x"}, {"method": "GET"}, {"path": "/"}, {"digest": "x"}]
)
def test_request_fits_no_other_request(change: dict[str, str]) -> None:
    token = jose.sign_request(REQUEST, KEY, NOW, "token-0001")
    assert request_fault(token, replace(REQUEST, **change), NOW) is Fault.WRONG_CLAIMS


@pytest.mark.parametrize(
    "change", [{"exp": int(NOW) + 9999}, {"jti": "short"}, {"jti": 5}, {"iat": "now"}, {"exp": None}, {"iat": True}]
)
def test_station_cannot_stretch_its_own_token(change: dict[str, object]) -> None:
    claims = {**REQUEST.claims, "iat": int(NOW), "exp": int(NOW) + 120, "jti": "token-0001", **change}
    assert request_fault(jose.sign(claims, KEY, jose.REQUEST), REQUEST, NOW) is Fault.WRONG_CLAIMS


POSITION = Position("kupang-1", "00000000000000a1", 7, "ab" * 32)


def test_checkpoint_and_receipt_come_back_and_are_not_each_other() -> None:
    checkpoint = Checkpoint(POSITION, {"wni": {"hopper": 3, "supplier": -3}})
    assert verify_checkpoint(sign_checkpoint(checkpoint, KEY), [PUBLIC]) == checkpoint
    assert verify_receipt(sign_receipt(POSITION, KEY), [PUBLIC]) == POSITION
    with pytest.raises(SignatureError):
        verify_receipt(sign_checkpoint(checkpoint, KEY), [PUBLIC])


@pytest.mark.parametrize(
    "change", [{"seq": -1}, {"seq": "7"}, {"seq": True}, {"head": "x"}, {"station": None}, {"more": 1}]
)
def test_position_has_one_shape(change: dict[str, object]) -> None:
    with pytest.raises(SignatureError):
        verify_receipt(jose.sign({**POSITION.claims, **change}, KEY, jose.RECEIPT), [PUBLIC])


@pytest.mark.parametrize("balances", [None, [], {"wni": 3}, {"wni": {"hopper": "3"}}, {"wni": {"hopper": True}}])
def test_balances_have_one_shape(balances: object) -> None:
    token = jose.sign({**POSITION.claims, "balances": balances}, KEY, jose.CHECKPOINT)
    with pytest.raises(SignatureError):
        verify_checkpoint(token, [PUBLIC])
