"""A station's beginning: its keys, its registration with the centre, the first frame of its journal."""

from __future__ import annotations

import secrets
from pathlib import Path

from kiosk.books import Books, DataLock
from kiosk.config import Config
from kiosk.crypto import keys
from kiosk.crypto.keyfile import KeyFile
from kiosk.durable import make_directory
from kiosk.errors import DamagedData
from kiosk.journal import Clock
from kiosk.sync.enrol import enrol, save_pins


def enrol_station(
    config: Config, data: Path, url: str, code: str, fingerprint: str, by: str, clock: Clock | None = None
) -> str:
    """Register with the centre and start the journal. Returns the new incarnation. `clock`: the machine's.

    May be repeated after a lost answer: the keys are made once, the journal is begun last. DamagedData if this
    DATA has a journal already.
    """
    if (data / "journal").exists():
        raise DamagedData(f"{data}: has a journal already; a station is enrolled once")
    lock = DataLock(data)
    try:
        station = config.station.id
        own = own_keys(data / "keys")
        pins = enrol(url, station, code, fingerprint, own, ca=config.hub.authority)
        save_pins(data / "keys" / "hub.json", pins)
        incarnation = secrets.token_hex(8)
        genesis = {
            "station": station, "incarnation": incarnation, "key": keys.thumbprint(own[0]), "predecessor": None,
        }  # fmt: skip
        Books.create(data, config.journal.segment << 20, genesis, by, clock=clock).close()
    finally:
        lock.release()
    return incarnation


def own_keys(directory: Path) -> tuple[keys.OKPKey, keys.OKPKey]:
    """Ed25519 and X25519, and the vault's key; made once."""
    make_directory(directory)
    made = {"signing": keys.generate_signing, "encryption": keys.generate_encryption}
    for name, make in made.items():
        if not (directory / f"{name}.jwk").exists():
            keys.save(directory / f"{name}.jwk", make())
    if not (directory / "vault.key").exists():
        KeyFile.create(directory / "vault.key")
    signing = keys.load_okp(directory / "signing.jwk", keys.SIGNING)
    return signing, keys.load_okp(directory / "encryption.jwk", keys.ENCRYPTION)
