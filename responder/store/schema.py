"""The version of a database's schema: stamped when it is created, brought to ours when older.

The steady case, a database that is up to date, does without Alembic; only an upgrade needs it.
"""

import sqlalchemy as sa

from responder.errors import StoreError
from responder.store.failures import explained
from responder.store.tables import HEAD, metadata

__all__ = ["prepare"]

_VERSION = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Alembic's own table, spelled as it creates it, so that it takes over from here."""

_LOCK = sa.text("SELECT pg_advisory_xact_lock(:key)").bindparams(key=0x726573706F6E64)


def prepare(engine: sa.Engine, where: str) -> None:
    """Bring a database to the schema of `tables.py`: create, upgrade, or find it so."""
    with explained("open", where):
        with engine.execution_options(reading=True).connect() as connection:
            revision = _revision(connection)
        if revision != HEAD:
            with engine.begin() as connection:
                _bring_up(connection, where)


def _bring_up(connection: sa.Connection, where: str) -> None:
    """Create or upgrade inside one transaction, as the only one who does."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))  # a large table takes long
        connection.execute(_LOCK)
    revision = _revision(connection)  # read again: another process may have been faster
    if revision is None:
        _create(connection, where)
    elif revision != HEAD:
        # Alembic costs ten MiB of resident memory, which a start without an upgrade saves.
        from responder.store.upgrade import upgrade  # noqa: PLC0415

        upgrade(connection, where)


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    return connection.scalar(sa.select(_VERSION.c.version_num))


def _create(connection: sa.Connection, where: str) -> None:
    inspector = sa.inspect(connection)
    foreign = [name for name in metadata.tables if inspector.has_table(name)]
    if foreign:
        raise StoreError(
            f"cannot open {where}: it holds tables of these names without a schema version: "
            f"{', '.join(foreign)}; give this service a database of its own"
        )
    metadata.create_all(connection)
    _VERSION.create(connection, checkfirst=True)
    connection.execute(sa.insert(_VERSION).values(version_num=HEAD))
