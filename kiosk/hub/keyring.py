"""The centre's own keys: one to sign, one to receive sticks, one for the chips."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kiosk.crypto import keys
from kiosk.crypto.keys import ECKey, OKPKey
from kiosk.errors import DamagedData


@dataclass(frozen=True)
class HubKeys:
    signing: OKPKey
    encryption: OKPKey
    chip: ECKey

    @classmethod
    def generate(cls) -> HubKeys:
        return cls(keys.generate_signing(), keys.generate_encryption(), keys.generate_chip())

    @classmethod
    def open(cls, directory: Path) -> HubKeys:
        """Load `signing.json`, `encryption.json`, `chip.json`; make all three if none is there.

        DamagedData if only some are there: a fresh key beside old ones would disown every station.
        """
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        paths = [directory / f"{name}.json" for name in ("signing", "encryption", "chip")]
        missing = [path.name for path in paths if not path.exists()]
        if len(missing) == len(paths):
            fresh = cls.generate()
            keys.save(paths[0], fresh.signing)
            keys.save(paths[1], fresh.encryption)
            keys.save(paths[2], fresh.chip)
            return fresh
        if missing:
            raise DamagedData(f"{directory}: {', '.join(missing)} missing beside the other keys; restore them")
        return cls(
            keys.load_okp(paths[0], keys.SIGNING),
            keys.load_okp(paths[1], keys.ENCRYPTION),
            keys.load_chip(paths[2]),
        )

    @property
    def audience(self) -> str:
        """Names this hub in request tokens: the thumbprint of its signing key."""
        return keys.thumbprint(self.signing)

    @property
    def fingerprint(self) -> str:
        """What a person gives to `keping enrol --fingerprint`."""
        return keys.fingerprint(self.signing)
