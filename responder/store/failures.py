"""Foreign exceptions as StoreErrors: what failed, where, and what to do about it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, SQLAlchemyError

from responder.errors import StoreError

__all__ = ["explained"]

_DAMAGED = "restore it from a backup, or move it away and start with an empty one"
_PERMISSIONS = "make the file and its directory writable for the user of this service"
_ADVICE = {
    "SQLITE_FULL": "free space on its disk",
    "SQLITE_READONLY": _PERMISSIONS,
    "SQLITE_PERM": _PERMISSIONS,
    "SQLITE_CANTOPEN": "it must be a file, in a directory that the user of this service may write",
    "SQLITE_BUSY": "another process holds the file: end that process",
    "SQLITE_NOTADB": _DAMAGED,
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_IOERR": "look for trouble with its disk in the log of the system",
    "25006": "it only reads, as a standby does: name the server that writes in store.url",
    "42501": "make this user the owner of the database and of its tables",
    "53100": "free space on the server's disk",
    "57014": "the server is slow, or another session holds a lock: look at pg_stat_activity",
    "57P": "the server is being stopped or started: wait until it answers",
    "XX": "look at the server's log; if data is damaged, restore it from a backup",
}
"""By the beginning of SQLite's name, or of PostgreSQL's code, for an error."""

_UNFIT = "no column takes that value"
_CONNECTION = (
    "check that the server answers there, and the user, the password and the options in store.url"
)


@contextmanager
def explained(action: str, where: str) -> Iterator[None]:
    """Turn whatever a database or a value's encoding raises in here into a StoreError."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        # Only the driver's own words: SQLAlchemy's add the statement, and a link to its manual.
        told = error.orig if isinstance(error, DBAPIError) else error
        advice = _UNFIT if isinstance(error, DataError) else _advice(told)
        raise StoreError(f"cannot {action} {where}: {_first_line(told)}; {advice}") from error
    except OSError as error:
        raise StoreError(f"cannot {action} {where}: {error.strerror or error}") from error
    except (SQLAlchemyError, ValueError, TypeError, OverflowError) as error:
        raise StoreError(f"cannot {action} {where}: {error}") from error


def _first_line(error: BaseException | None) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _advice(error: BaseException | None) -> str:
    code = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
    if code is None:  # what no server said was said about the way to it
        return _CONNECTION
    matching = (text for prefix, text in _ADVICE.items() if code.startswith(prefix))
    return next(matching, f"the database calls this {code}")
