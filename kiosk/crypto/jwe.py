"""Compact JWE (RFC 7516) in one closed profile: ECDH-ES over X25519 (RFC 8037), AES-256-GCM, no compression.

The header holds exactly `alg`, `enc`, `typ`, `kid` and `epk`, and is read before anything is decrypted: `zip`, by
which a few bytes could grow into gigabytes, is not of the profile. Who sealed is not said here: a manifest signs it.
"""

from __future__ import annotations

import base64
import binascii
import gc
import json
from collections.abc import Iterable

from joserfc import jwe
from joserfc.errors import JoseError

from kiosk.crypto.keys import OKPKey, thumbprint
from kiosk.crypto.sealing import SealBroken

CHUNK = "keping-chunk+jwe"

_ALGORITHM, _CONTENT = "ECDH-ES", "A256GCM"
_MEMBERS = {"alg", "enc", "typ", "kid", "epk"}
_HEADER_BYTES = 400
"""More than header, nonce and tag of the profile take together."""
MOST_BYTES = 720 << 10


class _Registry(jwe.JWERegistry):
    """joserfc's own cap is 64 KiB."""

    max_ciphertext_length = 1 << 20  # in base64url


_REGISTRY = _Registry(algorithms=[_ALGORITHM, _CONTENT])


def sealed_bytes(content_bytes: int) -> int:
    """No fewer bytes than `seal_to` makes of so many."""
    return _HEADER_BYTES + (content_bytes + 2) // 3 * 4


def seal_to(content: bytes, receiver: OKPKey, typ: str) -> bytes:
    """Seal for the holder of the X25519 key, by a key made for this once. ValueError over MOST_BYTES."""
    if len(content) > MOST_BYTES:
        raise ValueError(f"{len(content)} bytes are too many for one sealed object")
    header = {"alg": _ALGORITHM, "enc": _CONTENT, "typ": typ, "kid": thumbprint(receiver)}
    try:
        return jwe.encrypt_compact(header, content, receiver, registry=_REGISTRY).encode()
    finally:
        _let_go()


def unseal(token: bytes, own: Iterable[OKPKey], typ: str) -> bytes:
    """What was sealed for one of our private keys, never longer than `token`. SealBroken if anything does not fit."""
    header = _header(token)
    if set(header) != _MEMBERS or (header["alg"], header["enc"], header["typ"]) != (_ALGORITHM, _CONTENT, typ):
        raise SealBroken(f"header is not the profile's: {sorted(header)[:8]}")
    key = next((each for each in own if thumbprint(each) == header["kid"]), None)
    if key is None:
        raise SealBroken("sealed for another key than ours")
    try:
        return jwe.decrypt_compact(token, key, registry=_REGISTRY).plaintext or b""
    except (JoseError, ValueError, TypeError, LookupError) as exc:
        raise SealBroken("key or content does not fit") from exc
    finally:
        _let_go()


def _let_go() -> None:
    """joserfc's objects refer to each other, so content and ciphertext, 2 MB, stay until the collector comes by: it
    counts objects, not bytes, and hundreds of chunks would wait for it. They are young, so this takes no time."""
    gc.collect(1)


def _header(token: bytes) -> dict[str, object]:
    segment = token.partition(b".")[0][:1024]
    try:
        header = json.loads(base64.b64decode(segment + b"=" * (-len(segment) % 4), b"-_", validate=True))
    except (binascii.Error, ValueError) as exc:
        raise SealBroken("not a JWE") from exc
    if token.count(b".") != 4 or not isinstance(header, dict):
        raise SealBroken("not a compact JWE")
    return header
