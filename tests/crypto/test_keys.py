"""Key files, fingerprints and the chip signature."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from kiosk.crypto import keys
from kiosk.durable import replace_file
from kiosk.errors import DamagedData, UsageError

# RFC 8037, appendices A.1 and A.3
RFC_8037 = {
    "kty": "OKP",
    "crv": "Ed25519",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
RFC_8037_THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_thumbprint_is_that_of_rfc_8037() -> None:
    assert keys.thumbprint(keys.import_okp(RFC_8037, keys.SIGNING)) == RFC_8037_THUMBPRINT


def test_fingerprint_is_the_whole_thumbprint_in_groups_of_four() -> None:
    shown = keys.fingerprint(keys.import_okp(RFC_8037, keys.SIGNING))
    assert [len(group) for group in shown.split("-")] == [4] * 13


def test_fingerprint_may_be_typed_without_care_but_not_shortened() -> None:
    key = keys.generate_signing()
    shown = keys.fingerprint(key)
    assert keys.fingerprint_matches(key, shown.lower().replace("-", " "))
    assert not keys.fingerprint_matches(key, shown[:-5])
    assert not keys.fingerprint_matches(key, "")
    assert not keys.fingerprint_matches(keys.generate_signing(), shown)


@pytest.mark.parametrize(
    ("generate", "curve"), [(keys.generate_signing, "Ed25519"), (keys.generate_encryption, "X25519")]
)
def test_saved_key_is_private_and_comes_back(tmp_path: Path, generate, curve: str) -> None:
    key, path = generate(), tmp_path / "key.json"
    keys.save(path, key)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys.thumbprint(keys.load_okp(path, curve)) == keys.thumbprint(key)
    assert [file.name for file in tmp_path.iterdir()] == ["key.json"]


def test_chip_key_comes_back(tmp_path: Path) -> None:
    key = keys.generate_chip()
    keys.save(tmp_path / "chip.json", key)
    assert keys.thumbprint(keys.load_chip(tmp_path / "chip.json")) == keys.thumbprint(key)


def test_public_half_holds_no_secret() -> None:
    for key in (keys.generate_signing(), keys.generate_encryption(), keys.generate_chip()):
        assert "d" not in keys.public_jwk(key)
    assert not keys.import_public(keys.public_jwk(keys.generate_signing()), "Ed25519").is_private


def test_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    keys.save(path, keys.generate_signing())
    path.chmod(0o640)
    with pytest.raises(UsageError, match="0640"):
        keys.load_okp(path, "Ed25519")


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"kty":"OKP","crv":"Ed25519"}', json.dumps({**RFC_8037, "d": "AA"}).encode()]
)
def test_damaged_key_is_named(tmp_path: Path, content: bytes) -> None:
    replace_file(tmp_path / "key.json", content)
    with pytest.raises(DamagedData, match=r"key\.json"):
        keys.load_okp(tmp_path / "key.json", "Ed25519")


def test_wrong_curve_or_a_public_half_is_not_a_private_key(tmp_path: Path) -> None:
    keys.save(tmp_path / "x.json", keys.generate_encryption())
    with pytest.raises(DamagedData):
        keys.load_okp(tmp_path / "x.json", "Ed25519")
    public = json.dumps(keys.public_jwk(keys.generate_signing())).encode()
    replace_file(tmp_path / "p.json", public)
    with pytest.raises(DamagedData, match="public half"):
        keys.load_okp(tmp_path / "p.json", "Ed25519")


def test_missing_key_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such key"):
        keys.load_okp(tmp_path / "none.json", "Ed25519")


@pytest.mark.parametrize("jwk", [None, [], "x", {}, {"kty": "OKP", "crv": "Ed25519", "x": 3}, RFC_8037])
def test_stranger_must_send_a_public_ed25519_key(jwk: object) -> None:
    with pytest.raises(keys.KeyFormatError):
        keys.import_public(jwk, "Ed25519")


def test_failed_replacement_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "taken"
    (target / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="taken"):
        replace_file(target, b"new")
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]
