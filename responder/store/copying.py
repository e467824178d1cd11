"""SQLite files as a whole: copied as of one moment, put in place, poured into one in use."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

__all__ = ["copied", "part_beside", "put", "refill", "staged_path", "take_up"]

_PATIENCE_SECONDS = 3


@contextmanager
def part_beside(target: Path) -> Iterator[Path]:
    """Give a new file that only its owner may read, on the disk of the target."""
    handle, name = tempfile.mkstemp(f".{target.name}", ".unfinished-", target.parent)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


@contextmanager
def copied(source: Path, part: Path) -> Iterator[sqlite3.Connection]:
    """Copy one moment of a store, however busy it is, into a new file; give that one open."""
    reading = f"{source.absolute().as_uri()}?mode=ro"
    with closing(_opened(reading)) as original, closing(_opened(part.as_uri())) as copy:
        original.backup(copy, progress=_refuse_to_wait)
        # One file, without a journal beside it, which can be read where nothing can be written.
        copy.execute("PRAGMA journal_mode = DELETE").close()
        yield copy


def refill(path: Path, source: Path) -> None:
    """Replace the content of a store in one transaction; who has it open sees old or new."""
    with closing(_opened(source.as_uri())) as full, closing(_opened(path.as_uri())) as store:
        store.execute("PRAGMA synchronous = FULL").close()
        full.backup(store, progress=_refuse_to_wait)


def put(part: Path, target: Path) -> None:
    """Give a file its name once it is durable, and make the name durable as well."""
    _sync(part)
    part.replace(target)
    _sync(target.parent)


def staged_path(path: Path) -> Path:
    """Return the file beside a store that waits to become its content."""
    return path.with_name(f"{path.name}.restore")


def take_up(path: Path, schema: str) -> None:
    """Let what is staged become the content, if anything is, and is of this schema."""
    staged = staged_path(path)
    if not staged.exists():
        return
    with closing(_opened(staged.as_uri())) as connection:
        [[found]] = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    if found == schema:
        refill(path, staged)
        staged.unlink()


def _opened(address: str) -> sqlite3.Connection:
    return sqlite3.connect(address, _PATIENCE_SECONDS, isolation_level=None, uri=True)


def _refuse_to_wait(status: int, _remaining: int, _total: int) -> None:
    """End a backup that would otherwise ask for a lock without end."""
    if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        raise ValueError("another process is writing to it without a pause; end that process")


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
