"""DATA/keys: the station's own key pairs, and those that stand beside them while they are replaced.

    signing.jwk        encryption.jwk         in use
    signing.next.jwk   encryption.next.jwk    made, and not yet known to be held by the centre
                       encryption.old.jwk     opens what was sealed before the change and is still on its way

`signing.next.jwk` is written last and moved last: where it is, a change is under way, and whatever a power cut left
is ended by doing the same again.
"""

from __future__ import annotations

from pathlib import Path

from kiosk.crypto import keys
from kiosk.crypto.endorsement import Successors
from kiosk.crypto.keys import OKPKey
from kiosk.durable import sync_directory


class OwnKeys:
    """`signing`: in use, as loaded. Only one thread changes them; any may read."""

    def __init__(self, directory: Path, signing: OKPKey) -> None:
        self.signing = signing
        self._directory = directory
        self._encryption = directory / "encryption.jwk"
        self._next_encryption = directory / "encryption.next.jwk"
        self._old_encryption = directory / "encryption.old.jwk"
        self._signing = directory / "signing.jwk"
        self._next_signing = directory / "signing.next.jwk"

    @property
    def opening(self) -> list[OKPKey]:
        """X25519: the one in use, the one that comes, the one that went. UsageError, DamagedData as keys.load_okp."""
        others = [path for path in (self._next_encryption, self._old_encryption) if path.exists()]
        return [keys.load_okp(path, keys.ENCRYPTION) for path in (self._encryption, *others)]

    @property
    def is_changing(self) -> bool:
        return self._next_signing.exists()

    @property
    def coming(self) -> Successors | None:
        """Those that come, None while no change is under way. Errors as `opening`."""
        if not self.is_changing:
            return None
        moved = not self._next_encryption.exists()
        encryption = self._encryption if moved else self._next_encryption
        return Successors(keys.load_okp(self._next_signing, keys.SIGNING), keys.load_okp(encryption, keys.ENCRYPTION))

    def prepare(self) -> None:
        """Make the keys that come. Begun already, nothing happens. Four fsyncs."""
        if not self.is_changing:
            keys.save(self._next_encryption, keys.generate_encryption())
            keys.save(self._next_signing, keys.generate_signing())

    def turn(self) -> None:
        """Put those that come in the place of those in use. Called again after a power cut, it ends what it began.

        The private signing key that was in use is gone then; the other one is kept until `forget`, or the next turn.
        """
        fresh = keys.load_okp(self._next_signing, keys.SIGNING)
        if self._next_encryption.exists():
            keys.save(self._old_encryption, keys.load_okp(self._encryption, keys.ENCRYPTION))
            self._next_encryption.replace(self._encryption)
            sync_directory(self._directory)
        self._next_signing.replace(self._signing)
        sync_directory(self._directory)
        self.signing = fresh

    @property
    def keeps_old(self) -> bool:
        return self._old_encryption.exists()

    def forget(self) -> None:
        """Destroy the key that opens what was sealed before the last turn."""
        self._old_encryption.unlink(missing_ok=True)
        sync_directory(self._directory)
