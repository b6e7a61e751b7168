"""The tables as they were before they had a version.

A data base from then has all of them, or all but the youngest: what is there stays.
"""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, LargeBinary, String, Text, text

revision = "0001"
down_revision = None


def _table(name: str, *columns: Column[Any]) -> None:
    op.create_table(name, *columns, if_not_exists=True)


def _key(name: str, length: int) -> Column[str]:
    return Column(name, String(length), primary_key=True)


def _station() -> Column[str]:
    return Column("station", String(64), ForeignKey("stations.id"), primary_key=True)


def _number(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=null)


def _text(name: str, length: int) -> Column[str]:
    return Column(name, String(length), nullable=False)


def _counted(name: str) -> Column[int]:
    return Column(name, BigInteger, primary_key=True, autoincrement=False)


def upgrade() -> None:
    _stations()
    _journals()
    _leases()
    _table("tokens", _station(), _key("token_id", 64), _number("expires_s"))
    _table("stock", _station(), _key("sku", 64), _key("account", 64), _number("quantity"))
    _table(
        "alarms", _station(), _key("kind", 32), _key("detail", 300),
        _number("first_at"), _number("last_at"), _number("times"),
    )  # fmt: skip


def _stations() -> None:
    _table(
        "stations", _key("id", 64), _text("code_digest", 64),
        _number("enrolled_at", null=True), _number("last_contact", null=True), _number("lost_at", null=True),
        _text("incarnation", 64), Column("successor_allowed", Boolean, nullable=False),
    )  # fmt: skip
    _table(
        "station_keys", _station(), _key("curve", 16), _key("thumbprint", 43),
        Column("jwk", Text, nullable=False), _number("added_at"),
    )  # fmt: skip
    _table("retired_keys", _station(), _key("thumbprint", 43), _number("retired_at"))


def _journals() -> None:
    _table(
        "successions", _station(), _key("incarnation", 64), _text("predecessor", 64),
        _number("seq"), _text("head", 64), _number("at"),
    )  # fmt: skip
    _table(
        "journals", _station(), _key("incarnation", 64), _number("seq"), _text("head", 64), _text("predecessor", 64),
        _number("checkpoint_seq"), _text("checkpoint_head", 64), Column("checkpoint", Text, nullable=False),
    )  # fmt: skip
    _table(
        "frames", _station(), _key("incarnation", 64), _counted("seq"), _text("kind", 64), _text("head", 64),
        Column("record", LargeBinary, nullable=False), _number("received_at"),
    )  # fmt: skip


def _leases() -> None:
    _table(
        "leases", _station(), _counted("cursor"), _text("ref", 32), _text("sku", 16),
        Column("jws", Text, nullable=False), _text("state", 16), Column("chip_uid", String(32)),
        _number("changed_at"),
    )  # fmt: skip
    live = text("state <> 'revoked'")
    op.create_index(
        "one_live_lease", "leases", ["ref"], unique=True, sqlite_where=live, postgresql_where=live, if_not_exists=True
    )
    op.create_index("lease_by_chip", "leases", ["chip_uid"], if_not_exists=True)
    op.create_index("lease_by_ref", "leases", ["station", "ref"], if_not_exists=True)
