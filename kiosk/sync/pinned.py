"""The centre's keys as this station believes them: pinned at the enrolment, and changed by nobody but the centre."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from kiosk.crypto import keys
from kiosk.crypto.endorsement import verify_announcement
from kiosk.crypto.jose import SignatureError
from kiosk.crypto.keys import OKPKey
from kiosk.sync.enrol import Pins, save_pins

log = logging.getLogger(__name__)


class Pinned:
    """`pins`: as they are now, and in the file `path`. Thread-safe. OSError if the medium refuses: they stay."""

    def __init__(self, path: Path, pins: Pins) -> None:
        self._path = path
        self._turn = threading.Lock()
        self.pins = pins

    def hear(self, announcements: Sequence[str]) -> Sequence[OKPKey]:
        """Pin what a key announces that is pinned, beside it; anything else is passed over.

        Returns the keys by which the centre signs, newest first.
        """
        for token in announcements:
            with self._turn:
                try:
                    coming = verify_announcement(token, self.pins.signing)
                except SignatureError as exc:
                    log.warning("an announcement of other keys is not believed: %s", exc)
                    continue
                known = {keys.thumbprint(key) for key in (*self.pins.signing, *self.pins.former)}
                if keys.thumbprint(coming.signing) not in known:
                    signing = (coming.signing, *self.pins.signing)
                    self._keep(replace(self.pins, signing=signing, encryption=coming.encryption))
        return self.pins.signing

    def proved(self, kid: str) -> Sequence[OKPKey]:
        """The centre signed by `kid`, so those before it sign nothing any more. As `hear`."""
        with self._turn:
            names = [keys.thumbprint(key) for key in self.pins.signing]
            later = names.index(kid) + 1 if kid in names else len(names)
            if gone := self.pins.signing[later:]:
                kept = self.pins.signing[:later]
                self._keep(replace(self.pins, signing=kept, former=(*gone, *self.pins.former)))
        return self.pins.signing

    def _keep(self, pins: Pins) -> None:
        save_pins(self._path, pins)
        self.pins = pins
        log.info("the centre's newest key is %s", keys.fingerprint(pins.signing[0]))
