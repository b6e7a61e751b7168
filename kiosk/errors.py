"""What a command can answer when it can't do what was asked; each error is its own exit code.

KepingError (1)
├── UsageError (2)     the call or the config is wrong
├── DamagedData (3)    stored data fail their checks; nothing was changed
├── Unavailable (4)    a device, the centre or the running station can't be reached
└── Rejected (1)       the rules forbid it; `reason` is a keyword
"""

from __future__ import annotations

MOST_TOLD = 1_000


class KepingError(Exception):
    """One line for a person: what is wrong and what to do. It may quote what came from outside, so it has an end."""

    exit_code = 1

    def __str__(self) -> str:
        told = super().__str__()
        return told if len(told) <= MOST_TOLD else f"{told[:MOST_TOLD]}…"


class UsageError(KepingError):
    exit_code = 2


class DamagedData(KepingError):
    """Names file, line and reason. Raised before anything is written."""

    exit_code = 3


class Unavailable(KepingError):
    exit_code = 4


class Rejected(KepingError):
    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
