"""Who is served next, who must wait for tomorrow, and whom two people move up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from kiosk.books import Books
from kiosk.config import ServiceConfig
from kiosk.core import service_order
from kiosk.core.projection import SPOKEN_FOR
from kiosk.core.records import Reason
from kiosk.core.service_order import JUMP, JumpReason, Line, Rules
from kiosk.core.workdays import office_day
from kiosk.errors import Rejected, UsageError
from kiosk.roster import Roster
from kiosk.views import View

HAS_CARD = SPOKEN_FOR - {"issued"}
"""States of a record whose card is here, or will be, or may be: its person gets no second one by another record."""


def rules_of(config: ServiceConfig) -> Rules:
    quota = {reason.value: int(getattr(config.quota, reason.value.replace("-", "_"))) for reason in Reason}
    return Rules(config.order, config.step_days, quota, config.in_turn)


class Service:
    """`roster`: knows which records are of one person. `approve(by, second, pin)`: as kiosk.stock has it. `wake` is
    called after anything that changes who is next."""

    def __init__(
        self,
        books: Books,
        config: ServiceConfig,
        roster: Roster | None = None,
        approve: Callable[[str, str, str], str] = lambda by, second, pin: second,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._books = books
        self.rules = rules_of(config)
        self._roster = roster
        self._approve = approve
        self._wake = wake
        self.commands: dict[str, Callable[..., Any]] = {"jobs.queue": self.queue, "jobs.jump": self.jump}

    @property
    def day(self) -> int:
        """The office day of a job that is made now, by the best known time."""
        return office_day(self._books.time.best_ms)

    def meet_everybody(self) -> None:
        """Where no station serves, or has only just begun to, the roster knows nobody yet."""
        with self._books.look() as view:
            records = view.rows("records")
        if self._roster:
            self._roster.meet(records)

    def line(self, view: View) -> Line:
        """Everybody who waits, in order of service. 10 ms for 5,000 people."""
        ordered = sorted(view.rows("records", state="waiting"), key=self.rules.key)
        fit = set(self.of_new_people(view, (row["ref"] for row in ordered)))
        day = self.day
        return service_order.line(ordered, fit, lambda reason: self.rules.left(view.read, reason, day))

    def of_new_people(self, view: View, refs: Iterable[str]) -> list[str]:
        """Those of `refs` whose person has no card here, nor will have by another record; of one person the first."""
        chosen: dict[str, None] = {}
        for ref in refs:
            others = self._roster.same_person(ref) if self._roster else set()
            if not any(other in chosen or _has_card(view, other) for other in others):
                chosen[ref] = None
        return list(chosen)

    def next(self, view: View, count: int) -> list[str]:
        """Rejected if nobody is to be served now, saying whether anybody waits."""
        waiting = self.line(view)
        if not (refs := waiting.now[:count]):
            used = service_order.QUOTA_USED in waiting.why.values()
            raise Rejected("no record waits to be printed", service_order.QUOTA_USED if used else "queue-empty")
        return refs

    def must_be_served(self, view: View, refs: Sequence[str]) -> None:
        """Rejected unless all of `refs`, which somebody chose, may be printed today, one after the other."""
        for ref in set(refs) - set(self.of_new_people(view, refs)):
            raise Rejected(f"record {ref}: its person has a card here by another", service_order.HAS_CARD)
        rows = [row for ref in refs if (row := view.read("records", ref)) and "ahead" not in row]
        asked = [row["reason"] for row in rows]
        for reason in dict.fromkeys(asked):
            left = self.rules.left(view.read, reason, self.day)
            if asked.count(reason) > left:
                raise Rejected(
                    f"{reason}: {left} more today, by its quota (keping jobs jump)", service_order.QUOTA_USED
                )
        if self.rules.in_turn and (passed := self._overtaken(view, refs)):
            raise Rejected(f"{len(passed)} people wait ahead of them (keping jobs jump)", service_order.OUT_OF_TURN)

    def _overtaken(self, view: View, refs: Collection[str]) -> list[str]:
        return service_order.overtaken(self.line(view), refs, self._books.time.time_ms)

    def queue(self, by: str) -> dict[str, Any]:
        """Who waits, in order of service, and how far each quota is used: no names."""
        self.meet_everybody()
        with self._books.transaction() as view:
            waiting, day = self.line(view), self.day
            used = {
                each.value: {
                    "served": service_order.served(view.read, each.value, day),
                    "quota": self.rules.quota[each],
                }
                for each in Reason
            }
        return {
            "rows": [
                {"ref": row["ref"], "reason": row["reason"], "sku": row["sku"], "came": row["came"],
                 "ahead": "ahead" in row, "why": waiting.why.get(row["ref"], "")}
                for row in waiting.rows
            ],
            "reasons": used,
        }  # fmt: skip

    def jumps(self, view: View) -> list[dict[str, Any]]:
        """Whom two people moved up, newest first, of the last ones."""
        return sorted(view.rows(service_order.JUMPS), key=lambda row: (row["at"], row["ref"]), reverse=True)

    def jump(self, by: str, ref: str, reason: str, supervisor: str = "", pin: str = "") -> dict[str, str]:
        """Move somebody who waits to the head of the line, outside the quota.

        Rejected unless another person approves, or where the record does not wait, or was moved up before.
        """
        if reason not in set(JumpReason):
            raise UsageError(f"reason: {reason!r} is not one of {', '.join(JumpReason)}")
        approved = self._approve(by, supervisor, pin)
        with self._books.transaction() as view:
            record, state = view.read("records", ref), self._books.past.state(ref)
            if record is None or state != "waiting":
                raise Rejected(f"record {ref} is {state or 'not here'}", f"record-{state or 'missing'}")
            if "ahead" in record:
                raise Rejected(f"record {ref} was moved up before", "moved-up-already")
            self._books.commit(JUMP, {"ref": ref, "reason": reason, "approved": approved}, by)
        self._wake()
        return {"ref": ref, "reason": reason, "approved": approved}


def _has_card(view: View, ref: str) -> bool:
    row = view.read("records", ref)
    return row is not None and row["state"] in HAS_CARD
