"""Who may use the station: id, name, role and a PIN that is only kept as an Argon2id hash (RFC 9106).

Kept apart from the journal, which goes to the centre: a hash of six digits is soon searched through, and names are
the office's own. The journal has ids and roles (frames of kind `people`), and is right where the two differ.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kiosk.core.permissions import Role
from kiosk.durable import replace_file
from kiosk.errors import DamagedData, Rejected, UsageError

FILE, CODES_FILE = "people.json", "codes.json"
CODES = 8
_CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_CODE_GROUPS, _GROUP = 3, 4
"""Twelve letters of 32: 60 bits. Without I, O, 0 and 1, which a hand writes alike."""
COST = 2, 19456, 1
"""Of a hash: passes, KiB, lanes."""
_ID = re.compile(r"[a-z][a-z0-9]{1,15}")
_PIN = re.compile(r"\d{6}", re.ASCII)


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    role: Role
    pin: str
    active: bool = True


@dataclass(frozen=True)
class Named:
    """Who somebody at a shell says that they are, and the PIN that shows it."""

    person: str
    pin: str


class People:
    """DATA/keys/people.json and codes.json, 0600. Thread-safe. A verification takes about 30 ms on purpose.

    Nobody is ever removed: the journal names people by their ids, which are given out once.
    """

    def __init__(self, data: Path) -> None:
        self._path = data / "keys" / FILE
        self._codes_path = data / "keys" / CODES_FILE
        self._hasher = PasswordHasher(*COST)
        self._lock = threading.Lock()

    def all(self) -> list[Person]:
        """By name, those who were deactivated too. DamagedData if the file is not what was written."""
        try:
            rows = json.loads(self._path.read_bytes())
            return sorted((Person(**{**row, "role": Role(row["role"])}) for row in rows), key=lambda row: row.name)
        except FileNotFoundError:
            return []
        except (ValueError, TypeError, KeyError) as exc:
            raise DamagedData(f"{self._path}: not a list of people: {exc}") from exc

    def active(self) -> list[Person]:
        """Those who may sign in, by name."""
        return [person for person in self.all() if person.active]

    def get(self, ident: str) -> Person | None:
        return next((person for person in self.all() if person.id == ident), None)

    def find(self, ident: str) -> Person:
        """Rejected `person-missing` if nobody has the id."""
        person = self.get(ident)
        if person is None:
            raise Rejected(f"nobody here is {ident}", "person-missing")
        return person

    @property
    def has_supervisor(self) -> bool:
        """One who could sign in: after a lost disk nobody has a PIN."""
        return any(person.role is Role.SUPERVISOR and person.pin for person in self.active())

    def add(self, ident: str, name: str, role: Role, pin: str) -> Person:
        """UsageError if the id or PIN has the wrong form, Rejected if the id is taken, or ever was."""
        self.check_new(ident, name, pin)
        person = Person(ident, name.strip(), role, self._hasher.hash(pin))
        with self._lock:
            rows = self.all()
            if any(row.id == ident for row in rows):
                raise Rejected(f"{ident} is there already", "person-exists")
            self._write([*rows, person])
        return person

    def check_new(self, ident: str, name: str, pin: str) -> None:
        """What `add` would refuse, refused before anything is written."""
        if not _ID.fullmatch(ident):
            raise UsageError("id: 2 to 16 of a-z and 0-9, a letter first")
        if not name.strip() or len(name) > 60:
            raise UsageError("name: 1 to 60 characters")
        check_pin(pin)
        if self.get(ident) is not None:
            raise Rejected(f"{ident} is there already", "person-exists")

    def bring_back(self, people: Iterable[Person]) -> None:
        """After a lost disk: those of them who are not in the file, without a PIN until they are given one."""
        with self._lock:
            rows = self.all()
            known = {row.id for row in rows}
            self._write([*rows, *(replace(each, pin="") for each in people if each.id not in known)])

    def reset_pin(self, ident: str, pin: str) -> None:
        check_pin(pin)
        self._change(ident, pin=self._hasher.hash(pin))

    def set_role(self, ident: str, role: Role, *, active: bool) -> None:
        self._change(ident, role=role, active=active)

    def _change(self, ident: str, **fields: object) -> None:
        with self._lock:
            self.find(ident)
            self._write([replace(r, **fields) if r.id == ident else r for r in self.all()])  # type: ignore[arg-type]

    def verify(self, ident: str, pin: str) -> Person | None:
        """The active person if the PIN is theirs. An unknown id takes as long as a wrong PIN."""
        person = self.get(ident)
        if person is not None and not person.active:
            person = None
        try:
            self._hasher.verify(person.pin if person else self._hasher.hash("000000"), pin)
        except (VerificationError, InvalidHashError):
            return None
        return person

    def new_codes(self) -> list[str]:
        """Make CODES one-time codes in place of all earlier ones. They can't be had again. Blocks about 0.3 s."""
        codes = ["-".join(_group() for _ in range(_CODE_GROUPS)) for _ in range(CODES)]
        hashes = [self._hasher.hash(_compact(code)) for code in codes]
        with self._lock:
            self._write_codes(hashes)
        return codes

    def codes_left(self) -> int:
        return len(self._codes())

    def spend_code(self, code: str) -> bool:
        """Whether it was one of the codes; it is none from now on. Blocks about 0.3 s."""
        with self._lock:
            hashes = self._codes()
            rest = [each for each in hashes if not self._fits(each, _compact(code))]
            if len(rest) == len(hashes):
                return False
            self._write_codes(rest)
        return True

    def _fits(self, hashed: str, code: str) -> bool:
        try:
            return self._hasher.verify(hashed, code)
        except (VerificationError, InvalidHashError):
            return False

    def _codes(self) -> list[str]:
        try:
            return [str(each) for each in json.loads(self._codes_path.read_bytes())]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError) as exc:
            raise DamagedData(f"{self._codes_path}: not a list of codes: {exc}") from exc

    def _write_codes(self, hashes: list[str]) -> None:
        self._codes_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(self._codes_path, json.dumps(hashes, indent=1).encode() + b"\n")

    def _write(self, rows: list[Person]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(self._path, json.dumps([asdict(row) for row in rows], indent=1).encode() + b"\n")


def check_pin(pin: str) -> None:
    """UsageError unless it may be one."""
    if not isinstance(pin, str) or not _PIN.fullmatch(pin) or len(set(pin)) == 1:
        raise UsageError("PIN: six digits, not all the same")


def _group() -> str:
    return "".join(secrets.choice(_CODE_LETTERS) for _ in range(_GROUP))


def _compact(code: str) -> str:
    return re.sub(r"[\s-]", "", code).upper()


__all__ = ["CODES", "Named", "People", "Person", "Role", "check_pin"]
