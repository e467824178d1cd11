"""One process alone on a store, for what no service may see half done."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from responder.errors import StoreError
from responder.store.leases import give_to_owner, lock_path

__all__ = ["StoreInUseError", "alone_on_file", "alone_on_server"]

_OTHERS = sa.text(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    " AND usename = current_user AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


class StoreInUseError(StoreError):
    """A service acts on it."""


@contextmanager
def alone_on_file(path: Path) -> Iterator[None]:
    """Hold the lock that the acting service holds; StoreInUseError when one runs.

    The lock's file stays where it is: another process may be waiting on it.
    """
    file = os.open(lock_path(path), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        give_to_owner(file, path)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(file, 200, 0).decode(errors="replace").strip()
            raise StoreInUseError(
                f"the store {path} is in use by {holder or 'another process'}; stop the service, "
                "try again, and start it"
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"responder store, process {os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(file)


def alone_on_server(connection: sa.Connection, where: str) -> None:
    """Raise StoreError when other sessions of this user are connected to the database."""
    others = connection.scalars(_OTHERS).all()
    if others:
        raise StoreError(
            f"{where} is in use by other sessions of its user (processes "
            f"{', '.join(map(str, others))} of the server); stop every replica, and try again"
        )
