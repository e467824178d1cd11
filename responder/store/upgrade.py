"""From one version of the schema to another; the only module that needs Alembic."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from responder.errors import StoreError
from responder.store.tables import HEAD

__all__ = ["bring_to", "migrations", "revisions", "upgrade"]


def migrations(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration for this package's migrations; they run on `connection`."""
    config = Config()
    config.set_main_option("script_location", "responder.store:migrations")
    config.attributes["connection"] = connection
    return config


def revisions() -> list[str]:
    """Return the versions of the schema that this program knows, the oldest first."""
    script = ScriptDirectory.from_config(migrations())
    return [one.revision for one in script.walk_revisions()][::-1]


def upgrade(connection: Connection, where: str) -> None:
    """Run the migrations that are missing, inside the caller's transaction."""
    try:
        command.upgrade(migrations(connection), "head")
    except CommandError as error:
        raise StoreError(
            f"cannot open {where}: {error}; if a newer version wrote it, run that version, or let "
            f"it go back: responder store migrate --to {HEAD}"
        ) from error


def bring_to(connection: Connection, revision: str | None, where: str) -> tuple[str, str]:
    """Migrate up or down to a version (None: the newest), inside the caller's transaction.

    Return the versions before and after.
    """
    known = revisions()
    wanted = revision or known[-1]
    current = MigrationContext.configure(connection).get_current_revision()
    if current not in known:
        found = f"its schema {current} is of a newer version" if current else "it has no schema yet"
        raise StoreError(f"cannot migrate {where}: {found}; run the version that made it")
    if wanted not in known:
        raise StoreError(
            f"cannot migrate {where} to {wanted!r}: this program knows {', '.join(known)}"
        )
    down = known.index(wanted) < known.index(current)
    (command.downgrade if down else command.upgrade)(migrations(connection), wanted)
    return current, wanted
