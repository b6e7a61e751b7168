"""Keys that change: a station's endorsement of its next one, what replaced which, what it knows of the centre's."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, String, Text

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("station_keys", Column("endorsement", Text))
    op.add_column("retired_keys", Column("replaced_by", String(43)))
    op.add_column("stations", Column("called_for", String(43)))
