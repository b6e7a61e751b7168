"""Enrolment: prove the right to be this station, and pin the centre's keys for every later contact."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from kiosk.crypto import jose, keys
from kiosk.crypto.jose import SignatureError
from kiosk.crypto.keys import ECKey, KeyFormatError, OKPKey
from kiosk.durable import replace_file
from kiosk.errors import DamagedData, Rejected, UsageError
from kiosk.sync.client import HubUnreachable, connect
from kiosk.sync.tls import why


class WrongHub(Rejected):
    """Who answered is not the centre whose fingerprint was given. Nothing was pinned."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "wrong-hub")


@dataclass(frozen=True)
class Pins:
    """The centre as this station knows it. `signing`: newest key first; more than one while keys rotate.

    `former`: they sign nothing any more; what they signed before, and is here, stays good.
    """

    url: str
    station: str
    signing: tuple[OKPKey, ...]
    encryption: OKPKey
    chip: ECKey
    former: tuple[OKPKey, ...] = ()

    @property
    def believed(self) -> tuple[OKPKey, ...]:
        """For what was received before: all that ever were pinned."""
        return (*self.signing, *self.former)


def enrol(
    url: str,
    station: str,
    code: str,
    fingerprint: str,
    own: tuple[OKPKey, OKPKey],
    *,
    ca: Path | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Pins:
    """Register `own` (Ed25519, X25519; only the public halves are sent) with the one-time code.

    Blocks <= 13 s. WrongHub if the fingerprint differs, Rejected if the code does not fit, HubUnreachable
    without an answer: repeat with the same keys, the code still counts for them.
    """
    signing, encryption = own
    asked = {
        "station": station, "code": code,
        "signing_key": keys.public_jwk(signing), "encryption_key": keys.public_jwk(encryption),
    }  # fmt: skip
    with connect(url, ca=ca, transport=transport) as http:
        try:
            response = http.post("/v1/enrol", json=asked)
        except httpx.HTTPError as exc:
            raise HubUnreachable(f"centre not reached: {why(exc)}") from exc
    if response.status_code in (400, 403):
        raise Rejected(f"centre refuses the enrolment: {response.text[:200]}", "enrolment")
    try:
        answer = response.json() if response.status_code == 200 else None
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise HubUnreachable(f"no enrolment from there: {response.status_code} {response.reason_phrase}")
    return _pin(url, station, fingerprint, keys.thumbprint(signing), answer)


def _pin(url: str, station: str, fingerprint: str, own: str, answer: Mapping[str, Any]) -> Pins:
    try:
        hub = keys.import_public(answer.get("signing_key"), keys.SIGNING)
        if not keys.fingerprint_matches(hub, fingerprint):
            raise WrongHub(f"the centre there has fingerprint {keys.fingerprint(hub)}, not the one given")
        said = jose.verify(str(answer.get("enrolment")), [hub], jose.ENROLMENT)
        if (said.get("station"), said.get("for")) != (station, own):
            raise WrongHub("the centre's answer is for another station or key")
        return Pins(
            url,
            station,
            (hub,),
            keys.import_public(said.get("encryption_key"), keys.ENCRYPTION),
            keys.import_chip_public(said.get("chip_key")),
        )
    except (KeyFormatError, SignatureError) as exc:
        raise WrongHub(f"the centre's answer cannot be trusted: {exc}") from exc


def save_pins(path: Path, pins: Pins) -> None:
    """Write the pins, mode 0600, atomically. OSError if the medium refuses."""
    content = {
        "url": pins.url, "station": pins.station,
        "signing_keys": [keys.public_jwk(key) for key in pins.signing],
        "encryption_key": keys.public_jwk(pins.encryption), "chip_key": keys.public_jwk(pins.chip),
        "former_keys": [keys.public_jwk(key) for key in pins.former],
    }  # fmt: skip
    replace_file(path, json.dumps(content, indent=2).encode() + b"\n")


def load_pins(path: Path) -> Pins:
    """UsageError if the station is not enrolled, DamagedData if the file is not what `save_pins` wrote."""
    try:
        content = json.loads(path.read_bytes())
        return Pins(
            str(content["url"]),
            str(content["station"]),
            tuple(keys.import_public(jwk, keys.SIGNING) for jwk in content["signing_keys"]),
            keys.import_public(content["encryption_key"], keys.ENCRYPTION),
            keys.import_chip_public(content["chip_key"]),
            tuple(keys.import_public(jwk, keys.SIGNING) for jwk in content.get("former_keys", ())),
        )
    except FileNotFoundError as exc:
        raise UsageError(f"{path}: this station is not enrolled; keping enrol") from exc
    except (ValueError, TypeError, LookupError, AttributeError) as exc:
        raise DamagedData(f"{path}: not the pinned keys of a centre: {exc}") from exc
