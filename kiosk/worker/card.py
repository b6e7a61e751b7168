"""One card through the step plan: intent before each physical step, act, outcome; in doubt, evidence decides.

The outcome of a step and the intent of the next are one frame. An exception never ends in a retry by itself:
it leads to `reconcile`, which reads the devices and says done, not done, spoiled or ask.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from drivers.errors import Cause, DeviceError, OutcomeUnknown, Refused, Stopped
from drivers.protocols import ChipIdentity, Position, PrinterStatus, Tray
from kiosk.core.accounts import Account
from kiosk.core.faults import READER_LOST
from kiosk.core.jobs import SEEN_BEFORE, Why
from kiosk.core.plan import CHIP, Plan, Step, following
from kiosk.core.reconcile import Verdict, reconcile
from kiosk.core.verdicts import SET_ASIDE, SpoilCause
from kiosk.deskreader import DeskReader
from kiosk.worker.devices import Devices
from kiosk.worker.entries import Entries
from kiosk.worker.evidence import evidence_of
from kiosk.worker.halt import Halt
from kiosk.worker.prepress import PrintReady
from kiosk.worker.touch import Touch

log = logging.getLogger(__name__)

TRIES = 3
AWAY = frozenset(Account) - {Account.HOPPER, Account.BENCH}
"""Where a card has ended that is none of the hopper's blanks."""


class SeenBefore(Exception):
    """The card that was fed has its end in the books already: somebody has put it into the hopper."""


class CardRun:
    """Carries one job's card from wherever the books say it is to a tray. Blocks for the whole card. `going_on` is
    told when a step is done, and when the long one begins: whatever had stopped it is over."""

    def __init__(
        self, entries: Entries, devices: Devices, desk: DeskReader, plan: Plan, ready: PrintReady,
        going_on: Callable[[], object],
    ) -> None:  # fmt: skip
        self._entries = entries
        self._devices = devices
        self._desk = desk
        self._plan = plan
        self._ready = ready
        self._going_on = going_on
        self._chip: ChipIdentity | None = None
        self._tries: dict[str, int] = {}
        self._acts: dict[Step, Callable[[], dict[str, Any]]] = {
            Step.FEED: self._feed, Step.IDENTIFY: self._identify, Step.ENCODE: self._encode,
            Step.VERIFY: self._verify, Step.PRINT: self._print, Step.EJECT: self._eject,
        }  # fmt: skip

    def run(self) -> None:
        """Until the card is in a tray, or good on the desk, and booked. Halt if the job must stop; Poisoned if the
        medium fails. Begins nothing if a person has held or cancelled the job since it was chosen."""
        entries = self._entries
        if entries.card is None:
            self._begin()
        elif entries.card["intent"] and not entries.plan.at_desk(entries.step):
            self._settle("an intent was open at start")
        while (card := entries.card) is not None:
            step = entries.step
            if entries.plan.at_desk(step):
                self._at_desk(entries.plan)
                continue
            if card["intent"] is None:
                entries.commit(intent=self._intent(step, self._ready_for(step, card)))
            self._perform(step)

    def _begin(self) -> None:
        if self._plan.at_desk(self._plan.steps[0]):
            self._entries.next_lot()
            self._at_desk(self._plan)
            return
        status = self._idle_status()
        with self._entries.books.transaction():
            if self._entries.due:
                self._entries.begin(self._plan, self._intent(Step.FEED, status))

    def _ready_for(self, step: Step, card: dict[str, Any]) -> PrinterStatus:
        """What the machine says before `step`; a card that comes back from the desk finds it as a new one does."""
        if not self._entries.plan.by_hand(step):
            return self._status()
        if not card.get("in_feeder"):
            raise Halt("the encoded card is to be fed next", frozenset({Why.CARD_TO_FEEDER}))
        return self._idle_status()

    def _at_desk(self, plan: Plan) -> None:
        Touch(self._entries, self._desk, plan, self._ready.chip, self._devices.on_fault, self._going_on).look()

    def _perform(self, step: Step) -> None:
        try:
            found = self._acts[step]()
            status = self._devices.status()
        except Refused as exc:
            log.warning("job=%s step=%s refused cause=%s", self._entries.job_id, step, exc.cause)
            self._devices.on_fault(exc)
            self._reject(step, exc.cause)
        except SeenBefore as exc:
            log.warning("job=%s step=%s %s", self._entries.job_id, step, exc)
            self._reject(step, SEEN_BEFORE)
        except DeviceError as exc:
            log.warning("job=%s step=%s %s: %s", self._entries.job_id, step, type(exc).__name__, exc)
            self._settle(str(exc), exc)
        else:
            self._done(step, status, found)

    # What each step does. Each returns what its outcome adds to the frame.

    def _feed(self) -> dict[str, Any]:
        self._devices.release_chip()
        self._devices.printer.feed()
        return {}

    def _identify(self) -> dict[str, Any]:
        self._chip = self._power_chip()
        uid = self._chip.uid
        with self._entries.books.transaction():
            owner, end = self._entries.books.past.consumer(uid), self._entries.books.past.ended(uid)
        foreign = owner not in (None, self._entries.job_id)
        if end in AWAY or (foreign and end is None):
            raise SeenBefore(f"chip {uid} is of a card of job {owner}, ended as {end}")
        if foreign:
            raise Refused(f"chip {uid} was consumed by job {owner}", Cause.CHIP_UID_CONSUMED)
        if self._chip.holds_data and not owner:
            raise Refused(f"chip {uid} holds data that no job of this station wrote", Cause.CHIP_USED)
        return {"uid": uid}

    def _encode(self) -> dict[str, Any]:
        self._same_chip()
        self._devices.encoder.encode(self._ready.chip)
        return {}

    def _verify(self) -> dict[str, Any]:
        self._same_chip()
        self._devices.encoder.verify(self._ready.chip)
        return {}

    def _print(self) -> dict[str, Any]:
        self._devices.release_chip()
        if self._devices.last_status and not self._devices.last_status.stopping:
            self._going_on()
        note = self._devices.note
        note.begin(self._entries.job_id, self._entries.card_now["n"])
        self._devices.printer.print_face(self._ready.prepared, note.let)
        before = self._entries.card_now["intent"]
        panels = self._devices.status().counters.panels_printed - before["panels"]
        # Some printers count at the eject (docs/adding-a-printer.md): then every OK is the evidence, not the count.
        if panels not in (0, before["panels_due"]):
            raise OutcomeUnknown(f"the printer counted {panels} panels, {before['panels_due']} were sent")
        note.end(before["panels_due"])
        return {"panels": panels}

    def _eject(self) -> dict[str, Any]:
        self._devices.release_chip()
        self._devices.printer.eject(Tray(self._entries.card_now["intent"]["tray"]))
        position = self._devices.status().position
        if position is not Position.NONE:
            raise OutcomeUnknown(f"after the eject a card is still at {position}")
        return {}

    def _power_chip(self) -> ChipIdentity:
        if self._devices.status().position is not Position.CONTACTLESS:
            self._devices.release_chip()
            self._devices.printer.to_chip_station()
        return self._devices.encoder.identify()

    def _same_chip(self) -> None:
        # After a restart the chip is powered anew, and it must be the one that the books know.
        if self._chip is None:
            self._chip = self._power_chip()
        if self._chip.uid != self._entries.card_now["uid"]:
            found, self._chip = self._chip.uid, None
            raise OutcomeUnknown(f"chip {found} lies at the station, {self._entries.card_now['uid']} was identified")

    # What a step's end makes true.

    def _done(self, step: Step, status: PrinterStatus, found: dict[str, Any]) -> None:
        entries = self._entries
        self._going_on()
        if step is Step.EJECT and entries.card_now["cause"]:
            entries.rejected({"step": step.value, **found})
            return
        nxt = following(entries.plan.steps, step)
        at_desk = nxt is not None and entries.plan.at_desk(nxt)
        intent = ({"step": nxt.value} if at_desk else self._intent(nxt, status)) if nxt else None
        entries.done(step, found, intent)

    def _reject(self, step: Step, cause: str) -> None:
        intent = self._intent(Step.EJECT, self._status(), Tray.REJECT)
        uid, self._chip = self._chip.uid if self._chip else None, None
        self._entries.refused(step, cause, intent, uid)

    def _settle(self, why: str, error: DeviceError | None = None) -> None:
        """An intent without outcome: read the devices, reconcile, make the verdict true or halt."""
        self._chip = None
        step = Step(self._entries.card_now["intent"]["step"])
        self._devices.reopen(error)
        status = self._status()
        verdict, rule = reconcile(evidence_of(self._entries.job, self._devices.note, self._devices.identity, status))
        # What is tried again may be tried each second, for as long as a device is away.
        level = logging.DEBUG if verdict is Verdict.NOT_DONE else logging.WARNING
        log.log(level, "job=%s step=%s verdict=%s rule=%s why=%s", self._entries.job_id, step, verdict, rule, why)
        self._tries[step] = self._tries.get(step, 0) + 1
        if verdict is Verdict.NOT_DONE and self._tries[step] > TRIES:
            verdict = Verdict.ASK
        match verdict:
            case Verdict.DONE:
                self._done(step, status, {"rule": rule})
            case Verdict.SPOILED:
                self._going_on()
                self._reject(step, SpoilCause.PRINT_INTERRUPTED)
            case Verdict.NOT_DONE:
                # Any other step is tried again under the intent that stands, so waiting for a device writes nothing.
                if step is Step.FEED and not self._entries.plan.by_hand(step):
                    self._entries.commit(outcome={"step": step.value, "result": "not-done", "rule": rule})
                if isinstance(error, Stopped) and not self._given_back(step, error):
                    raise Halt(why, error.reasons)
            case Verdict.ASK:
                raise Halt(f"{rule}: {why}", status.stopping | {Why.OUTCOME_UNKNOWN})

    def _given_back(self, step: Step, error: Stopped) -> bool:
        """The printer's reader is lost, and by now chips are written at the desk, or that is what the test has shown:
        this blank leaves, unharmed."""
        if step not in CHIP or not error.reasons & READER_LOST:  # there may be no card, then
            return False
        given = self._plan is not self._entries.plan or self._plan.is_test
        if given:
            self._reject(step, SET_ASIDE)
        return given

    # What the devices say, and what is asked of them.

    def _intent(self, step: Step, status: PrinterStatus, tray: Tray | None = None) -> dict[str, Any]:
        assert self._devices.identity is not None
        intent: dict[str, Any] = {
            "step": step.value, "printer": self._devices.identity.serial, "fed": status.counters.cards_fed,
            "panels": status.counters.panels_printed, "panels_due": self._ready.prepared.panels,
        }  # fmt: skip
        if step is Step.EJECT:
            intent["tray"] = (tray or self._entries.tray).value
        return intent

    def _status(self) -> PrinterStatus:
        try:
            return self._devices.status()
        except DeviceError as exc:
            raise self._devices.lost(exc) from exc

    def _idle_status(self) -> PrinterStatus:
        """Nothing may stop the printer, no card be inside and the ribbon have a set left before one is fed."""
        status = self._status()
        if status.stopping or status.just_reset:
            status = self._clear()
        if status.stopping:
            raise Halt("the printer waits for a person", status.stopping)
        if status.position is not Position.NONE:
            raise Halt(f"a card that no job put there is at {status.position}", frozenset({"card-in-path"}))
        plan = self._entries.plan if self._entries.card else self._plan
        if status.counters.ribbon_left == 0 and Step.PRINT in plan.steps:  # its end mark may be some panels on
            raise Halt("no whole card is left on the ribbon", frozenset({"marker-supply-empty"}))
        return status

    def _clear(self) -> PrinterStatus:
        """No card is in the machine by the books: a fault that a person mended, or a restart, is none of the next."""
        try:
            self._devices.printer.clear()
        except DeviceError as exc:
            raise self._devices.lost(exc) from exc
        return self._status()
