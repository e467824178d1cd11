"""The engine for SQLite: one file that only this service's user may read."""

import os
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from responder.errors import StoreError
from responder.store.queries import Upserts

__all__ = ["UPSERTS", "sqlite_engine"]

UPSERTS = Upserts.of(sqlite.Insert)

_PRAGMAS = (
    # Waits for another process, but ends before the caller of a commit has given up.
    "PRAGMA busy_timeout = 3000",
    "PRAGMA journal_mode = WAL",
    # In WAL mode only FULL makes a commit durable; NORMAL may lose the last ones with the power.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # Fingerprints are spread over the whole index: a flood of new ones finds its pages in 8 MiB,
    # and writes each of them back from the journal once for four thousand pages, not for one.
    "PRAGMA cache_size = -8192",
    "PRAGMA wal_autocheckpoint = 400",
)


def sqlite_engine(path: Path) -> Engine:
    """Open the file, creating it when it is missing."""
    try:
        # Before SQLite does so with the umask; its journal files then follow the file's mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(
            f"cannot open the store {path}: {error.strerror}; it must be a file that the user of "
            "this service may write, in a directory that exists and that it may write too"
        ) from error
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        pool_size=1,
        max_overflow=0,
        hide_parameters=True,
        # The driver would begin transactions by itself, but none for a change of schema.
        connect_args={"isolation_level": None},
    )
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _set_pragmas(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    """Take the write lock at once: one that is asked for in the middle may be refused."""
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
