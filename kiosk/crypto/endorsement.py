"""One signed word that a key gives way to another: the station's endorsement, the centre's announcement.

Both are signed by the key that goes and hold the keys that come, one to sign and one to receive. So whoever trusts
the old key needs nobody else to trust the new ones, and nobody without the old key can bring in any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kiosk.crypto.checkpoint import Position, parse_position
from kiosk.crypto.jose import ANNOUNCEMENT, ENDORSEMENT, Fault, SignatureError, sign, verify
from kiosk.crypto.keys import ENCRYPTION, SIGNING, KeyFormatError, OKPKey, import_public, public_jwk


@dataclass(frozen=True)
class Successors:
    """Public keys: Ed25519, X25519."""

    signing: OKPKey
    encryption: OKPKey

    @property
    def claims(self) -> dict[str, Any]:
        return {"signing_key": public_jwk(self.signing), "encryption_key": public_jwk(self.encryption)}


@dataclass(frozen=True)
class Endorsement:
    """The station's: its journal stood at `position` then. `made_ms`: Unix, by the station's time."""

    position: Position
    successors: Successors
    made_ms: int


def sign_endorsement(said: Endorsement, key: OKPKey) -> str:
    return sign({**said.position.claims, **said.successors.claims, "made_ms": said.made_ms}, key, ENDORSEMENT)


def verify_endorsement(token: str, keys: Iterable[OKPKey]) -> Endorsement:
    """SignatureError unless one of `keys` signed exactly this shape."""
    claims = verify(token, keys, ENDORSEMENT)
    successors, made_ms = _successors(claims), claims.pop("made_ms", None)
    if type(made_ms) is not int or not 0 <= made_ms < 1 << 62:
        raise SignatureError("made_ms is no time", Fault.WRONG_CLAIMS)
    return Endorsement(parse_position(claims), successors, made_ms)


def sign_announcement(successors: Successors, key: OKPKey) -> str:
    return sign(successors.claims, key, ANNOUNCEMENT)


def verify_announcement(token: str, keys: Iterable[OKPKey]) -> Successors:
    """SignatureError unless one of the pinned hub keys signed exactly this shape."""
    claims = verify(token, keys, ANNOUNCEMENT)
    successors = _successors(claims)
    if claims:
        raise SignatureError("an announcement holds two keys", Fault.WRONG_CLAIMS)
    return successors


def _successors(claims: dict[str, Any]) -> Successors:
    """Takes them out of the claims."""
    try:
        return Successors(
            import_public(_taken(claims, "signing_key"), SIGNING),
            import_public(_taken(claims, "encryption_key"), ENCRYPTION),
        )
    except KeyFormatError as exc:
        raise SignatureError(str(exc), Fault.WRONG_CLAIMS) from exc


def _taken(claims: dict[str, Any], name: str) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = claims.pop(name, None)
    return found
