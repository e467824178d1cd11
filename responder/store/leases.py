"""Who acts: what both databases must offer, and SQLite's way, a lock on a file."""

import fcntl
import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from responder.ports import Claim

__all__ = ["FileLease", "Leases", "give_to_owner", "lock_path"]


class Leases(Protocol):
    """The way of one kind of database to let one process act."""

    shared: bool
    holder: str
    """How this process calls itself."""

    def claim(self, connection: Connection, lasts: timedelta) -> Claim:
        """Take or renew the lease, if nobody else holds it."""
        ...

    def give_up(self, connection: Connection) -> None:
        """Let the next one have it at once."""
        ...

    def close(self) -> None:
        """Let go of what it holds outside the database."""
        ...


def lock_path(path: Path) -> Path:
    """Return the file beside a store that its acting process keeps locked."""
    return path.with_name(f"{path.name}.lock")


def give_to_owner(file: int | Path, path: Path) -> None:
    """Let root make no file that the service cannot open: it belongs to whom the store does."""
    if os.geteuid() == 0:
        owner = (path if path.exists() else path.parent).stat()
        os.chown(file, owner.st_uid, owner.st_gid)


class FileLease:
    """A lock on a file beside the store: the kernel ends it with the process, however that ends.

    No clock is asked, so none can make two processes act.
    """

    shared = False

    def __init__(self, path: Path, holder: str) -> None:
        self.holder = holder
        self._store = path
        self._path = lock_path(path)
        self._file: int | None = None

    def claim(self, connection: Connection, lasts: timedelta) -> Claim:
        """Lock the file; it stays locked until it is given up, whatever `lasts` says."""
        del connection, lasts
        if self._file is not None:
            return Claim(mine=True, token=1, holder=self.holder)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        give_to_owner(file, self._store)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            told = os.pread(file, 200, 0).decode(errors="replace").strip()
            os.close(file)
            return Claim(mine=False, token=0, holder=told or "another process")
        os.ftruncate(file, 0)
        os.pwrite(file, f"{self.holder}\n".encode(), 0)
        self._file = file
        return Claim(mine=True, token=1, holder=self.holder)

    def give_up(self, connection: Connection) -> None:
        """Unlock the file."""
        del connection
        self.close()

    def close(self) -> None:
        """Unlock the file; it stays where it is, since another may be waiting on it."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                os.close(file)
