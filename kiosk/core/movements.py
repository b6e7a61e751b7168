"""Every way in which a blank moves between accounts, as one table. Pure.

A transfer that no row allows is never written, and a journal that holds one is refused. What leaves the office for
good, or is declared gone, needs a second person; what merely changes hands inside needs one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from drivers.errors import Cause
from kiosk.core.accounts import Account, Transfer
from kiosk.core.change import ProjectionError
from kiosk.core.verdicts import SpoilCause


class MovementError(ProjectionError):
    """No row of the table allows it, or something that the row asks for is not said."""


class ApprovalError(MovementError):
    """A second person must approve, and it must be another."""


class DefectCause(StrEnum):
    """What is wrong with a blank that was never fed."""

    CHIP_SILENT = Cause.CHIP_SILENT.value
    BODY_FLAWED = "body-flawed"


class Detail(StrEnum):
    """What is said of a movement beside its paper. Offices, never names: those stand on the paper."""

    DATED = "dated"
    BOXES = "boxes"
    CARRIERS = "carriers"
    OFFICE = "office"
    WITNESSES = "witnesses"
    METHOD = "method"
    REASON = "reason"
    MARKS = "marks"


MARKS = ("corner-cut", "chip-punched", "corner-cut+chip-punched")
"""What was done to blanks that nobody is to use any more (SE Mendagri 470.13/11176/SJ, 2018)."""
BY_HAND = "stock"
"""The kind of the frames in which a person books a movement of a quantity."""
REVERSE = "reverse"
"""The counter-entry of one earlier movement by hand: the same quantities back. It is linked by `reverses`."""
COUNT = "count"
COUNTING = frozenset({BY_HAND, "shift-closed"})
"""Kinds of the frames that book the difference between a count and the books."""

_A, _D = Account, Detail
_MACHINE = frozenset({"step", "job-resolved", "job-ended", "test-ended"})
_UNUSED = (_A.VAULT, _A.SHIFT, _A.HOPPER, _A.BENCH, _A.MOBILE_UNIT)
_UNDER_WAY = (_A.IN_MACHINE, _A.BENCH)
_IN_DOUBT = (_A.IN_MACHINE, *_UNUSED)
COUNTABLE = (*_UNUSED, _A.SPOILED, _A.FACTORY_DEFECT)
"""Where a person counts. Printed cards are looked for one by one: each is somebody's (`jobs reprint`)."""


@dataclass(frozen=True)
class Movement:
    """One row. From one of `sources` to `target`; `both_ways`: or back.

    `kinds`: the frames that may book it. `paper`: what the document that must be named is called. `causes`: one of
    them must be given. `needs`, `takes`: details that must, that may be given. `second`: somebody else approves.
    `reversible`: by a counter-entry; the card movements of jobs have their own ways back. `makes_lot`: the blanks are
    a new lot, named after the paper.
    """

    name: str
    sources: tuple[Account, ...]
    target: Account
    kinds: frozenset[str] = frozenset({BY_HAND})
    paper: str = ""
    causes: frozenset[str] = frozenset()
    needs: tuple[Detail, ...] = ()
    takes: tuple[Detail, ...] = ()
    second: bool = False
    reversible: bool = True
    makes_lot: bool = False
    both_ways: bool = False

    @property
    def pairs(self) -> frozenset[tuple[Account, Account]]:
        """Every (from, to) that the row allows."""
        forth = {(source, self.target) for source in self.sources}
        return frozenset(forth | {(target, source) for source, target in forth} if self.both_ways else forth)


def _by_hand(name: str, sources: tuple[Account, ...], target: Account, **more: Any) -> Movement:
    return Movement(name, sources, target, **more)


def _of_a_card(
    name: str, sources: tuple[Account, ...], target: Account, *kinds: str, second: bool = False
) -> Movement:
    """Of one card, booked by the frame that says what became of it; that frame's kind asks for cause and approval."""
    return Movement(name, sources, target, frozenset(kinds) or _MACHINE, second=second, reversible=False)


_SPOILED_BY_HAND = frozenset({SpoilCause.DAMAGED, SpoilCause.MISPRINT, SpoilCause.MEDIA_JAM})

TABLE = (
    # By hand: name, from, to, and what it asks for.
    _by_hand(
        "receive", (_A.SUPPLIER,), _A.VAULT, paper="BAST", takes=(_D.DATED, _D.BOXES, _D.CARRIERS), makes_lot=True
    ),
    _by_hand("release", (_A.VAULT,), _A.SHIFT),
    _by_hand("return", (_A.SHIFT,), _A.VAULT),
    _by_hand("load", (_A.SHIFT,), _A.HOPPER),
    _by_hand("unload", (_A.HOPPER,), _A.SHIFT),
    _by_hand("set-aside", (_A.SHIFT, _A.HOPPER), _A.BENCH),
    _by_hand("put-back", (_A.BENCH,), _A.SHIFT),
    _by_hand("mobile-out", (_A.VAULT,), _A.MOBILE_UNIT, paper="surat tugas"),
    _by_hand("mobile-in", (_A.MOBILE_UNIT,), _A.VAULT),
    _by_hand("loan-out", (_A.VAULT,), _A.OTHER_OFFICE, paper="berita acara", needs=(_D.OFFICE,), second=True),
    _by_hand("loan-in", (_A.OTHER_OFFICE,), _A.VAULT, paper="berita acara", needs=(_D.OFFICE,), makes_lot=True),
    _by_hand("spoil", _UNUSED, _A.SPOILED, causes=_SPOILED_BY_HAND, takes=(_D.MARKS,)),
    _by_hand("defect", _UNUSED, _A.FACTORY_DEFECT, causes=frozenset(DefectCause), takes=(_D.MARKS,)),
    _by_hand(
        "send-back", (_A.SPOILED, _A.FACTORY_DEFECT, _A.VAULT), _A.RETURNED, paper="berita acara", second=True
    ),
    _by_hand(
        "destroy", (_A.SPOILED, _A.FACTORY_DEFECT), _A.DESTROYED, paper="berita acara",
        needs=(_D.WITNESSES, _D.METHOD), takes=(_D.MARKS,), second=True,
    ),
    _by_hand(
        COUNT, COUNTABLE, _A.COUNT_ADJUSTMENT, kinds=COUNTING, needs=(_D.REASON,), second=True, both_ways=True
    ),
    # Of one card, by what a device or a person says of it.
    _of_a_card("feed", (_A.HOPPER, _A.BENCH), _A.IN_MACHINE),
    _of_a_card("lay-down", (_A.HOPPER, _A.IN_MACHINE), _A.BENCH),
    _of_a_card("not-fed", _UNDER_WAY, _A.HOPPER),
    _of_a_card("print", _UNDER_WAY, _A.PRINTED),
    _of_a_card("reject", _UNDER_WAY, _A.SPOILED),
    _of_a_card("reject-defect", _UNDER_WAY, _A.FACTORY_DEFECT),
    _of_a_card("not-there", _UNDER_WAY, _A.COUNT_ADJUSTMENT, *_MACHINE, "gap-closed"),
    _of_a_card("hand-over", (_A.PRINTED,), _A.ISSUED, "handed-over"),
    _of_a_card("replace", (_A.PRINTED, _A.ISSUED), _A.SPOILED, "reprint"),
    # Found when the gap of a lost disk was closed; the frame itself asks for the second person.
    _of_a_card("found", _IN_DOUBT, _A.PRINTED, "gap-closed", second=True),
    _of_a_card("found-issued", _IN_DOUBT, _A.ISSUED, "gap-closed", second=True),
    _of_a_card("found-spoiled", _IN_DOUBT, _A.SPOILED, "gap-closed", second=True),
    _of_a_card("found-defect", _IN_DOUBT, _A.FACTORY_DEFECT, "gap-closed", second=True),
    Movement(
        "found-difference", _UNUSED, _A.COUNT_ADJUSTMENT, frozenset({"gap-closed"}), second=True, reversible=False,
        both_ways=True,
    ),
    _of_a_card("replace-lost", (_A.PRINTED,), _A.COUNT_ADJUSTMENT, "reprint", second=True),
)  # fmt: skip

DESTROY_OLD_CARDS = _by_hand(
    "destroy-old-cards", (), _A.DESTROYED, paper="berita acara", needs=(_D.WITNESSES, _D.METHOD), second=True,
    reversible=False,
)  # fmt: skip
"""Beside the table: withdrawn old cards are no blanks and in no account, only counted. Asked for like `destroy`."""

MOVEMENTS: Mapping[str, Movement] = {row.name: row for row in TABLE}
HAND_MOVEMENTS: Mapping[str, Movement] = {row.name: row for row in TABLE if BY_HAND in row.kinds}


@cache
def _allowed(kind: str) -> frozenset[tuple[Account, Account]]:
    return frozenset(pair for row in TABLE if kind in row.kinds for pair in row.pairs)


def check_card_moves(kind: str, transfers: Iterable[Transfer]) -> None:
    """MovementError if frames of this kind never book such a transfer."""
    allowed = _allowed(kind)
    for transfer in transfers:
        if (transfer.source, transfer.target) not in allowed:
            raise MovementError(f"{kind} never moves a blank from {transfer.source} to {transfer.target}")


def check_said(row: Movement, body: Mapping[str, Any]) -> None:
    """Paper, cause and details of a movement by hand. MovementError names what is missing."""
    if row.paper and not body.get("document"):
        raise MovementError(f"{row.name}: the number of its {row.paper} is needed (document)")
    if row.causes and body.get("cause") not in row.causes:
        raise MovementError(f"{row.name}: a cause is needed, one of {', '.join(sorted(row.causes))}")
    if missing := [detail for detail in row.needs if not body.get(detail)]:
        raise MovementError(f"{row.name}: {' and '.join(missing)} must be given")


def check_second(name: str, by: str, approved: object) -> None:
    """ApprovalError unless somebody else than `by` approved. What follows `cli:` or `op:` counts."""
    if not isinstance(approved, str) or not approved:
        raise ApprovalError(f"{name}: a second person must approve")
    if approved.rpartition(":")[2] == by.rpartition(":")[2]:
        raise ApprovalError(f"{name}: another person must approve")
