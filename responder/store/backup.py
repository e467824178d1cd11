"""A SQLite store as one file elsewhere, and back."""

import os
import sqlite3
from pathlib import Path

from responder.store.alone import alone_on_file
from responder.store.copying import copied, part_beside, put, refill, staged_path
from responder.store.failures import explained
from responder.store.leases import give_to_owner, lock_path
from responder.store.upgrade import revisions

__all__ = ["back_up", "restore", "stage"]

_JOURNALS = ("-wal", "-shm", "-journal")
"""What SQLite adds to a file's name for the files beside it."""


def back_up(path: Path, into: Path, *, force: bool) -> str:
    """Copy a store to a file of its own, also while it is written to; return its schema's version.

    The file appears complete, checked and durable, or not at all; only its owner may read it.
    """
    with explained("write", f"the backup {into}"):
        _refuse_to_replace(into, path, force=force)
        with part_beside(into) as part:
            revision = _checked_copy(path, part, f"the store {path}")
            _refuse_to_replace(into, path, force=force)  # somebody may have been faster
            put(part, into)
    return revision


def restore(path: Path, source: Path, *, force: bool) -> str:
    """Put the content of a backup into a store that nobody uses; return its schema's version.

    The backup is checked before anything is changed, and a store that is there changes in one
    transaction.
    """
    with explained("restore", f"the store {path}"), alone_on_file(path):
        there = path.exists()
        if there and not force:
            raise ValueError("it exists; back it up, then give --force to replace its content")
        with part_beside(path) as part:
            revision = _checked_copy(source, part, f"the backup {source}")
            if there:
                refill(path, part)
            else:
                _refuse_journals(path)
                give_to_owner(part, path)
                put(part, path)
    return revision


def stage(path: Path, source: Path) -> Path:
    """Lay the content of a backup beside a store in use, for its service to take up."""
    staged = staged_path(path)
    with explained("restore", f"the store {path}"), part_beside(staged) as part:
        _checked_copy(source, part, f"the backup {source}")
        give_to_owner(part, path)
        put(part, staged)
    return staged


def _refuse_to_replace(into: Path, path: Path, *, force: bool) -> None:
    beside = [path.with_name(path.name + end) for end in _JOURNALS]
    own = {path, lock_path(path), staged_path(path), *beside}
    if into.resolve() in {one.resolve() for one in own}:
        raise ValueError(f"that is a file of the store {path} itself; name another one")
    if not os.path.lexists(into):
        return
    if not into.is_file():
        raise ValueError("that is no file; name one that may be written")
    if not force:
        raise ValueError("it exists; give --force to replace it, or name another one")


def _refuse_journals(path: Path) -> None:
    """Refuse journals without their store: SQLite would play them into the new one."""
    for end in _JOURNALS:
        journal = path.with_name(path.name + end)
        if journal.exists():
            raise ValueError(f"{journal} is left of another store; move it away, too")


def _checked_copy(source: Path, part: Path, what: str) -> str:
    with explained("copy", what):
        if not source.is_file():
            raise ValueError("there is no such file")
        with copied(source, part) as copy:
            return _checked(copy)


def _checked(copy: sqlite3.Connection) -> str:
    """Return the schema's version of a store that is whole and ours; raises ValueError."""
    [[found]] = copy.execute("PRAGMA integrity_check(1)").fetchall()
    if found != "ok":
        raise ValueError(f"it is damaged ({found}); use another backup")
    tables = copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    if not {("alembic_version",), ("memories",)} <= set(tables):
        raise ValueError("it is no store of this service; name another file")
    [[revision]] = copy.execute("SELECT version_num FROM alembic_version").fetchall()
    if revision not in revisions():
        raise ValueError(
            f"its schema {revision} is of a newer version of this program; run that version"
        )
    return str(revision)
