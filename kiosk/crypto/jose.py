"""Compact JWS (RFC 7515) in one closed profile: Ed25519 (RFC 9864), explicit `typ`, `kid` = thumbprint.

The header holds exactly `alg`, `typ` and `kid`. The algorithm comes from this module, never from the
token (RFC 8725, 3.1), and a receipt cannot pass for a record because the types differ (RFC 8725, 3.11).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from kiosk.crypto.keys import OKPKey, thumbprint

ALGORITHM = "Ed25519"

RECORD = "keping-record+jws"
RECEIPT = "keping-receipt+jws"
CHECKPOINT = "keping-checkpoint+jws"
ENROLMENT = "keping-enrolment+jws"
ENDORSEMENT = "keping-endorsement+jws"
KEYS = "keping-keys+jws"
ANNOUNCEMENT = "keping-announcement+jws"
SUCCESSION = "keping-succession+jws"
WITHDRAWAL = "keping-withdrawal+jws"
MANIFEST = "keping-manifest+jws"
REQUEST = "keping-request+jwt"

_TOKEN_ID = re.compile(r"[\x21-\x7e]{8,64}")

REQUEST_LIFE_S = 120
LEEWAY_S = 30


class Fault(StrEnum):
    """`unsigned`: no acceptable signature by a known key. `altered`: a known key's signature fails."""

    UNSIGNED = "unsigned"
    ALTERED = "altered"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    WRONG_CLAIMS = "wrong-claims"


class SignatureError(Exception):
    """The token must not be believed. `fault` is a keyword."""

    def __init__(self, message: str, fault: Fault) -> None:
        super().__init__(message)
        self.fault = fault


class _Registry(jws.JWSRegistry):
    """A record carries a photo and chip files; joserfc's own cap is 128 000 bytes."""

    max_payload_length = 2 << 20


_REGISTRY = _Registry(algorithms=[ALGORITHM])


def sign(payload: Mapping[str, Any] | bytes, key: OKPKey, typ: str) -> str:
    """Sign with a private Ed25519 key. ValueError over 1.5 MB, which the other side would refuse."""
    content = payload if isinstance(payload, bytes) else dump(payload)
    if len(content) * 4 // 3 > _Registry.max_payload_length:
        raise ValueError(f"{len(content)} bytes are too many for one signed object")
    header = {"alg": ALGORITHM, "typ": typ, "kid": thumbprint(key)}
    return jws.serialize_compact(header, content, key, registry=_REGISTRY)


def dump(payload: Mapping[str, Any]) -> bytes:
    """The bytes that are signed. No canonical form is needed: verification is over the bytes received."""
    return json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def verify_bytes(token: str, keys: Iterable[OKPKey], typ: str) -> bytes:
    """Return the signed bytes, or raise SignatureError. Exactly the key named by `kid` is tried."""
    header = _header(token)
    if set(header) != {"alg", "typ", "kid"} or header["alg"] != ALGORITHM:
        raise SignatureError(f"header is not the profile's: {sorted(header)}", Fault.UNSIGNED)
    if header["typ"] != typ:
        raise SignatureError(f"typ is {header['typ']!r}, expected {typ!r}", Fault.UNSIGNED)
    key = next((each for each in keys if thumbprint(each) == header["kid"]), None)
    if key is None:
        raise SignatureError("signed by an unknown key", Fault.UNSIGNED)
    try:
        return bytes(jws.deserialize_compact(token, key, registry=_REGISTRY).payload)
    except JoseError as exc:
        raise SignatureError(f"signature does not hold: {exc}", Fault.ALTERED) from exc


def verify(token: str, keys: Iterable[OKPKey], typ: str) -> dict[str, Any]:
    """As `verify_bytes`, for a payload that is a JSON object."""
    content = verify_bytes(token, keys, typ)
    try:
        payload = json.loads(content)
    except (ValueError, RecursionError) as exc:
        raise SignatureError("payload is not JSON", Fault.WRONG_CLAIMS) from exc
    if not isinstance(payload, dict):
        raise SignatureError("payload is not an object", Fault.WRONG_CLAIMS)
    return payload


def _header(token: str) -> dict[str, Any]:
    if not token.isascii():
        raise SignatureError("not a JWS", Fault.UNSIGNED)
    segment = token.split(".", 1)[0]
    try:
        header = json.loads(base64.b64decode(segment + "=" * (-len(segment) % 4), b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as exc:
        raise SignatureError("not a JWS", Fault.UNSIGNED) from exc
    if token.count(".") != 2 or not isinstance(header, dict):
        raise SignatureError("not a compact JWS", Fault.UNSIGNED)
    return header


def signer(token: str) -> str:
    """The thumbprint of the key that a token names as its signer. Nothing is verified. SignatureError."""
    return str(_header(token).get("kid"))


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, whoever made it: only to know what to hold it to. Empty if it can't be read."""
    segment = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        claims = json.loads(base64.b64decode(segment + "=" * (-len(segment) % 4), b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


@dataclass(frozen=True)
class Request:
    """One HTTP request as its bearer token describes it (claims as in DPoP, RFC 9449, 4.2).

    `audience`: thumbprint of the hub's signing key. `digest`: base64url SHA-256 of the body. So a token
    that was overheard fits no other hub, path or body, and the hub lets each `token_id` pass once.
    """

    station: str
    audience: str
    method: str
    path: str
    digest: str

    @classmethod
    def of(cls, station: str, audience: str, method: str, path: str, body: bytes) -> Request:
        digest = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).decode().rstrip("=")
        return cls(station, audience, method, path, digest)

    @property
    def claims(self) -> dict[str, str]:
        return {
            "iss": self.station, "aud": self.audience,
            "htm": self.method, "htu": self.path, "dig": self.digest,
        }  # fmt: skip


def sign_request(request: Request, key: OKPKey, now_s: float, token_id: str) -> str:
    """A JWT (RFC 7519) that lets this one request pass within 120 s of `now_s` (Unix time, the hub's)."""
    issued = int(now_s)
    claims = {**request.claims, "iat": issued, "exp": issued + REQUEST_LIFE_S, "jti": token_id}
    return sign(claims, key, REQUEST)


def verify_request(token: str, request: Request, keys: Iterable[OKPKey], now_s: float) -> tuple[str, int]:
    """Return (token id, expiry in Unix seconds) for the hub's once-only check. SignatureError otherwise."""
    claims = verify(token, keys, REQUEST)
    for name, wanted in request.claims.items():
        if claims.get(name) != wanted:
            raise SignatureError(f"claim {name} does not fit this request", Fault.WRONG_CLAIMS)
    issued, expires, token_id = claims.get("iat"), claims.get("exp"), claims.get("jti")
    if type(issued) is not int or type(expires) is not int or not isinstance(token_id, str):
        raise SignatureError("iat, exp or jti is missing", Fault.WRONG_CLAIMS)
    if not _TOKEN_ID.fullmatch(token_id) or expires - issued > REQUEST_LIFE_S:
        raise SignatureError("jti or lifetime is out of bounds", Fault.WRONG_CLAIMS)
    if now_s >= expires + LEEWAY_S:
        raise SignatureError("token has expired", Fault.EXPIRED)
    if now_s < issued - LEEWAY_S:
        raise SignatureError("token is not valid yet", Fault.NOT_YET_VALID)
    return token_id, expires
