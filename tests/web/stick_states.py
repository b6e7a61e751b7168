"""The stick at the screen Kirim, in every state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kiosk.sticks import Place, Verb, Work
from kiosk.sync.carrying import Exported, Imported, Unused
from kiosk.sync.packing import Written
from kiosk.sync.stick import Reason
from tests.web.states import State

if TYPE_CHECKING:
    from tests.office import Office


def the_stick(office: Office) -> Iterator[State]:
    sticks, place = office.station.sticks, "/media/operator/KANTOR"
    sticks.look = lambda patterns: [Place(place, "KANTOR", 14_800_000_000)]
    written = Exported(1200, 3481, Written("keping-kupang-01-journal-0123456789abcdef", 2, 1_200_000))
    spoilt = Unused("keping-kupang-01-intake-0123456789abcdef", Reason.ALTERED, "000002.jwe is not what is listed")
    pulled = f"{place}: Input/output error; nothing is lost: put the stick in again and repeat it"
    works = {
        "stick is in": None,
        "stick, writing": Work(Verb.EXPORT, place, "op:maria", done=3, of=8),
        "stick, written": Work(Verb.EXPORT, place, "op:maria", 2, 2, ended=True, result=written),
        "stick, read": Work(Verb.IMPORT, place, "op:maria", 5, 5, ended=True, result=Imported(3481, 2281, 214)),
        "stick, changed": Work(
            Verb.IMPORT, place, "op:maria", 1, 5, ended=True, result=Imported(3481, 0, 40, unused=[spoilt])
        ),
        "stick, pulled": Work(Verb.EXPORT, place, "op:maria", 3, 8, ended=True, reason="stick-gone", detail=pulled),
    }
    for name, work in works.items():
        sticks.latest = work
        yield State(f"outbox, {name}", "/outbox")
    sticks.latest, sticks.look = None, lambda patterns: []
