"""What a person at the centre must look at: read, and cleared by name and with a reason.

Some alarms were raised when a frame or a request came, and are rows. Those of loans follow from both offices'
bookings and the day, and are rows only when they are cleared. One that comes again after it was cleared is open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Connection, and_, insert, select, update

from kiosk.errors import UsageError
from kiosk.hub import lending
from kiosk.hub.lending import Entry, Fault, Loan, Side
from kiosk.hub.schema import alarms, loans
from kiosk.hub.store import Store


@dataclass(frozen=True)
class Alarm:
    """Times are UTC ms. `times`: how often it came."""

    station: str
    kind: str
    detail: str
    first_at: int
    last_at: int
    times: int
    cleared_at: int | None = None
    cleared_by: str | None = None
    cleared_reason: str | None = None

    @property
    def id(self) -> str:
        """What a person types to clear it: the same for the same alarm."""
        return hashlib.sha256("\n".join((self.station, self.kind, self.detail)).encode()).hexdigest()[:8]

    @property
    def is_open(self) -> bool:
        return self.cleared_at is None or self.last_at > self.cleared_at


def read(connection: Connection, now_ms: int) -> list[Alarm]:
    """All, cleared ones too, the newest first."""
    rows = connection.execute(select(alarms)).all()
    stored = {alarm.id: alarm for alarm in (Alarm(**row._asdict()) for row in rows)}
    told = {alarm.id: alarm for loan in read_loans(connection) for alarm in of_loan(loan, now_ms)}
    for key, alarm in told.items():
        was = stored.get(key, alarm)
        stored[key] = replace(
            alarm, cleared_at=was.cleared_at, cleared_by=was.cleared_by, cleared_reason=was.cleared_reason
        )
    gone = {key for key, alarm in stored.items() if alarm.kind in set(Fault) and key not in told}
    found = (alarm for key, alarm in stored.items() if key not in gone)
    return sorted(found, key=lambda alarm: (-alarm.last_at, alarm.station, alarm.id))


def clear(store: Store, alarm_id: str, by: str, reason: str, now_ms: int) -> Alarm:
    """Note who looked at it, and what came of it; returns the alarm as it is then.

    UsageError if there is no such alarm open, or no name or reason.
    """
    if not by.strip() or not reason.strip():
        raise UsageError("an alarm is cleared by name and with a reason")
    who, why = by.strip()[:64], reason.strip()[:300]
    said = {"cleared_at": now_ms, "cleared_by": who, "cleared_reason": why}
    with store.transaction() as connection:
        found = next((each for each in read(connection, now_ms) if each.id == alarm_id and each.is_open), None)
        if found is None:
            raise UsageError(f"no open alarm {alarm_id}; keping hub alarms lists them")
        row = {"station": found.station, "kind": found.kind, "detail": found.detail}
        same = and_(*(alarms.c[name] == value for name, value in row.items()))
        if not connection.execute(update(alarms).where(same).values(**said)).rowcount:
            times = {"first_at": found.first_at, "last_at": found.last_at, "times": found.times}
            connection.execute(insert(alarms).values(**row, **times, **said))
    return replace(found, cleared_at=now_ms, cleared_by=who, cleared_reason=why)


def read_loans(connection: Connection) -> list[Loan]:
    """What was taken back is left out."""
    rows = connection.execute(select(loans).where(loans.c.reversed.is_(False)))
    return lending.pair(
        Entry(row.station, row.way == "loan-out", row.document, row.office, row.sku, row.quantity, row.at)
        for row in rows
    )


def of_loan(loan: Loan, now_ms: int) -> Iterable[Alarm]:
    first = loan.lent or loan.taken
    assert first is not None
    lender, borrower = loan.stations
    detail = f"{loan.document}: {lender} lent {_blanks(loan.lent)}, {borrower} took {_blanks(loan.taken)}"[:300]
    for fault in loan.faults(now_ms):
        yield Alarm(first.station, fault.value, detail, loan.since_ms, loan.since_ms, 1)


def _blanks(side: Side | None) -> str:
    return " and ".join(f"{n} {sku}" for sku, n in sorted(side.blanks.items())) if side else "nothing yet"
