"""The centre's own keys: one to sign, one to receive sticks, one for the chips; and those before and after them.

    signing.json  encryption.json  chip.json    in use
    next.json     two new keys, and their announcement by the one in use: stations learn them, they sign nothing yet
    former.json   those that went: what they announced, and the newest one's key for sticks that are on their way

So that all stations can read what the centre signs, it signs by the old key until `retire`.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk.crypto import jose, keys
from kiosk.crypto.endorsement import Successors, sign_announcement
from kiosk.crypto.keys import ECKey, OKPKey
from kiosk.durable import replace_file, sync_directory
from kiosk.errors import DamagedData, KepingError, UsageError

log = logging.getLogger(__name__)

NAMES = ("signing", "encryption", "chip")
NEXT, FORMER = "next.json", "former.json"


@dataclass(frozen=True)
class Coming:
    """Private keys that are announced."""

    signing: OKPKey
    encryption: OKPKey
    announcement: str


@dataclass(frozen=True)
class Gone:
    """`signing`: public; it announced the one after it. `encryption`: private, None once it is destroyed."""

    signing: OKPKey
    announcement: str
    encryption: OKPKey | None


@dataclass
class HubKeys:
    """`refresh` takes in what another process changed in `directory`; without one they stay as they are."""

    signing: OKPKey
    encryption: OKPKey
    chip: ECKey
    coming: Coming | None = None
    gone: tuple[Gone, ...] = ()
    directory: Path | None = field(default=None, repr=False)
    _seen: tuple[int, ...] = field(default=(), repr=False, compare=False)

    @classmethod
    def generate(cls) -> HubKeys:
        return cls(keys.generate_signing(), keys.generate_encryption(), keys.generate_chip())

    @classmethod
    def open(cls, directory: Path) -> HubKeys:
        """Load `signing.json`, `encryption.json`, `chip.json`; make all three if none is there.

        DamagedData if only some are there: a fresh key beside old ones would disown every station.
        """
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        paths = [directory / f"{name}.json" for name in NAMES]
        missing = [path.name for path in paths if not path.exists()]
        if len(missing) == len(paths):
            fresh = cls.generate()
            keys.save(paths[0], fresh.signing)
            keys.save(paths[1], fresh.encryption)
            keys.save(paths[2], fresh.chip)
        elif missing:
            raise DamagedData(f"{directory}: {', '.join(missing)} missing beside the other keys; restore them")
        return _load(directory)

    def refresh(self) -> None:
        """Look whether the files are others than those that were read. While they can't be read, being copied just
        now perhaps, the keys stay as they are."""
        if self.directory and _stamps(self.directory) != self._seen:
            try:
                self.__dict__.update(_load(self.directory).__dict__)
            except (KepingError, OSError) as exc:
                log.warning("the centre's keys are not read anew: %s", exc)

    @property
    def audience(self) -> str:
        """Names this hub in request tokens: the thumbprint of its signing key."""
        return keys.thumbprint(self.signing)

    @property
    def newest(self) -> str:
        """What a station names that has learned all there is."""
        return keys.thumbprint(self.coming.signing) if self.coming else self.audience

    @property
    def opening(self) -> list[OKPKey]:
        """X25519: what is on a stick may be sealed for the next one already, or still for the one before."""
        others = [self.coming, *self.gone]
        return [self.encryption, *(each.encryption for each in others if each and each.encryption)]

    @property
    def fingerprint(self) -> str:
        """What a person gives to `keping enrol --fingerprint`."""
        return keys.fingerprint(self.signing)

    @property
    def _chain(self) -> dict[str, str]:
        """Of each key that has a successor, oldest first, its announcement."""
        chain = {keys.thumbprint(each.signing): each.announcement for each in self.gone}
        return {**chain, self.audience: self.coming.announcement} if self.coming else chain

    def is_own(self, audience: str) -> bool:
        """One of this centre's keys, of any time."""
        return audience in {*self._chain, self.audience, self.newest}

    def news_for(self, audience: str) -> list[str]:
        """The announcements by which a station that knows this key comes to know the newest one."""
        chain = self._chain
        names = list(chain)
        return [chain[name] for name in names[names.index(audience) :]] if audience in chain else []

    def renewed(self, token: str, typ: str) -> str:
        """The same word by the key in use, where one signed it that is gone; stations believe that one no more."""
        if not self.gone or jose.signer(token) == self.audience:
            return token
        return jose.sign(jose.verify_bytes(token, [each.signing for each in self.gone], typ), self.signing, typ)


def rotate(directory: Path) -> HubKeys:
    """Make the next keys and announce them. Called again before `retire`, nothing more happens."""
    held = HubKeys.open(directory)
    if held.coming is None:
        signing, encryption = keys.generate_signing(), keys.generate_encryption()
        announcement = sign_announcement(Successors(signing, encryption), held.signing)
        made = {
            "signing": signing.as_dict(private=True), "encryption": encryption.as_dict(private=True),
            "announcement": announcement,
        }  # fmt: skip
        replace_file(directory / NEXT, json.dumps(made).encode() + b"\n")
    return HubKeys.open(directory)


def retire(directory: Path) -> HubKeys:
    """Sign by the next keys from now on. Cut off by a power cut, call it again. UsageError if none are announced.

    The private signing key that was in use is gone then, and of the encryption keys all but the last before.
    """
    held = HubKeys.open(directory)
    coming = held.coming
    if coming is None:
        raise UsageError("no new keys are announced: keping hub rotate-keys")
    before = [each for each in held.gone if each.announcement != coming.announcement]
    rows: list[dict[str, Any]] = [_gone(each.signing, each.announcement, None) for each in before]
    kept = next((each.encryption for each in held.gone if each.announcement == coming.announcement), held.encryption)
    rows.append(_gone(held.signing, coming.announcement, kept))
    replace_file(directory / FORMER, json.dumps(rows).encode() + b"\n")
    keys.save(directory / "encryption.json", coming.encryption)
    keys.save(directory / "signing.json", coming.signing)
    (directory / NEXT).unlink()
    sync_directory(directory)
    return HubKeys.open(directory)


def _gone(signing: OKPKey, announcement: str, encryption: OKPKey | None) -> dict[str, Any]:
    sealed = encryption.as_dict(private=True) if encryption else None
    return {"signing": keys.public_jwk(signing), "announcement": announcement, "encryption": sealed}


def _load(directory: Path) -> HubKeys:
    seen = _stamps(directory)
    signing, encryption, chip = (directory / f"{name}.json" for name in NAMES)
    made = HubKeys(
        keys.load_okp(signing, keys.SIGNING), keys.load_okp(encryption, keys.ENCRYPTION), keys.load_chip(chip),
        _coming(directory / NEXT), _former(directory / FORMER), directory, seen,
    )  # fmt: skip
    if made.coming and keys.thumbprint(made.coming.signing) == made.audience:
        made.coming = None  # `retire` was cut off behind its last rename
    return made


def _coming(path: Path) -> Coming | None:
    if not path.exists():
        return None
    try:
        held = json.loads(keys.read_private(path))
        signing = keys.import_okp(held["signing"], keys.SIGNING)
        return Coming(signing, keys.import_okp(held["encryption"], keys.ENCRYPTION), str(held["announcement"]))
    except (ValueError, TypeError, LookupError) as exc:
        raise DamagedData(f"{path}: not the next keys of a centre: {exc}") from exc


def _former(path: Path) -> tuple[Gone, ...]:
    if not path.exists():
        return ()
    try:
        return tuple(
            Gone(
                keys.import_public(row["signing"], keys.SIGNING), str(row["announcement"]),
                keys.import_okp(row["encryption"], keys.ENCRYPTION) if row["encryption"] else None,
            )
            for row in json.loads(keys.read_private(path))
        )  # fmt: skip
    except (ValueError, TypeError, LookupError) as exc:
        raise DamagedData(f"{path}: not the former keys of a centre: {exc}") from exc


def _stamps(directory: Path) -> tuple[int, ...]:
    """Others where a file was replaced or written."""
    found: list[int] = []
    for name in ("signing.json", "encryption.json", NEXT, FORMER):
        try:
            status = (directory / name).stat()
        except FileNotFoundError:
            found.append(0)
        else:
            found += (status.st_ino, status.st_mtime_ns, status.st_size)
    return tuple(found)
