"""A store as one file elsewhere, and back."""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from responder.domain.audit import AuditEntry, Kind
from responder.errors import StoreError
from responder.ports import Changes, EventQuery
from responder.store import open_store
from responder.store.backup import back_up, restore, stage
from responder.store.copying import take_up
from responder.store.tables import HEAD

NOW = datetime(2026, 11, 20, tzinfo=UTC)
NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a store that knows one fact."""
    directory = tmp_path / "store"
    directory.mkdir()
    return stored(directory / "responder.db", value=1)


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    return tmp_path / "backup.db"


def stored(path: Path, value: object) -> Path:
    store = open_store(f"sqlite:///{path}")
    store.commit([Changes(facts={"value": value})])
    store.close()
    return path


def value_in(path: Path) -> object:
    store = open_store(f"sqlite:///{path}")
    found = store.load().facts["value"]
    store.close()
    return found


def ask(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


@contextmanager
def written_to(path: Path) -> Iterator[Callable[[], int]]:
    """Let a thread write numbers without end; tell the last one that was acknowledged."""
    ended, begun, acknowledged = threading.Event(), threading.Event(), -1

    def write() -> None:
        nonlocal acknowledged
        store = open_store(f"sqlite:///{path}")
        for number in count():
            entry = AuditEntry(NOW, str(number), "x" * 500, Kind.SERVICE)
            store.commit([Changes(entries=[entry], facts={"last": number})])
            acknowledged = number
            begun.set()
            if ended.is_set():
                break
        store.close()

    thread = threading.Thread(target=write)
    thread.start()
    begun.wait()
    try:
        yield lambda: acknowledged
    finally:
        ended.set()
        thread.join()


def test_a_backup_while_others_write_is_one_moment_with_all_that_was_acknowledged(
    path: Path, tmp_path: Path
) -> None:
    with written_to(path) as acknowledged:
        for number in range(8):
            before = acknowledged()
            into = tmp_path / f"{number}.db"
            back_up(path, into, force=False)
            store = open_store(f"sqlite:///{into}")
            kept = [int(one.target) for one in store.events(EventQuery(limit=1_000_000))]
            last = store.load().facts["last"]
            store.close()
            assert kept == list(range(last, -1, -1))
            assert last >= before
            assert ask(into, "PRAGMA integrity_check") == [("ok",)]


def test_a_backup_is_one_file_that_only_its_owner_may_read(path: Path, backup: Path) -> None:
    assert back_up(path, backup, force=False) == HEAD
    assert backup.stat().st_mode & 0o777 == 0o600
    assert ask(backup, "PRAGMA journal_mode") == [("delete",)]
    assert sorted(one.name for one in backup.parent.iterdir()) == ["backup.db", "store"]


def test_a_store_that_a_killed_service_left_is_backed_up_with_its_journal(
    path: Path, backup: Path
) -> None:
    left = path.parent / "killed.db"
    store = open_store(f"sqlite:///{path}")
    store.commit([Changes(facts={"value": 2})])
    for end in ("", "-wal"):  # what a process that ends here leaves on the disk
        left.with_name(left.name + end).write_bytes(path.with_name(path.name + end).read_bytes())
    store.close()
    back_up(left, backup, force=False)
    assert value_in(backup) == 2


def test_what_is_there_is_only_replaced_by_force(path: Path, backup: Path) -> None:
    backup.write_text("precious")
    with pytest.raises(StoreError, match=rf"write the backup {backup}: it exists; give --force"):
        back_up(path, backup, force=False)
    assert backup.read_text() == "precious"
    back_up(path, backup, force=True)
    assert value_in(backup) == 1


def test_a_backup_that_fails_leaves_the_last_one_and_nothing_else(path: Path, backup: Path) -> None:
    back_up(path, backup, force=False)
    damage(path)
    with pytest.raises(StoreError, match=rf"cannot copy the store {path}: .*(malformed|damaged)"):
        back_up(path, backup, force=True)
    assert value_in(backup) == 1
    assert sorted(one.name for one in backup.parent.iterdir()) == ["backup.db", "store"]


def damage(path: Path) -> None:
    """Break the pages that hold the rows, and leave the file's header alone."""
    store = open_store(f"sqlite:///{path}")
    store.commit([Changes(facts={str(number): "x" * 1000 for number in range(100)})])
    store.close()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xff" * 20_000)


@pytest.mark.parametrize("end", ["", "-wal", "-shm", ".lock", ".restore"])
def test_a_store_is_never_backed_up_onto_itself(path: Path, end: str) -> None:
    with pytest.raises(StoreError, match=rf"a file of the store {path} itself; name another"):
        back_up(path, path.with_name(path.name + end), force=True)
    assert value_in(path) == 1


@pytest.mark.parametrize(
    ("into", "complaint"),
    [
        pytest.param("store", "is no file", id="a directory"),
        pytest.param("gone/backup.db", "No such file or directory$", id="no directory"),
    ],
)
def test_a_place_where_no_backup_can_be_is_told(path: Path, into: str, complaint: str) -> None:
    into = path.parents[1] / into
    with pytest.raises(StoreError, match=rf"cannot write the backup {into}: .*{complaint}"):
        back_up(path, into, force=True)


def test_a_store_that_is_not_there_is_not_made(backup: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot copy the store .*: there is no such file"):
        back_up(backup.with_name("gone.db"), backup, force=False)
    assert list(backup.parent.iterdir()) == []


def test_a_backup_becomes_a_store_where_there_is_none(path: Path, backup: Path) -> None:
    back_up(path, backup, force=False)
    anew = path.with_name("anew.db")
    assert restore(anew, backup, force=False) == HEAD
    assert anew.stat().st_mode & 0o777 == 0o600
    assert value_in(anew) == 1


def test_a_store_that_is_there_is_only_replaced_by_force(path: Path, backup: Path) -> None:
    back_up(path, backup, force=False)
    stored(path, value=2)
    with pytest.raises(StoreError, match=rf"restore the store {path}: it exists; back it up"):
        restore(path, backup, force=False)
    assert value_in(path) == 2
    restore(path, backup, force=True)
    assert value_in(path) == 1


def test_who_reads_a_store_while_it_is_restored_sees_the_old_or_the_new(
    path: Path, backup: Path
) -> None:
    back_up(path, backup, force=False)
    reader = open_store(f"sqlite:///{stored(path, value=2)}")
    assert reader.load().facts == {"value": 2}
    restore(path, backup, force=True)
    assert reader.load().facts == {"value": 1}
    reader.commit([Changes(facts={"value": 3})])
    reader.close()
    assert value_in(path) == 3
    assert ask(path, "PRAGMA journal_mode") == [("wal",)]


def foreign(backup: Path) -> None:
    ask(backup, "CREATE TABLE memories (mine TEXT)")


def newer(backup: Path) -> None:
    stored(backup, value=2)
    ask(backup, "UPDATE alembic_version SET version_num = '9999'")


def damaged(backup: Path) -> None:
    damage(stored(backup, value=2))


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        pytest.param(lambda _: None, "there is no such file", id="missing"),
        pytest.param(lambda one: one.write_bytes(b"x" * 9999), "not a database", id="garbage"),
        pytest.param(lambda one: one.touch(), "no store of this service", id="empty"),
        pytest.param(foreign, "no store of this service; name another", id="of somebody else"),
        pytest.param(newer, "schema 9999 is of a newer version of this", id="of a newer version"),
        pytest.param(damaged, "malformed|damaged", id="damaged"),
    ],
)
def test_a_backup_that_cannot_be_used_changes_nothing(
    path: Path, backup: Path, make: Callable[[Path], object], complaint: str
) -> None:
    make(backup)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=rf"cannot copy the backup {backup}: .*({complaint})"):
        restore(path, backup, force=True)
    assert path.read_bytes() == before
    assert {one.name for one in path.parent.iterdir()} == {"responder.db", "responder.db.lock"}


def test_a_store_in_use_is_not_restored(path: Path, backup: Path) -> None:
    back_up(path, backup, force=False)
    stored(path, value=2)
    with path.with_name("responder.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("web-1:4711:abc\n")
        lock.flush()
        with pytest.raises(StoreError, match=r"in use by web-1:4711:abc; stop the service"):
            restore(path, backup, force=True)
    assert value_in(path) == 2


def test_the_journal_of_a_lost_store_is_not_played_into_the_restored_one(
    path: Path, backup: Path
) -> None:
    back_up(path, backup, force=False)
    path.unlink()
    journal = path.with_name("responder.db-wal")
    journal.write_bytes(b"old")
    with pytest.raises(StoreError, match=rf"{journal} is left of another store; move it away"):
        restore(path, backup, force=False)
    assert not path.exists()


def test_a_store_that_somebody_writes_to_without_a_pause_is_given_up(
    path: Path, backup: Path
) -> None:
    back_up(path, backup, force=False)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process is writing to it"):
            restore(path, backup, force=True)


def test_what_is_staged_becomes_the_content_of_a_store_in_use(path: Path, backup: Path) -> None:
    back_up(path, backup, force=False)
    store = open_store(f"sqlite:///{stored(path, value=2)}")
    assert store.load().facts == {"value": 2}
    staged = stage(path, backup)
    assert staged.stat().st_mode & 0o777 == 0o600
    take_up(path, HEAD)
    assert store.load().facts == {"value": 1}
    assert not staged.exists()
    store.close()


def test_what_is_staged_for_another_schema_is_left_alone(path: Path, backup: Path) -> None:
    back_up(path, backup, force=False)
    stored(path, value=2)
    staged = stage(path, backup)
    take_up(path, "9999")
    assert staged.exists()
    assert value_in(path) == 2


def test_without_anything_staged_nothing_is_taken_up(path: Path) -> None:
    take_up(path, HEAD)
    assert value_in(path) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files for others")
def test_what_root_restores_belongs_to_the_owner_of_the_directory(path: Path, backup: Path) -> None:
    back_up(path, backup, force=False)
    home = path.with_name("home")
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    restore(home / "responder.db", backup, force=False)
    assert {one.name: one.stat().st_uid for one in home.iterdir()} == {
        "responder.db": NOBODY,
        "responder.db.lock": NOBODY,
    }
