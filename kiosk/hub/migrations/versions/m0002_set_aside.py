"""Frames that are held and can't be read, and the records that they name."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, String

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "set_aside", *_frame(),
        Column("reason", String(32), nullable=False),
        Column("detail", String(300), nullable=False),
        Column("at", BigInteger, nullable=False),
    )  # fmt: skip
    op.create_table("set_aside_refs", *_frame(), Column("ref", String(32), primary_key=True))


def _frame() -> tuple[Column[str], Column[str], Column[int]]:
    return (
        Column("station", String(64), ForeignKey("stations.id"), primary_key=True),
        Column("incarnation", String(64), primary_key=True),
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
    )
