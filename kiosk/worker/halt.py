"""Why the worker stops."""

from __future__ import annotations


class Halt(Exception):
    """The job stops here until a person or the device changes something.

    `reasons`: job-state-reasons or printer-state-reasons keywords.
    """

    def __init__(self, message: str, reasons: frozenset[str]) -> None:
        super().__init__(message)
        self.reasons = reasons
