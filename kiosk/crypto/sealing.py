"""Seal bytes at rest: AES-256-GCM. Wrap a key with a key: AES Key Wrap. Pure but for the random bytes."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
OVERHEAD = NONCE_BYTES + TAG_BYTES


class SealBroken(Exception):
    """Wrong key, wrong context, or the sealed bytes were changed. Which of them cannot be told."""


def new_key() -> bytes:
    """32 random bytes from the operating system."""
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """Return nonce (12) || ciphertext || tag (16). `aad` binds the context: it must be given again to open.

    The nonce is 96 random bits (NIST SP 800-38D, 8.2.2): one key may seal 2**32 times; a record's key seals a
    handful, the station's at most what arrives between two erasures.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, aad)


def open_sealed(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """The inverse of `seal`. SealBroken if anything does not fit."""
    if len(sealed) < OVERHEAD:
        raise SealBroken("too short to be sealed bytes")
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
    except InvalidTag as exc:
        raise SealBroken("key, context or content does not fit") from exc


def wrap_key(wrapping: bytes, key: bytes) -> bytes:
    """AES Key Wrap (RFC 3394): 40 bytes for a 32-byte key. Needs no nonce, so none can repeat."""
    return aes_key_wrap(wrapping, key)


def unwrap_key(wrapping: bytes, wrapped: bytes) -> bytes:
    """The inverse of `wrap_key`. SealBroken if key and wrapped bytes do not fit."""
    try:
        return aes_key_unwrap(wrapping, wrapped)
    except InvalidUnwrap as exc:
        raise SealBroken("the wrapping key or the wrapped key does not fit") from exc
