"""Seal bytes at rest: AES-256-GCM with a key for each record, wrapped by the station key.

Destroying a wrapped key destroys what it sealed, in every copy of the sealed bytes.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from kiosk.errors import DamagedData, UsageError

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
OVERHEAD = NONCE_BYTES + TAG_BYTES


class SealBroken(Exception):
    """Wrong key, wrong context, or the sealed bytes were changed. Which of them cannot be told."""


def load_key(path: Path) -> bytes:
    """A key as `new_key` made it. UsageError if it is not there, DamagedData if it is not one."""
    try:
        key = path.read_bytes()
    except FileNotFoundError as exc:
        raise UsageError(f"{path}: no such key") from exc
    if len(key) != KEY_BYTES:
        raise DamagedData(f"{path}: {len(key)} bytes are no key of {KEY_BYTES}")
    return key


def new_key() -> bytes:
    """32 random bytes from the operating system."""
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """Return nonce (12) || ciphertext || tag (16). `aad` binds the context: it must be given again to open.

    The nonce is 96 random bits (NIST SP 800-38D, 8.2.2): one key may seal 2**32 times; a record's key
    seals a handful.
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


def wrap_key(station_key: bytes, record_key: bytes) -> bytes:
    """AES Key Wrap (RFC 3394): 40 bytes for a 32-byte key. Needs no nonce, so none can repeat."""
    return aes_key_wrap(station_key, record_key)


def unwrap_key(station_key: bytes, wrapped: bytes) -> bytes:
    """The inverse of `wrap_key`. SealBroken if the station key or the wrapped bytes do not fit."""
    try:
        return aes_key_unwrap(station_key, wrapped)
    except InvalidUnwrap as exc:
        raise SealBroken("station key or wrapped key does not fit") from exc
