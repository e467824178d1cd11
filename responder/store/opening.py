"""From a store's URL to the store itself."""

import os
import socket
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError

from responder.errors import StoreError
from responder.ports import SharedStore
from responder.store import sqlite
from responder.store.leases import FileLease, Leases
from responder.store.queries import Upserts
from responder.store.schema import prepare
from responder.store.sql import SqlStore
from responder.store.twin import MemoryStore

__all__ = ["open_store"]


def open_store(url: str) -> SharedStore:
    """Open the store that a URL names, creating or upgrading its schema.

    `sqlite:////absolute/path`, `sqlite:///relative/path`, `postgresql://user@host/database`, or
    `memory://`, which forgets everything when the process ends. For other replicas the process
    calls itself by machine and process id, and by something that no later process has.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Neither the URL nor the cause is shown: a password may be in a part that was misread.
        raise StoreError(
            "cannot open the store: store.url is no URL; special characters of a user or "
            "password must be percent-encoded"
        ) from None
    opener = _OPENERS.get(parsed.drivername)
    if opener is None:
        raise StoreError(
            f"cannot open the store: unknown scheme {parsed.drivername!r} in store.url; "
            f"use one of {', '.join(_OPENERS)}"
        )
    return opener(parsed, f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}")


def _open_memory(_: URL, holder: str) -> SharedStore:
    return MemoryStore(holder)


def _open_sqlite(url: URL, holder: str) -> SharedStore:
    if not url.database or url.database == ":memory:" or url.host or url.query:
        raise StoreError(
            "cannot open the store: store.url names no SQLite file; write sqlite:/// and its "
            "path (four slashes when that is absolute), or memory:// to keep nothing"
        )
    path = Path(url.database).absolute()
    leases = FileLease(path, holder)
    return _on(sqlite.sqlite_engine(path), sqlite.UPSERTS, leases, f"the store {path}")


def _open_postgres(url: URL, holder: str) -> SharedStore:
    # Its dialect costs two MiB of resident memory, which a service on SQLite saves.
    from responder.store import postgres  # noqa: PLC0415

    shown = url.set(query={}).render_as_string(hide_password=True)
    engine, leases = postgres.postgres_engine(url), postgres.RowLease(holder)
    return _on(engine, postgres.UPSERTS, leases, f"the store {shown}")


def _on(engine: Engine, upserts: Upserts, leases: Leases, where: str) -> SharedStore:
    try:
        prepare(engine, where)
    except StoreError:
        engine.dispose()
        raise
    return SqlStore(engine, upserts, leases, where)


_OPENERS: Mapping[str, Callable[[URL, str], SharedStore]] = {
    "sqlite": _open_sqlite,
    "postgresql": _open_postgres,
    "memory": _open_memory,
}
