"""Foreign exceptions as StoreErrors: what failed, where, and what to do about it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, SQLAlchemyError

from responder.errors import StoreError

__all__ = ["explained"]

_ADVICE = {
    "SQLITE_FULL": "free space on its disk",
    "SQLITE_READONLY": "make the file and its directory writable for the user of this service",
    "SQLITE_PERM": "make the file and its directory writable for the user of this service",
    "SQLITE_CANTOPEN": "it must be a file, in a directory that the user of this service may write",
    "SQLITE_BUSY": "another process holds the file: end that process",
    "SQLITE_NOTADB": "restore it from a backup, or move it away and start with an empty one",
    "SQLITE_CORRUPT": "restore it from a backup, or move it away and start with an empty one",
    "SQLITE_IOERR": "look for trouble with its disk in the log of the system",
}
"""By the beginning of SQLite's name for an error; the longer names only tell details."""

_SERVER_ADVICE = "check that the server answers, and that this user may read and write there"


@contextmanager
def explained(action: str, where: str) -> Iterator[None]:
    """Turn whatever a database or a value's encoding raises in here into a StoreError."""
    try:
        yield
    except DBAPIError as error:
        # Only the driver's own words: SQLAlchemy's add the statement, and a link to its manual.
        raise StoreError(
            f"cannot {action} {where}: {_first_line(error)}; {_advice(error)}"
        ) from error
    except (SQLAlchemyError, OSError, ValueError, TypeError, OverflowError) as error:
        raise StoreError(f"cannot {action} {where}: {error}") from error


def _first_line(error: DBAPIError) -> str:
    return next(iter(str(error.orig).splitlines()), type(error.orig).__name__)


def _advice(error: DBAPIError) -> str:
    if isinstance(error, DataError):
        return "no column takes that value"
    name = getattr(error.orig, "sqlite_errorname", None)
    if name is None:
        return _SERVER_ADVICE
    matching = (text for prefix, text in _ADVICE.items() if name.startswith(prefix))
    return next(matching, f"SQLite calls this {name}")
