"""The chip steps of a card that a person lays on the reader of the desk.

A card that is not there, is another one, or is taken away under the hand changes nothing: it is asked for again. A
step is done again only on the chip with the UID that the books know, and what was written is read back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from drivers.errors import Cause, DeviceError, Refused, Stopped
from drivers.protocols import ChipEncoder, ChipIdentity
from kiosk.core.plan import Plan, Step, following
from kiosk.deskreader import DeskReader
from kiosk.errors import Rejected
from kiosk.worker.entries import Entries
from kiosk.worker.halt import CardWanted, Halt

LOOK_S = 1.0
"""How long one look waits: a card that is laid down is noticed at once, and a hand-over does not wait longer."""

WRONG_CARD = "wrong-card"
UNREADABLE = "chip-unreadable"
IN_USE = "reader-in-use"


class Touch:
    """One look at the desk for the card of `entries`: `plan` is the one that it has, or begins with."""

    def __init__(
        self, entries: Entries, desk: DeskReader, plan: Plan, chip: Mapping[str, bytes],
        on_fault: Callable[[DeviceError], object], going_on: Callable[[], object],
    ) -> None:  # fmt: skip
        self._entries = entries
        self._desk = desk
        self._plan = plan
        self._chip = chip
        self._on_fault = on_fault
        self._going_on = going_on

    def look(self) -> None:
        """Carry the card as far as the desk can, if it is laid down within LOOK_S; <= 1 min if it is.

        CardWanted if it is not, or is another; Halt if there is no reader, or it does not work.
        """
        try:
            with self._desk.taken(LOOK_S, 0) as reader:
                found = self._found(reader)
                if self._claimed(found):
                    self._going_on()
                    self._carry(reader, found)
        except Rejected as exc:
            if exc.reason == "no-desk-reader":
                raise Halt(str(exc), frozenset({"reader-missing"})) from exc
            if exc.reason == IN_USE:
                raise CardWanted(str(exc), IN_USE) from exc
            raise
        except Stopped as exc:
            self._on_fault(exc)
            raise Halt(str(exc), exc.reasons) from exc
        except DeviceError as exc:
            self._on_fault(exc)
            raise CardWanted(str(exc), UNREADABLE) from exc

    def _found(self, reader: ChipEncoder) -> ChipIdentity:
        """The chip that lies there, if it may be that of this card."""
        try:
            found = reader.identify()
        except Refused as exc:
            nothing_there = exc.cause is Cause.CHIP_SILENT
            raise CardWanted(str(exc), "" if nothing_there else exc.cause.value) from exc
        card, entries = self._entries.card, self._entries
        with entries.books.transaction():
            owner = entries.books.past.consumer(found.uid)
        others = owner if owner != entries.job_id else None
        if card is not None and card["uid"] not in (None, found.uid):
            raise CardWanted(f"chip {found.uid} is not {card['uid']}", WRONG_CARD, others or "")
        if others:
            raise CardWanted(f"chip {found.uid} was consumed by job {others}", WRONG_CARD, others)
        if found.holds_data and not owner:
            raise CardWanted(f"chip {found.uid} holds data that no job of this station wrote", Cause.CHIP_USED)
        return found

    def _claimed(self, found: ChipIdentity) -> bool:
        """In the books nobody is asked any more from here on; False if somebody has answered meanwhile."""
        entries = self._entries
        with entries.books.transaction():
            if entries.card is None and entries.due:
                entries.begin(self._plan, {"step": self._plan.steps[0].value})
                return True
            card = entries.card
            if card is None or not self._plan.at_desk(entries.step) or card["uid"] not in (None, found.uid):
                return False
            entries.go_on()
            if card["intent"] is None:  # a person has answered for the step before, which begins none
                entries.commit(intent={"step": entries.step.value})
            return True

    def _carry(self, reader: ChipEncoder, found: ChipIdentity) -> None:
        step: Step | None = self._entries.step
        while step is not None and self._plan.at_desk(step):
            try:
                self._act(step, reader)
            except Refused as exc:
                self._on_fault(exc)
                self._entries.ended_at_desk(step, exc.cause)
                return
            nxt = following(self._plan.steps, step)
            intent = {"step": nxt.value} if nxt and self._plan.at_desk(nxt) else None
            self._entries.done(step, {"uid": found.uid} if step is Step.IDENTIFY else {}, intent)
            step = nxt

    def _act(self, step: Step, reader: ChipEncoder) -> None:
        if step is Step.ENCODE:
            reader.encode(self._chip)
        elif step is Step.VERIFY:
            reader.verify(self._chip)
