"""Records whose data are wrong: held by whoever sees it, until the centre has corrected them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kiosk.books import Books
from kiosk.core.correction import FREED, HELD, STATE, WrongPart
from kiosk.errors import Rejected, UsageError


def wrong_parts(said: Iterable[str]) -> list[str]:
    """Each once, in the order of the list. UsageError if nothing is said, or something that is not in it."""
    if not set(said) or not set(said) <= set(WrongPart):
        raise UsageError(f"wrong: one or more of {', '.join(WrongPart)}")
    return [part.value for part in WrongPart if part in set(said)]


class Corrections:
    """`here`: the record's data are in the vault."""

    def __init__(self, books: Books, here: Callable[[str], bool]) -> None:
        self._books = books
        self._here = here
        self.commands: dict[str, Callable[..., Any]] = {"jobs.hold-record": self.hold, "jobs.free-record": self.free}

    def hold(self, by: str, ref: str, wrong: list[str]) -> dict[str, Any]:
        """Nobody prints it until it is freed, or the centre has corrected it. Rejected unless it waits."""
        parts = wrong_parts(wrong)
        self._change(by, HELD, {"ref": ref, "wrong": parts}, "waiting")
        return {"ref": ref, "wrong": parts}

    def free(self, by: str, ref: str) -> dict[str, Any]:
        """It was right after all, and waits where it stood. Rejected unless it is held and its data are here."""
        if not self._here(ref):
            raise Rejected(f"the data of record {ref} are destroyed; fetch it again", "biometrics-gone")
        self._change(by, FREED, {"ref": ref}, STATE)
        return {"ref": ref}

    def _change(self, by: str, kind: str, body: dict[str, Any], needed: str) -> None:
        with self._books.transaction():
            state = self._books.past.state(body["ref"])
            if state != needed:
                reason = "not-held" if needed == STATE else f"record-{state or 'missing'}"
                raise Rejected(f"record {body['ref']} is {state or 'not here'}", reason)
            self._books.commit(kind, body, by)

    def held(self) -> list[dict[str, Any]]:
        """Records that are held, the oldest first."""
        with self._books.look() as view:
            return sorted(view.rows("records", state=STATE), key=lambda row: (row["held"]["at"], row["ref"]))
