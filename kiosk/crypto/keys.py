"""Key pairs: Ed25519 to sign, X25519 to receive sealed chunks, P-256 for the signature on the chip.

Stored as JWK (RFC 7517, RFC 8037), one JSON file each, mode 0600. Told apart by people through the
fingerprint: the RFC 7638 thumbprint (SHA-256) in base32, groups of four, safe to read over a telephone.
"""

from __future__ import annotations

import base64
import hmac
import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from kiosk.durable import replace_file
from kiosk.errors import DamagedData, UsageError

__all__ = ["ECKey", "KeyFormatError", "OKPKey"]

SIGNING, ENCRYPTION, CHIP = "Ed25519", "X25519", "P-256"


class KeyFormatError(ValueError):
    """Not a JWK of the wanted curve."""


def generate_signing() -> OKPKey:
    return OKPKey.generate_key("Ed25519")


def generate_encryption() -> OKPKey:
    return OKPKey.generate_key("X25519")


def generate_chip() -> ECKey:
    return ECKey.generate_key("P-256")


def public_jwk(key: OKPKey | ECKey) -> dict[str, str]:
    """The public half as a JWK. Never holds `d`."""
    return {name: str(value) for name, value in key.as_dict(private=False).items()}


def import_okp(jwk: object, curve: str) -> OKPKey:
    """Build an Ed25519 or X25519 key from a decoded JWK. KeyFormatError if it is anything else.

    Other members (`use`, `alg`, `kid`) are ignored: what a key is for is decided here, not by its sender.
    """
    if not isinstance(jwk, Mapping) or jwk.get("kty") != "OKP" or jwk.get("crv") != curve:
        raise KeyFormatError(f"expected a JWK of curve {curve}")
    try:
        key = OKPKey.import_key({name: jwk[name] for name in ("kty", "crv", "x", "d") if name in jwk})
    except (JoseError, ValueError, TypeError) as exc:
        raise KeyFormatError(f"not a JWK of curve {curve}: {exc}") from exc
    return key


def import_public(jwk: object, curve: str) -> OKPKey:
    """As `import_okp`, but a JWK that gives away a private key is refused."""
    if isinstance(jwk, Mapping) and "d" in jwk:
        raise KeyFormatError("this JWK holds a private key; send the public half only")
    return import_okp(jwk, curve)


def import_chip_public(jwk: object) -> ECKey:
    """Build the public P-256 key that signs chips. KeyFormatError if it is anything else."""
    if not isinstance(jwk, Mapping) or "d" in jwk or jwk.get("crv") != CHIP:
        raise KeyFormatError(f"expected the public JWK of curve {CHIP}")
    try:
        return ECKey.import_key({name: jwk[name] for name in ("kty", "crv", "x", "y") if name in jwk})
    except (JoseError, ValueError, TypeError) as exc:
        raise KeyFormatError(f"not a JWK of curve {CHIP}: {exc}") from exc


def thumbprint(key: OKPKey | ECKey) -> str:
    """RFC 7638, SHA-256, base64url: 43 characters. The `kid` of every signature."""
    return key.thumbprint()


def fingerprint(key: OKPKey | ECKey) -> str:
    """The thumbprint for people: 13 groups of four base32 characters (RFC 4648, 6), all 256 bits."""
    digest = base64.urlsafe_b64decode(thumbprint(key) + "=")
    text = base64.b32encode(digest).decode().rstrip("=")
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def fingerprint_matches(key: OKPKey | ECKey, typed: str) -> bool:
    """Compare with what a person typed: case, blanks and hyphens do not matter, length does."""
    plain = "".join(typed.split()).replace("-", "").upper()
    return hmac.compare_digest(plain.encode(), fingerprint(key).replace("-", "").encode())


def save(path: Path, key: OKPKey | ECKey) -> None:
    """Write the private JWK, mode 0600, atomically and durably. OSError if the medium refuses."""
    jwk = key.as_dict(private=True)
    replace_file(path, json.dumps(jwk, indent=2, sort_keys=True).encode() + b"\n")


def load_okp(path: Path, curve: str) -> OKPKey:
    """Read an Ed25519 or X25519 private key. UsageError if others can read it, DamagedData if no key."""
    try:
        key = import_okp(_read(path), curve)
    except KeyFormatError as exc:
        raise DamagedData(f"{path}: {exc}") from exc
    if not key.is_private:
        raise DamagedData(f"{path}: holds only the public half of a key")
    return key


def load_chip(path: Path) -> ECKey:
    """Read a P-256 private key; errors as `load_okp`."""
    try:
        key = ECKey.import_key(_read(path))
    except (JoseError, ValueError, TypeError) as exc:
        raise DamagedData(f"{path}: {exc}") from exc
    if not key.is_private or key.curve_name != CHIP:
        raise DamagedData(f"{path}: expected a private key of curve {CHIP}")
    return key


def read_private(path: Path) -> bytes:
    """The content of a file that only its owner may read. UsageError if it is not there, or others may."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        content = path.read_bytes()
    except FileNotFoundError as exc:
        raise UsageError(f"{path}: no such key") from exc
    if mode & 0o077:
        raise UsageError(f"{path}: mode {mode:04o} lets others read this key; chmod 600, and see who did")
    return content


def _read(path: Path) -> dict[str, Any]:
    try:
        jwk = json.loads(read_private(path))
    except ValueError as exc:
        raise DamagedData(f"{path}: not JSON: {exc}") from exc
    if not isinstance(jwk, dict):
        raise DamagedData(f"{path}: expected a JSON object")
    return jwk
