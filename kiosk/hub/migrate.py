"""Bring the centre's tables to this program's version, all or nothing."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from kiosk.errors import UsageError


@cache
def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    return config


@cache
def versions() -> tuple[str, ...]:
    """All that this program knows, the newest first."""
    return tuple(each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions())


def is_current(connection: Connection) -> bool:
    """UsageError if a newer program has written here: this one could not know what it would break."""
    [newest, *_] = known = versions()
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in known:
        raise UsageError(f"the data base is of version {found}, this keping knows {newest}: upgrade keping first")
    return found == newest


def upgrade(connection: Connection, version: str = "head") -> None:
    """In the caller's transaction, which keeps others away. A data base from before versions is brought along too."""
    config = Config(attributes={"connection": connection})
    for name in ("script_location", "path_separator"):
        config.set_main_option(name, (_config().get_main_option(name) or "").replace("%", "%%"))
    command.upgrade(config, version)
