"""Run by alembic, on the connection and in the transaction that `kiosk.hub.migrate` holds."""

from __future__ import annotations

from alembic import context

from kiosk.hub.schema import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True
)
context.run_migrations()
