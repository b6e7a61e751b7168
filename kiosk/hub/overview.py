"""What the centre's page shows, in one query a panel, however many stations there are. No personal data."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, select

from kiosk.core.accounts import Account
from kiosk.hub import alarms
from kiosk.hub.alarms import Alarm
from kiosk.hub.lending import Loan
from kiosk.hub.register import HOUR_MS
from kiosk.hub.schema import TO_PRINT, flows, frames, journals, leases, lots, stations
from kiosk.hub.store import Store

DAYS = 14
DAY_MS = 24 * HOUR_MS
SILENT_MS = DAY_MS
_TOLD = re.compile(rb'\{"s":\d+,"v":\d+,"k":"[^"]*","t":(\d{1,15}),')
MADE = (Account.PRINTED, Account.ISSUED, Account.SPOILED, Account.FACTORY_DEFECT)


@dataclass(frozen=True)
class Newest:
    """How far a station has told. Times are UTC ms; `told_until` is that of its newest frame here, if it says one.

    `backlog`: how many frames its signed word runs ahead of that.
    """

    id: str
    enrolled: bool
    lost: bool
    last_contact: int | None
    told_until: int | None
    backlog: int


@dataclass(frozen=True)
class StationLine(Newest):
    """`lots`: (sku, lot, unused blanks). `waiting`: records to print. `today`: printed."""

    blanks: Mapping[str, int]
    lots: Sequence[tuple[str, str, int]]
    waiting: int
    today: int
    alarms: int

    def lag_ms(self, now_ms: int) -> int:
        """How old the newest is that the centre knows, while there is more to come."""
        return max(0, now_ms - self.told_until) if self.backlog and self.told_until is not None else 0

    def silent(self, now_ms: int) -> bool:
        return self.enrolled and not self.lost and now_ms - (self.last_contact or 0) > SILENT_MS

    def rank(self, now_ms: int) -> tuple[bool, bool, int, str]:
        """Who needs somebody comes first."""
        return not self.alarms, not self.silent(now_ms), -self.backlog, self.id


@dataclass(frozen=True)
class Day:
    """`number`: days since 1970 in the zone that was asked for. `made`: account -> how many blanks came into it."""

    number: int
    made: Mapping[str, int]


@dataclass(frozen=True)
class Overview:
    """`days`: the last 14, today last. `alarms`, `loans`: only those that are open."""

    stations: Sequence[StationLine]
    days: Sequence[Day]
    alarms: Sequence[Alarm]
    loans: Sequence[Loan]

    @property
    def blanks(self) -> Counter[str]:
        return sum((Counter(line.blanks) for line in self.stations), Counter())


def overview(store: Store, now_ms: int, zone_h: int) -> Overview:
    """One consistent state. `zone_h`: hours ahead of UTC at which a day begins. Reads only."""
    today = (now_ms // HOUR_MS + zone_h) // 24
    with store.snapshot() as connection:
        raised = [alarm for alarm in alarms.read(connection, now_ms) if alarm.is_open]
        made = _made(connection, today, zone_h)
        lines = _lines(connection, made[today], Counter(alarm.station for alarm in raised))
        loans = [loan for loan in alarms.read_loans(connection) if loan.is_open or loan.faults(now_ms)]
    days = [Day(number, _sum(made[number].values())) for number in range(today - DAYS + 1, today + 1)]
    return Overview(sorted(lines, key=lambda line: line.rank(now_ms)), days, raised, loans)


def _sum(counted: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in counted:
        total.update(each)
    return total


def _made(connection: Connection, today: int, zone_h: int) -> defaultdict[int, defaultdict[str, Counter[str]]]:
    """Day -> station -> account -> how many came into it."""
    day = ((flows.c.hour + zone_h) // 24).label("day")
    rows = connection.execute(
        select(day, flows.c.station, flows.c.account, func.sum(flows.c.came).label("n"))
        .where(flows.c.hour >= (today - DAYS + 1) * 24 - zone_h, flows.c.account.in_([str(each) for each in MADE]))
        .group_by(day, flows.c.station, flows.c.account)
    )
    made: defaultdict[int, defaultdict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for row in rows:
        made[int(row.day)][row.station][row.account] += int(row.n)
    return made


def _lines(connection: Connection, today: Mapping[str, Counter[str]], raised: Counter[str]) -> list[StationLine]:
    held = _lots(connection)
    waiting = _waiting(connection)
    return [
        StationLine(
            **vars(row),
            blanks=_sum(Counter({sku: n}) for sku, _lot, n in held[row.id]), lots=held[row.id],
            waiting=waiting.get(row.id, 0), today=today.get(row.id, Counter())[Account.PRINTED],
            alarms=raised[row.id],
        )
        for row in newest(connection)
    ]  # fmt: skip


def newest(connection: Connection) -> list[Newest]:
    journal = and_(journals.c.station == stations.c.id, journals.c.incarnation == stations.c.incarnation)
    last = and_(
        frames.c.station == journals.c.station, frames.c.incarnation == journals.c.incarnation,
        frames.c.seq == journals.c.seq,
    )  # fmt: skip
    found = select(
        stations.c.id, stations.c.enrolled_at, stations.c.lost_at, stations.c.last_contact,
        journals.c.seq, journals.c.checkpoint_seq, frames.c.record,
    ).select_from(stations.outerjoin(journals, journal).outerjoin(frames, last))  # fmt: skip
    return [
        Newest(
            row.id, row.enrolled_at is not None, row.lost_at is not None, row.last_contact,
            _time(row.record or b""), max(0, (row.checkpoint_seq or 0) - (row.seq or 0)),
        )
        for row in connection.execute(found)
    ]  # fmt: skip


def _time(record: bytes) -> int | None:
    """Without reading the rest: it may be a frame that was set aside, and say anything."""
    told = _TOLD.match(record)
    return int(told[1]) if told else None


def _lots(connection: Connection) -> defaultdict[str, list[tuple[str, str, int]]]:
    blanks = func.sum(lots.c.quantity)
    rows = connection.execute(
        select(lots.c.station, lots.c.sku, lots.c.lot, blanks.label("n"))
        .group_by(lots.c.station, lots.c.sku, lots.c.lot)
        .having(blanks != 0)
        .order_by(lots.c.sku, lots.c.lot)
    )
    held: defaultdict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for row in rows:
        held[row.station].append((row.sku, row.lot, int(row.n)))
    return held


def _waiting(connection: Connection) -> dict[str, int]:
    rows = connection.execute(
        select(leases.c.station, func.count().label("n")).where(TO_PRINT).group_by(leases.c.station)
    )
    return {row.station: int(row.n) for row in rows}
