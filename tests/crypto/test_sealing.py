"""Sealed bytes open with the right key and context only."""

from __future__ import annotations

import pytest

from kiosk.crypto import sealing
from kiosk.crypto.sealing import SealBroken


def test_sealed_bytes_come_back_and_never_look_the_same_twice() -> None:
    key = sealing.new_key()
    first, second = (sealing.seal(key, b"biodata", b"ref") for _ in range(2))
    assert first != second
    assert len(first) == len(b"biodata") + sealing.OVERHEAD
    assert sealing.open_sealed(key, first, b"ref") == b"biodata"


def test_every_flipped_bit_is_noticed() -> None:
    key = sealing.new_key()
    sealed = sealing.seal(key, b"x", b"ref")
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealBroken):
            sealing.open_sealed(key, bytes(changed), b"ref")


@pytest.mark.parametrize("length", [0, 11, 12, 27, 28])
def test_cut_bytes_are_broken(length: int) -> None:
    key = sealing.new_key()
    with pytest.raises(SealBroken):
        sealing.open_sealed(key, sealing.seal(key, b"x", b"")[:length], b"")


def test_wrong_key_or_context_is_broken() -> None:
    key = sealing.new_key()
    sealed = sealing.seal(key, b"x", b"one")
    for wrong_key, context in ((sealing.new_key(), b"one"), (key, b"two")):
        with pytest.raises(SealBroken):
            sealing.open_sealed(wrong_key, sealed, context)


def test_wrap_is_that_of_rfc_3394() -> None:
    """Section 4.6: 256 bits of key data with a 256-bit key."""
    kek = bytes(range(32))
    data = bytes.fromhex("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F")
    wrapped = sealing.wrap_key(kek, data)
    assert wrapped.hex().upper() == (
        "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21"
    )
    assert sealing.unwrap_key(kek, wrapped) == data


@pytest.mark.parametrize("change", [lambda w: w[:-1], lambda w: b"", lambda w: bytes([w[0] ^ 1]) + w[1:]])
def test_broken_wrap_is_noticed(change) -> None:
    kek = sealing.new_key()
    with pytest.raises(SealBroken):
        sealing.unwrap_key(kek, change(sealing.wrap_key(kek, sealing.new_key())))
