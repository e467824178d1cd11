"""Upgrades of an older schema; the only module that needs Alembic, imported when one is due."""

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from responder.errors import StoreError

__all__ = ["migrations", "upgrade"]


def migrations(connection: Connection) -> Config:
    """Return Alembic's configuration for this package's migrations; they run on `connection`."""
    config = Config()
    config.set_main_option("script_location", "responder.store:migrations")
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, where: str) -> None:
    """Run the migrations that are missing, inside the caller's transaction."""
    try:
        command.upgrade(migrations(connection), "head")
    except CommandError as error:
        raise StoreError(
            f"cannot open {where}: {error}; if a newer version wrote it, run that version, or "
            "restore the backup from before its upgrade"
        ) from error
