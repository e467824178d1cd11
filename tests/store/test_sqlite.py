"""The file: its mode, its durability, and what is said when it cannot be used."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import event

import responder
from responder.domain.alerts import Alert, AlertStatus
from responder.domain.audit import AuditEntry, Kind
from responder.domain.memory import Memory
from responder.errors import StoreError
from responder.ports import Changes, EventQuery, HeardAlert, Intent
from responder.store import open_store, sqlite
from responder.store.leases import FileLease
from responder.store.schema import prepare
from responder.store.sql import PRUNED_AT_ONCE, SqlStore

ROOT = Path(responder.__file__).parents[1]
NOW = datetime(2026, 11, 20, 10, 0, 0, 123457, tzinfo=UTC)
EVERYTHING = Changes(
    memories=[Memory("t", "shop", "under_attack", "example.com")],
    alerts=[HeardAlert(Alert("f1", {}, AlertStatus.FIRING, NOW), NOW, 1)],
    intents=[Intent("i1", "t", "engage", None, NOW)],
    entries=[AuditEntry(NOW, "t", "shop", Kind.STATE)],
    facts={"n1": 1},
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "responder.db"


def ask(path: Path, statement: str) -> list[tuple[object, ...]]:
    """Run one statement past the store."""
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


def test_what_was_committed_is_there_after_a_restart(path: Path) -> None:
    before = open_store(f"sqlite:///{path}")
    before.commit([EVERYTHING])
    snapshot, events = before.load(), before.events(EventQuery())
    before.close()
    after = open_store(f"sqlite:///{path}")
    assert (after.load(), after.events(EventQuery())) == (snapshot, events)
    after.close()


def test_only_the_services_user_may_read_the_files(path: Path) -> None:
    store = open_store(f"sqlite:///{path}")
    store.commit([EVERYTHING])
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    store.close()
    assert modes == dict.fromkeys([path.name, f"{path.name}-wal", f"{path.name}-shm"], 0o600)


def test_a_commit_waits_for_the_disk(path: Path) -> None:
    engine = sqlite.sqlite_engine(path)
    with engine.connect() as connection:
        settings = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    engine.dispose()
    assert settings == ["wal", 2, 1, 3000]


def test_a_step_of_pruning_is_a_short_transaction(path: Path) -> None:
    store = open_store(f"sqlite:///{path}")
    entry = AuditEntry(NOW, "t", "shop", Kind.STATE)
    store.commit([Changes(entries=[entry] * (2 * PRUNED_AT_ONCE))])
    left = [len(store.events(EventQuery(limit=10_000))) for _ in store.prune(NOW + timedelta(1))]
    store.close()
    assert left[:3] == [PRUNED_AT_ONCE, 0, 0]


ENDLESS = """
import sys
from datetime import UTC, datetime
from itertools import count
from responder.domain.audit import AuditEntry, Kind
from responder.ports import Changes
from responder.store import open_store
store = open_store(f"sqlite:///{sys.argv[1]}")
now = datetime(2026, 11, 20, tzinfo=UTC)
for number in count():
    entry = AuditEntry(now, str(number), "", Kind.SERVICE)
    store.commit([Changes(entries=[entry], facts={"last": number})])
    print(number, flush=True)
"""


def test_nothing_acknowledged_is_lost_to_kill_9(path: Path) -> None:
    command = [sys.executable, "-c", ENDLESS, str(path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        acknowledged = list(islice(process.stdout or (), 100))
        process.kill()
        acknowledged += process.stdout or ()
    # The last line may have been cut, but then it was not acknowledged.
    numbers = [int(line) for line in acknowledged if line.endswith("\n")]
    store = open_store(f"sqlite:///{path}")
    kept = [int(one.target) for one in store.events(EventQuery(limit=1_000_000))][::-1]
    last = store.load().facts["last"]
    store.close()
    assert kept[: len(numbers)] == numbers
    assert last == kept[-1]


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        pytest.param(lambda path: path.mkdir(), "Is a directory", id="a directory"),
        pytest.param(lambda path: path.symlink_to("/gone/x.db"), "No such file", id="no directory"),
        pytest.param(lambda path: path.symlink_to("/proc/x.db"), "No such file", id="not allowed"),
        pytest.param(lambda path: path.write_bytes(b"x" * 9999), "not a database", id="garbage"),
        pytest.param(lambda path: path.write_bytes(b"xx"), "not a database", id="short garbage"),
    ],
)
def test_a_file_that_cannot_be_opened_is_explained(path: Path, make, complaint: str) -> None:
    make(path)
    with pytest.raises(StoreError, match=rf"cannot open the store {path}: .*{complaint}.*; \w+"):
        open_store(f"sqlite:///{path}")


def test_a_file_that_breaks_later_is_explained(path: Path) -> None:
    store = open_store(f"sqlite:///{path}")
    store.commit([Changes(facts={str(number): "x" * 1000 for number in range(100)})])
    store.close()
    with path.open("r+b") as file:
        half = path.stat().st_size // 2
        file.seek(half)
        file.write(b"\xff" * half)
    broken = open_store(f"sqlite:///{path}")
    with pytest.raises(StoreError, match=rf"the store {path}: .*malformed; restore it from a back"):
        broken.load()
    broken.close()


def limited(path: Path, pragma: str, longest: int = 10**9) -> SqlStore:
    """Open a store as `open_store` does, with limits for its connections."""

    def limit(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(pragma).close()
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest)

    engine = sqlite.sqlite_engine(path)
    event.listen(engine, "connect", limit)
    prepare(engine, f"the store {path}")
    return SqlStore(engine, sqlite.UPSERTS, FileLease(path, "here"), f"the store {path}")


def test_a_full_disk_is_explained_and_costs_nothing_that_was_there(path: Path) -> None:
    open_store(f"sqlite:///{path}").close()
    full = limited(path, "PRAGMA max_page_count = 20")
    full.commit([Changes(facts={"small": 1})])
    with pytest.raises(StoreError, match=r"disk is full; free space"):
        full.commit([Changes(facts={"other": 2, "big": "x" * 1_000_000})])
    assert full.load().facts == {"small": 1}
    full.close()


def test_a_disk_that_has_space_again_is_used_again(path: Path) -> None:
    store = limited(path, "PRAGMA max_page_count = 40")
    with pytest.raises(StoreError):
        store.commit([Changes(facts={"big": "x" * 1_000_000})])
    store.commit([Changes(facts={"small": 1})])
    assert store.load().facts == {"small": 1}
    store.close()


def test_a_file_that_may_only_be_read_is_explained(path: Path) -> None:
    open_store(f"sqlite:///{path}").close()
    store = limited(path, "PRAGMA query_only = ON")
    with pytest.raises(StoreError, match=r"readonly database; make the file and its directory"):
        store.commit([EVERYTHING])
    store.close()


def test_a_value_that_is_too_long_is_explained(path: Path) -> None:
    store = limited(path, "PRAGMA query_only = OFF", longest=10_000)
    with pytest.raises(StoreError, match=r"too big; no column takes that value"):
        store.commit([Changes(facts={"big": "x" * 20_000})])
    store.close()


def test_a_file_that_another_process_holds_is_explained(path: Path) -> None:
    store = limited(path, "PRAGMA busy_timeout = 1")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"locked; another process holds the file"):
            store.commit([EVERYTHING])
        assert store.load().facts == {}  # who only reads is not kept waiting
    store.commit([EVERYTHING])
    store.close()


@pytest.mark.parametrize(
    ("table", "key", "change"),
    [
        pytest.param("memories", "t", "body = '{}'", id="a body without its fields"),
        pytest.param("memories", "t", "body = 'x'", id="a body that is no JSON"),
        pytest.param("webhooks", 1, "alerts = '[{}]'", id="no alert"),
        pytest.param("webhooks", 1, "alerts = '[]x'", id="alerts that are no JSON"),
        pytest.param("intents", "i1", "at = 'soon'", id="an intent of no moment"),
        pytest.param("facts", "n1", "value = '{'", id="a fact that is no JSON"),
    ],
)
def test_a_corrupt_row_is_named(path: Path, table: str, key: object, change: str) -> None:
    store = open_store(f"sqlite:///{path}")
    store.commit([EVERYTHING])
    ask(path, f"UPDATE {table} SET {change}")
    with pytest.raises(StoreError, match=rf"row {key!r} of table {table}: .*Correct it, or delete"):
        store.load()
    store.close()


def test_a_corrupt_entry_is_named(path: Path) -> None:
    store = open_store(f"sqlite:///{path}")
    store.commit([EVERYTHING])
    ask(path, "UPDATE events SET kind = 'odd'")
    with pytest.raises(StoreError, match=r"row 1 of table events: 'odd' is not a valid Kind"):
        store.events(EventQuery())
    store.close()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(Changes(facts={"\ud800": 1}), id="half a character"),
        pytest.param(
            Changes(entries=[AuditEntry(NOW.replace(tzinfo=None), "t", "", Kind.STATE)]),
            id="a moment without a zone",
        ),
    ],
)
def test_a_value_that_no_column_takes_is_explained(path: Path, changes: Changes) -> None:
    store = open_store(f"sqlite:///{path}")
    with pytest.raises(StoreError, match=r"cannot write to the store"):
        store.commit([EVERYTHING, changes])
    assert store.load().memories == []
    store.close()


def test_one_process_at_a_time_acts_on_a_file(path: Path) -> None:
    first, second = open_store(f"sqlite:///{path}"), open_store(f"sqlite:///{path}")
    lasts = timedelta(seconds=1)
    assert first.claim(lasts).mine
    assert first.claim(lasts).mine
    claim = second.claim(lasts)
    assert (claim.mine, claim.holder) == (False, first.claim(lasts).holder)
    first.give_up()
    assert second.claim(lasts).mine
    second.close()
    assert first.claim(lasts).mine
    first.close()
