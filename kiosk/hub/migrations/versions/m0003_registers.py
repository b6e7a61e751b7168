"""Registers of blanks by hour and lot, loans, and alarms that are cleared. What frames told before is counted too."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import Any

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, String, text

revision = "0003"
down_revision = "0002"

_UNUSED = ("vault", "shift", "hopper", "bench", "mobile-unit")
_COUNTED = (*_UNUSED, "printed", "issued", "spoiled", "factory-defect")

# What is set aside is counted when it is read.
_READ = """
    SELECT station, incarnation, seq, head, record FROM frames WHERE NOT EXISTS (
        SELECT 1 FROM set_aside WHERE set_aside.station = frames.station
        AND set_aside.incarnation = frames.incarnation AND set_aside.seq = frames.seq
    ) ORDER BY station, received_at, seq
"""


def _station() -> Column[str]:
    return Column("station", String(64), ForeignKey("stations.id"), primary_key=True)


def _key(name: str, length: int) -> Column[str]:
    return Column(name, String(length), primary_key=True)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _text(name: str, length: int) -> Column[str]:
    return Column(name, String(length), nullable=False)


def upgrade() -> None:
    for column in (
        Column("cleared_at", BigInteger), Column("cleared_by", String(64)), Column("cleared_reason", String(300))
    ):  # fmt: skip
        op.add_column("alarms", column)
    waiting = text("state in ('waiting', 'arrived')")
    op.create_index("lease_to_print", "leases", ["station"], sqlite_where=waiting, postgresql_where=waiting)
    hour = Column("hour", BigInteger, primary_key=True, autoincrement=False)
    flows = op.create_table(
        "flows", hour, _station(), _key("sku", 64), _key("account", 64), _number("came"), _number("went")
    )
    lots = op.create_table(
        "lots", _station(), _key("sku", 64), _key("lot", 64), _key("account", 64), _number("quantity")
    )
    loans = op.create_table(
        "loans", _station(), _key("head", 64), _number("seq"), _text("way", 16), _text("document", 200),
        _text("office", 200), _text("sku", 64), _number("quantity"), _number("at"),
        Column("reversed", Boolean, nullable=False),
    )  # fmt: skip
    told = _Told()
    for row in op.get_bind().execute(text(_READ)):
        told.read(*row)
    for table, rows in ((flows, told.flows()), (lots, told.lots(_lines())), (loans, [*told.loans.values()])):
        if rows:
            op.bulk_insert(table, rows)


def _lines() -> set[tuple[str, str]]:
    """The journals that the current one of each station continues, with itself."""
    bind = op.get_bind()
    before = {
        (row.station, row.incarnation): (row.station, row.predecessor)
        for row in bind.execute(text("SELECT station, incarnation, predecessor FROM successions"))
    }
    found = set()
    for row in bind.execute(text("SELECT id, incarnation FROM stations")):
        at: tuple[str, str] | None = (row.id, row.incarnation)
        while at is not None and at not in found:
            found.add(at)
            at = before.get(at)
    return found


class _Told:
    """What the frames that are held say of these registers."""

    def __init__(self) -> None:
        self._flows: defaultdict[tuple[int, str, str, str], list[int]] = defaultdict(lambda: [0, 0])
        self._lots: Counter[tuple[str, str, str, str, str]] = Counter()
        self.loans: dict[tuple[str, int], dict[str, Any]] = {}

    def read(self, station: str, incarnation: str, seq: int, head: str, record: bytes) -> None:
        said = json.loads(record)
        data, moves = said["d"], said["d"].get("moves") or []
        undoes = data.get("movement") == "reverse"
        for sku, lot, source, target, quantity in moves:
            hour = max(said["t"] // 3_600_000, 0)
            came, went, sign = (source, target, -1) if undoes else (target, source, 1)
            self._flows[hour, station, sku, came][0] += sign * quantity
            self._flows[hour, station, sku, went][1] += sign * quantity
            self._lots[station, incarnation, sku, lot, source] -= quantity
            self._lots[station, incarnation, sku, lot, target] += quantity
        if undoes and (station, data.get("reverses")) in self.loans:
            self.loans[station, data["reverses"]]["reversed"] = True
        elif moves and data.get("movement") in ("loan-out", "loan-in"):
            self.loans[station, seq] = {
                "station": station, "head": head, "seq": seq, "way": data["movement"],
                "document": str(data.get("document") or "")[:200], "office": str(data.get("office") or "")[:200],
                "sku": moves[0][0], "quantity": sum(move[4] for move in moves), "at": said["t"], "reversed": False,
            }  # fmt: skip

    def flows(self) -> list[dict[str, Any]]:
        return [
            {"hour": hour, "station": station, "sku": sku, "account": account, "came": came, "went": went}
            for (hour, station, sku, account), (came, went) in self._flows.items() if account in _COUNTED
        ]  # fmt: skip

    def lots(self, lines: set[tuple[str, str]]) -> list[dict[str, Any]]:
        held: Counter[tuple[str, str, str, str]] = Counter()
        for (station, incarnation, sku, lot, account), quantity in self._lots.items():
            if (station, incarnation) in lines and account in _UNUSED:
                held[station, sku, lot, account] += quantity
        return [
            {"station": station, "sku": sku, "lot": lot, "account": account, "quantity": quantity}
            for (station, sku, lot, account), quantity in held.items() if quantity
        ]  # fmt: skip
