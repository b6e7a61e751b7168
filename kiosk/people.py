"""Who may use the station: id, name, role and a PIN that is only kept as an Argon2id hash (RFC 9106).

Kept apart from the journal, which goes to the centre: a hash of six digits is soon searched through.
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kiosk.durable import replace_file
from kiosk.errors import DamagedData, Rejected, UsageError

FILE = "people.json"
_ID = re.compile(r"[a-z][a-z0-9]{1,15}")
_PIN = re.compile(r"\d{6}")


class Role(StrEnum):
    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    TECHNICIAN = "technician"
    AUDITOR = "auditor"


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    role: Role
    pin: str


class People:
    """DATA/keys/people.json, 0600. Thread-safe. A verification takes about 30 ms on purpose."""

    def __init__(self, data: Path) -> None:
        self._path = data / "keys" / FILE
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
        self._lock = threading.Lock()

    def all(self) -> list[Person]:
        """By name. DamagedData if the file is not what was written."""
        try:
            rows = json.loads(self._path.read_bytes())
            return sorted((Person(**{**row, "role": Role(row["role"])}) for row in rows), key=lambda row: row.name)
        except FileNotFoundError:
            return []
        except (ValueError, TypeError, KeyError) as exc:
            raise DamagedData(f"{self._path}: not a list of people: {exc}") from exc

    def get(self, ident: str) -> Person | None:
        return next((person for person in self.all() if person.id == ident), None)

    def add(self, ident: str, name: str, role: Role, pin: str) -> Person:
        """UsageError if the id or PIN has the wrong form, Rejected if the id is taken."""
        if not _ID.fullmatch(ident):
            raise UsageError("id: 2 to 16 of a-z and 0-9, a letter first")
        if not name.strip() or len(name) > 60:
            raise UsageError("name: 1 to 60 characters")
        _check_pin(pin)
        person = Person(ident, name.strip(), role, self._hasher.hash(pin))
        with self._lock:
            rows = self.all()
            if any(row.id == ident for row in rows):
                raise Rejected(f"{ident} is there already", "person-exists")
            self._write([*rows, person])
        return person

    def reset_pin(self, ident: str, pin: str) -> None:
        _check_pin(pin)
        with self._lock:
            rows = self.all()
            if not any(row.id == ident for row in rows):
                raise Rejected(f"nobody here is {ident}", "person-missing")
            self._write([Person(r.id, r.name, r.role, self._hasher.hash(pin)) if r.id == ident else r for r in rows])

    def verify(self, ident: str, pin: str) -> Person | None:
        """The person if the PIN is theirs. An unknown id takes as long as a wrong PIN."""
        person = self.get(ident)
        try:
            self._hasher.verify(person.pin if person else self._hasher.hash("000000"), pin)
        except (VerificationError, InvalidHashError):
            return None
        return person

    def second(self, by: str, ident: str, pin: str) -> str:
        """The second person, as the journal names them: a supervisor, and somebody else than `by`. Else Rejected."""
        if not ident:
            raise Rejected("a supervisor must approve", "approval-missing")
        person = self.verify(ident, pin)
        if person is None or person.role is not Role.SUPERVISOR:
            raise Rejected(f"{ident}: no supervisor with that PIN", "approval-refused")
        if by.rpartition(":")[2] == person.id:
            raise Rejected("another person must approve", "approval-by-self")
        return f"op:{person.id}"

    def _write(self, rows: list[Person]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(self._path, json.dumps([asdict(row) for row in rows], indent=1).encode() + b"\n")


def _check_pin(pin: str) -> None:
    if not _PIN.fullmatch(pin) or len(set(pin)) == 1:
        raise UsageError("PIN: six digits, not all the same")
