"""The faults that a printer-state reason stands for: a code to say on the telephone, and what may be done now. Pure.

A code is given once and never again, also when its reason is no longer used. Codes are not stored: they follow from
the reasons. The headings of the screens are in `kiosk.web.words`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from drivers.errors import Severity
from kiosk.core.jobs import Why


class Act(StrEnum):
    """What somebody at the station may do about a fault."""

    REFILL_HOPPER = "refill-hopper"
    CLEAR_JAM = "clear-jam"
    CLOSE_COVER = "close-cover"
    CLOSE_FEEDER = "close-feeder"
    UNLOCK_PRINTER = "unlock-printer"
    EMPTY_OUTPUT = "empty-output"
    CHANGE_RIBBON = "change-ribbon"
    CLEAN = "clean"
    WAIT = "wait"
    CHECK_CABLE = "check-cable"
    TAKE_CARD_OUT = "take-card-out"
    REPLUG_READER = "replug-reader"
    CHOOSE_EQUIPMENT = "choose-equipment"
    CLOSE_PROGRAM = "close-program"
    INSERT_SAM = "insert-sam"
    OPEN_SHIFT = "open-shift"
    BOOK_REFILL = "book-refill"
    LOOK_AT_CARD = "look-at-card"
    CHECK_CHIPS = "check-chips"
    GO_ON = "go-on"
    REACH_CENTRE = "reach-centre"
    CALL_SUPERVISOR = "call-supervisor"
    CALL_TECHNICIAN = "call-technician"


class Remedy(NamedTuple):
    """`blanks`: the most that are lost with it: 1 where the card under way may be beyond use, 0 where none can be."""

    act: Act
    blanks: int = 0


@dataclass(frozen=True)
class Fault:
    """`severity`: the worst that its reason comes with. `remedies`: at most three, the first to be tried first."""

    code: str
    severity: Severity
    remedies: tuple[Remedy, ...]


def _error(code: str, *remedies: Remedy) -> Fault:
    return Fault(code, Severity.ERROR, remedies)


def _warning(code: str, *remedies: Remedy) -> Fault:
    return Fault(code, Severity.WARNING, remedies)


_TECHNICIAN, _SUPERVISOR = Remedy(Act.CALL_TECHNICIAN), Remedy(Act.CALL_SUPERVISOR)
_OTHER_READER = Remedy(Act.CHOOSE_EQUIPMENT)

FAULTS: Mapping[str, Fault] = MappingProxyType({
    "media-empty": _error("P-01", Remedy(Act.REFILL_HOPPER)),
    "media-needed": _error("P-02", Remedy(Act.REFILL_HOPPER), _TECHNICIAN),
    "media-jam": _error("P-03", Remedy(Act.CLEAR_JAM, 1), _TECHNICIAN),
    "cover-open": _error("P-04", Remedy(Act.CLOSE_COVER, 1)),
    "interlock-open": _error("P-05", Remedy(Act.UNLOCK_PRINTER), _TECHNICIAN),
    "input-tray-missing": _error("P-06", Remedy(Act.CLOSE_FEEDER)),
    "output-area-full": _error("P-07", Remedy(Act.EMPTY_OUTPUT)),
    "marker-supply-empty": _error("P-08", Remedy(Act.CHANGE_RIBBON, 1)),
    "marker-supply-low": _warning("P-09", Remedy(Act.GO_ON)),
    "marker-supply-missing": _error("P-10", Remedy(Act.CHANGE_RIBBON, 1), _TECHNICIAN),
    "cleaner-life-over": _error("P-11", Remedy(Act.CLEAN), _TECHNICIAN),
    "cleaner-life-almost-over": _warning("P-12", Remedy(Act.GO_ON), Remedy(Act.CLEAN)),
    "fuser-over-temp": _error("P-13", Remedy(Act.WAIT, 1), _TECHNICIAN),
    "connecting-to-device": _error("P-14", Remedy(Act.CHECK_CABLE, 1), _TECHNICIAN),
    "card-in-path": _error("P-15", Remedy(Act.TAKE_CARD_OUT)),
    "other": _error("P-16", _TECHNICIAN),
    "printer-unknown": _error("P-17", Remedy(Act.CHOOSE_EQUIPMENT, 1), Remedy(Act.CHECK_CABLE), _TECHNICIAN),
    "queue-unsafe": _error("P-18", _TECHNICIAN),
    "paused": _error("P-19", _TECHNICIAN),
    "reader-missing": _error("R-01", Remedy(Act.CHECK_CABLE), _OTHER_READER, _TECHNICIAN),
    "reader-busy": _error("R-02", Remedy(Act.CLOSE_PROGRAM), _OTHER_READER, _TECHNICIAN),
    "reader-hung": _error("R-03", Remedy(Act.REPLUG_READER), _OTHER_READER, _TECHNICIAN),
    "sam-missing": _error("R-04", Remedy(Act.INSERT_SAM), _TECHNICIAN),
    "shift-not-open": _error("S-01", Remedy(Act.OPEN_SHIFT)),
    "spool-area-full": _error("S-02", _SUPERVISOR),
    "gap-open": _error("S-03", _SUPERVISOR),
    "superseded": _error("S-04", _SUPERVISOR),
    "journal-damaged": _error("S-05", _SUPERVISOR),
    "hopper-empty-in-books": _error("S-06", Remedy(Act.BOOK_REFILL), Remedy(Act.REFILL_HOPPER)),
    "on-battery": _error("S-07", Remedy(Act.WAIT), _TECHNICIAN),
    "card-seen-before": _error("S-08", Remedy(Act.EMPTY_OUTPUT), Remedy(Act.GO_ON), _SUPERVISOR),
    "store-failed": _error("S-09", Remedy(Act.WAIT), _TECHNICIAN),
    "offline-limit": _error("S-10", Remedy(Act.REACH_CENTRE), _SUPERVISOR),
})  # fmt: skip


JOB_STOPS: Mapping[str, tuple[Remedy, ...]] = MappingProxyType({
    Why.OUTCOME_UNKNOWN.value: (Remedy(Act.LOOK_AT_CARD, 1),),
    Why.REFUSALS_IN_A_ROW.value: (Remedy(Act.CHECK_CHIPS), Remedy(Act.GO_ON, 1), _TECHNICIAN),
    Why.RECORD_REFUSED.value: (_SUPERVISOR,),
})  # fmt: skip
"""What may be done about a stop that is no fault of a device, and so has no code."""

READER_LOST = frozenset({"reader-missing", "reader-busy", "reader-hung"})
"""With one of these no chip can be read where it is wanted, and it may be read elsewhere."""


def remedies_of(reason: str) -> tuple[Remedy, ...]:
    """At most three, the first to be tried first. KeyError of a reason that stops nothing."""
    return FAULTS[reason].remedies if reason in FAULTS else JOB_STOPS[reason]


def by_weight(reasons: Iterable[str]) -> list[str]:
    """Those that stop or warn, in the order of the table: a jam before the cover that was opened for it."""
    found = set(reasons)
    return [reason for reason in (*FAULTS, *JOB_STOPS) if reason in found]


def codes(reasons: Iterable[str]) -> list[str]:
    """Codes of those reasons that are faults, in the order of the table; of job reasons there are none."""
    found = set(reasons)
    return [fault.code for reason, fault in FAULTS.items() if reason in found]


def with_codes(reasons: Iterable[str]) -> str:
    """On one line, each fault with its code: "media-jam (P-03), outcome-unknown"."""
    return ", ".join(f"{reason} ({FAULTS[reason].code})" if reason in FAULTS else reason for reason in reasons)
