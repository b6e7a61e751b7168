"""Device errors, named for how the caller must react, not for what broke.

DeviceError
├── NotStarted         nothing moved and nothing was written: safe to retry
├── Stopped            the device waits for a person; `reasons` are IPP keywords
├── OutcomeUnknown     a command was sent and its effect is not known: reconcile, never retry
├── Refused            this card cannot be used: reject it; `cause` is a keyword
└── ProtocolViolation  the device answered what no manual allows: halt, keep the trace
"""

from __future__ import annotations

from enum import StrEnum


class DeviceError(Exception):
    """Only subclasses of this leave the `drivers` package."""


class NotStarted(DeviceError):
    """The device did nothing. Counters and card position are as they were."""


class Stopped(DeviceError):
    """The device stopped and waits for a person.

    `reasons`: printer-state-reasons keywords (RFC 8011, 5.4.12; PWG 5100.9), e.g. `media-jam`.
    """

    def __init__(self, message: str, reasons: frozenset[str]) -> None:
        super().__init__(message)
        self.reasons = reasons


class OutcomeUnknown(DeviceError):
    """The link or the chip went away after a command that may have had its effect."""


class Severity(StrEnum):
    """How much a printer-state-reason weighs (RFC 8011, 5.4.12): with an ERROR the printer is stopped."""

    REPORT = "report"
    WARNING = "warning"
    ERROR = "error"


class Cause(StrEnum):
    """Why a card was refused; the same word in the journal, the register and on the screen."""

    CHIP_SILENT = "chip-silent"
    CHIP_UNKNOWN = "chip-unknown"
    CHIP_USED = "chip-used"
    CHIP_UID_RANDOM = "chip-uid-random"
    CHIP_UID_CONSUMED = "chip-uid-consumed"
    CHIP_WRITE_FAILED = "chip-write-failed"
    CHIP_VERIFY_FAILED = "chip-verify-failed"


class Refused(DeviceError):
    """The card at the station must be rejected. `sw` is the ISO 7816-4 status word, if there was one."""

    def __init__(self, message: str, cause: Cause, sw: int | None = None) -> None:
        super().__init__(message)
        self.cause = cause
        self.sw = sw


class ProtocolViolation(DeviceError):
    """An answer outside the protocol. `answer` is what came, cut to 64 bytes."""

    def __init__(self, message: str, answer: bytes = b"") -> None:
        super().__init__(message)
        self.answer = answer[:64]
