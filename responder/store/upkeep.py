"""What an operator does to a store as a whole, by its URL: back up, restore, migrate."""

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, make_url, text

from responder.errors import StoreError
from responder.store import backup
from responder.store.alone import alone_on_file, alone_on_server
from responder.store.failures import explained
from responder.store.postgres import postgres_engine
from responder.store.sqlite import sqlite_engine
from responder.store.upgrade import bring_to

__all__ = ["back_up_store", "migrate_store", "restore_store", "staged_restore"]


def back_up_store(url: str, into: Path, *, force: bool) -> str:
    """Back up a store, also while it is used; return what was done, for people."""
    path = _path(url)
    if path is None:
        raise StoreError(
            f"cannot back up {_shown(url)}: PostgreSQL does that itself, also while serving: "
            f"pg_dump --format=custom --file={_quoted(into)} {_for_tools(url)}"
        )
    revision = backup.back_up(path, into.absolute(), force=force)
    return f"backed up {path} to {into}, schema {revision}"


def restore_store(url: str, source: Path, *, force: bool) -> str:
    """Restore a store that no service uses; return what was done, for people."""
    path = _path(url)
    if path is None:
        raise StoreError(
            f"cannot restore {_shown(url)}: PostgreSQL does that itself: stop every replica, make "
            "the database anew (dropdb, createdb), and run: pg_restore --no-owner "
            f"--single-transaction --dbname={_for_tools(url)} {_quoted(source)}"
        )
    revision = backup.restore(path, source, force=force)
    return (
        f"restored {path} from {source}, schema {revision}; start the service: it reads every "
        "target before it changes one, and what was switched on after the backup is external to it"
    )


@contextmanager
def staged_restore(url: str, source: Path) -> Iterator[Callable[[], bool]]:
    """Lay a backup beside a store in use, until the end; tell whether its service took it up."""
    staged = backup.stage(Path(make_url(url).database or "").absolute(), source)
    try:
        yield lambda: not staged.exists()
    finally:
        staged.unlink(missing_ok=True)


def migrate_store(url: str, revision: str | None) -> str:
    """Bring a store that no service uses to a version of the schema; return what was done."""
    path = _path(url)
    if path is None:
        before, after = _migrate_server(make_url(url), revision, _shown(url))
    else:
        before, after = _migrate_file(path, revision, f"the store {path}")
    moved = f"was {before}, is {after} now" if before != after else f"is {after} already"
    return f"the schema of {path or _shown(url)} {moved}"


def _migrate_file(path: Path, revision: str | None, where: str) -> tuple[str, str]:
    with explained("migrate", where):
        if not path.exists():
            raise ValueError("there is no such file; the first start of the service makes it")
        with alone_on_file(path):
            engine = sqlite_engine(path)
            try:
                with engine.begin() as connection:
                    return bring_to(connection, revision, where)
            finally:
                engine.dispose()


def _migrate_server(url: URL, revision: str | None, where: str) -> tuple[str, str]:
    engine = postgres_engine(url)
    try:
        with explained("migrate", where), engine.begin() as connection:
            _prepare_server(connection)
            alone_on_server(connection, where)
            return bring_to(connection, revision, where)
    finally:
        engine.dispose()


def _prepare_server(connection: Connection) -> None:
    """Let a large table take its time, but wait for nobody."""
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SET LOCAL lock_timeout = '3s'"))


def _path(url: str) -> Path | None:
    """Return the file of a store on SQLite; None for one on a server."""
    parsed = make_url(url)
    return Path(parsed.database or "").absolute() if parsed.drivername == "sqlite" else None


def _shown(url: str) -> str:
    shown = make_url(url).set(query={}).render_as_string(hide_password=True)
    return f"the store {shown}"


def _for_tools(url: str) -> str:
    """Return the URL as PostgreSQL's own tools take it, quoted for a shell, without a password."""
    parsed = make_url(url)
    options = {name: value for name, value in parsed.query.items() if "password" not in name}
    bare = parsed._replace(password=None).set(query=options)
    return shlex.quote(bare.render_as_string(hide_password=False))


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
