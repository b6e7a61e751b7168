"""A lease that the centre takes back: its signed withdrawal, and the cursor under which that is given out."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Text

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("leases", Column("withdrawal", Text))
    op.add_column("leases", Column("withdrawal_cursor", BigInteger))
    op.create_index("withdrawal_by_cursor", "leases", ["station", "withdrawal_cursor"])
