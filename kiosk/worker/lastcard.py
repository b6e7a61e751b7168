"""What the last card says of the next: whether the line stands until a person lets it go on."""

from __future__ import annotations

from typing import Any

from kiosk.books import Books
from kiosk.core.jobs import REFUSED, SEEN_BEFORE, Why, last_in_question, refused_in_a_row
from kiosk.worker.halt import Halt


def check_last(books: Books, job: dict[str, Any], refusals_allowed: int) -> None:
    """Halt if `job` must not begin another card yet.

    So many cards refused, whosever they were, point at the reader or the box, not at the cards; one that came in
    again, at what was said of it. Asked of the books before a blank is spent, so no restart forgets it.
    """
    if job["card"] is not None:
        return
    last = last_in_question(job)
    if last.get("cause") == SEEN_BEFORE:
        raise Halt("a card that has its end in the books was fed; it is in the reject tray",
                   frozenset({"card-seen-before"}))  # fmt: skip
    if last.get("end") not in REFUSED:
        return
    with books.transaction() as view:
        before = sorted(view.rows("finished"), key=lambda each: -each["ended"])
    row = refused_in_a_row([job, *before])
    if row >= refusals_allowed:
        raise Halt(f"{row} cards refused in a row", frozenset({Why.REFUSALS_IN_A_ROW.value}))
