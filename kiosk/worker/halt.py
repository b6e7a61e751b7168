"""Why the worker stops."""

from __future__ import annotations

from kiosk.core.jobs import Why


class Halt(Exception):
    """The job stops here until a person or the device changes something.

    `reasons`: job-state-reasons or printer-state-reasons keywords.
    """

    def __init__(self, message: str, reasons: frozenset[str]) -> None:
        super().__init__(message)
        self.reasons = reasons

    @property
    def said(self) -> object:
        """What a person is told; when it is another than before, the screens must know."""
        return self.reasons


class CardWanted(Halt):
    """No fault but an invitation: the card is to be laid on the reader of the desk.

    `problem`: what the card that lies there is instead, a keyword, empty if none lies there; `owner`: its job, if one
    wrote its chip. Neither is written down: the next card that is laid there makes it untrue.
    """

    def __init__(self, message: str, problem: str = "", owner: str = "") -> None:
        super().__init__(message, frozenset({Why.DESK_CARD_WANTED.value}))
        self.problem = problem
        self.owner = owner

    @property
    def said(self) -> object:
        return self.reasons, self.problem, self.owner
