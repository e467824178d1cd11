"""Looking at a store without leaving anything in it: can it be had, and can it be trusted."""

import sqlite3
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa

from responder.store.failures import explained
from responder.store.postgres import postgres_engine
from responder.store.tables import HEAD, metadata

__all__ = ["StoreProbe", "probe_store"]

PATIENCE = timedelta(seconds=3)
"""Of a question to a database; the running service may be writing."""

_VERSION = sa.table("alembic_version", sa.column("version_num"))
_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")

_OF_SERVER = sa.text(
    "SELECT current_setting('server_version') AS version,"
    " current_setting('fsync') AS fsync,"
    " current_setting('transaction_read_only') = 'on' AS read_only,"
    " coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create"
)
_SET_TIMEOUT = sa.text("SELECT set_config('statement_timeout', :milliseconds, false)")
_HAS_RIGHT = sa.text("SELECT has_table_privilege(:table, :right)")


@dataclass(frozen=True, slots=True)
class StoreProbe:
    """What was learnt."""

    engine: str
    """Such as `SQLite 3.40.1`."""
    schema: str | None
    """The version of the schema; None when there is nothing in it yet."""
    expected: str = HEAD
    """The version that this program works with."""
    volatile: tuple[str, ...] = ()
    """Settings by which a server forgets what it has acknowledged."""
    lacking: tuple[str, ...] = ()
    """What this user may not do and must."""


def probe_store(url: str, patience: timedelta = PATIENCE) -> StoreProbe | None:
    """Look at the store of a checked URL; None when its file does not exist yet.

    Raises StoreError when it cannot be opened, read, or written to.
    """
    parsed = sa.make_url(url)
    if parsed.drivername == "sqlite":
        path = Path(parsed.database or "").absolute()
        return _probe_file(path, patience) if path.exists() else None
    return _probe_server(parsed, patience)


def _probe_file(path: Path, patience: timedelta) -> StoreProbe:
    def connect() -> sqlite3.Connection:
        # `rw` and not `rwc`: what is not there must not be made.
        return sqlite3.connect(
            f"file:{quote(str(path))}?mode=rw",
            uri=True,
            timeout=patience.total_seconds(),
            isolation_level=None,
        )

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool)
    with explained("write to", f"the store {path}"), engine.connect() as connection:
        # Taking the lock for writing is as near to writing as one comes without it.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        schema = _schema(connection)
        connection.exec_driver_sql("ROLLBACK")
        return StoreProbe(f"SQLite {sqlite3.sqlite_version}", schema)


def _probe_server(url: sa.URL, patience: timedelta) -> StoreProbe:
    engine = postgres_engine(url)
    shown = url.set(query={}).render_as_string(hide_password=True)
    try:
        with explained("read", f"the store {shown}"), engine.connect() as connection:
            milliseconds = patience // timedelta(milliseconds=1)
            connection.execute(_SET_TIMEOUT, {"milliseconds": str(milliseconds)})
            told = connection.execute(_OF_SERVER).one()
            schema = _schema(connection)
            lacking = ["a transaction that writes"] if told.read_only else []
            lacking += _rights_lacking(connection, schema, may_create=told.may_create)
            return StoreProbe(
                engine=f"PostgreSQL {told.version}",
                schema=schema,
                volatile=("fsync",) if told.fsync == "off" else (),
                lacking=tuple(lacking),
            )
    finally:
        engine.dispose()


def _schema(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    return connection.scalar(sa.select(_VERSION.c.version_num))


def _rights_lacking(
    connection: sa.Connection, schema: str | None, *, may_create: bool
) -> list[str]:
    if schema is None:
        return [] if may_create else ["CREATE in its schema"]
    if schema != HEAD:
        return []  # tables of another version: its own start will tell
    return [
        f"{right} on {table}"
        for table in metadata.tables
        for right in _RIGHTS
        if not connection.scalar(_HAS_RIGHT, {"table": table, "right": right})
    ]
