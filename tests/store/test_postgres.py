"""PostgreSQL: what it is asked for, what is said when it fails, and how that heals."""

import asyncio
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

import psycopg
import pytest
from sqlalchemy import event, make_url
from support.alertmanager import CLOCK
from support.postgres import Postgres, running_postgres

from responder.domain.alerts import Alert, AlertStatus
from responder.domain.audit import AuditEntry, Kind
from responder.domain.memory import Memory
from responder.errors import StoreError
from responder.ports import Changes, EventQuery, HeardAlert, Intent, Outcome
from responder.store import StoreWriter, open_store

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
PASSWORD = "geheim"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """Give a server of our own, durable as a real one, which may be killed."""
    with running_postgres(PASSWORD, durable=True) as one:
        yield one


def fact(value: object) -> Changes:
    return Changes(facts={"value": value})


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param({"password": "geheim2"}, "password authentication failed", id="password"),
        pytest.param({"username": "mallory"}, "password authentication failed", id="user"),
        pytest.param({"database": "gone"}, 'database "gone" does not exist', id="database"),
        pytest.param({"host": "nowhere.invalid"}, "failed to resolve host", id="host"),
        pytest.param({"port": 1}, "Connection refused", id="port"),
        pytest.param(
            {"query": {"sslmode": "require"}}, "does not support SSL, but SSL was", id="TLS"
        ),
        pytest.param({"query": {"password": "geheim2"}}, "password authent", id="password apart"),
        pytest.param({"query": {"sslpassword": "geheim", "odd": "1"}}, '"odd"', id="option"),
    ],
)
def test_a_server_that_lets_nobody_in_is_explained_without_the_password(
    server: Postgres, change: dict[str, object], complaint: str
) -> None:
    url = make_url(server.url_of("postgres")).set(**change).render_as_string(hide_password=False)
    with pytest.raises(
        StoreError, match=rf"cannot open the store .*{complaint}.*store\.url"
    ) as one:
        open_store(url)
    if "sslmode" not in str(change):
        assert PASSWORD not in "".join(traceback.format_exception(one.value))
    assert f":{PASSWORD}" not in "".join(traceback.format_exception(one.value))


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("25006", "name the server that writes"),
        ("42501", "make this user the owner"),
        ("53100", "free space on the server's disk"),
        ("57014", "look at pg_stat_activity"),
        ("57P01", "wait until it answers"),
        ("XX001", "restore it from a backup"),
        ("22003", "no column takes that value"),
        ("40P01", "the database calls this 40P01"),
    ],
)
def test_what_the_server_refuses_is_explained(server: Postgres, code: str, advice: str) -> None:
    url = server.url()
    with closing(open_store(url)) as store:
        raising = f"BEGIN RAISE EXCEPTION 'as told' USING ERRCODE = '{code}'; END"
        database = make_url(url).database
        server.run(
            f"CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $${raising}$$", database
        )
        server.run("CREATE TRIGGER fail BEFORE INSERT ON facts EXECUTE FUNCTION fail()", database)
        with pytest.raises(StoreError, match=rf"cannot write to the store .*: as told; .*{advice}"):
            store.commit([fact(1)])
        server.run("DROP TRIGGER fail ON facts", database)
        store.commit([fact(2)])
        assert store.load().facts == {"value": 2}


def test_a_user_who_may_not_read_is_told_so(server: Postgres) -> None:
    url = make_url(server.url())
    open_store(url.render_as_string(hide_password=False)).close()
    server.run("CREATE ROLE guest LOGIN PASSWORD 'geheim'")
    with pytest.raises(StoreError, match=r"permission denied .*; make this user the owner"):
        open_store(url.set(username="guest").render_as_string(hide_password=False))


def test_a_commit_is_on_the_disk_although_the_database_says_it_need_not(server: Postgres) -> None:
    url = server.url()
    server.run(f"ALTER DATABASE {make_url(url).database} SET synchronous_commit = off")
    with closing(open_store(url)) as store, store._engine.connect() as connection:
        setting = connection.exec_driver_sql("SHOW synchronous_commit").scalar()
    assert setting == "on"


def test_a_server_that_waits_for_its_standbys_is_left_to_it(server: Postgres) -> None:
    url = server.url()
    server.run(f"ALTER DATABASE {make_url(url).database} SET synchronous_commit = remote_apply")
    with closing(open_store(url)) as store, store._engine.connect() as connection:
        setting = connection.exec_driver_sql("SHOW synchronous_commit").scalar()
    assert setting == "remote_apply"


def test_a_lock_of_somebody_else_ends_a_commit_and_not_the_writer(server: Postgres) -> None:
    url = server.url()
    with closing(open_store(url)) as store:
        with psycopg.connect(url) as other:
            other.execute("SET idle_in_transaction_session_timeout = '10s'")
            other.execute("LOCK TABLE facts")
            began = CLOCK.monotonic()
            with pytest.raises(StoreError, match=r"another session holds a lock: look at pg_stat"):
                store.commit([fact(1)])
            assert CLOCK.monotonic() - began < timedelta(seconds=3.9)
        store.commit([fact(2)])
        assert store.load().facts == {"value": 2}


def test_a_snapshot_is_one_moment(server: Postgres) -> None:
    """What another replica commits while we load is in all of the snapshot or in none."""
    url = server.url()
    memory = Memory("t", "shop", "under_attack", "example.com")
    with closing(open_store(url)) as store, closing(open_store(url)) as other:

        def interfere(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            if "FROM memories" in statement:
                intent = Intent("i", memory.target, "engage", None, NOW)
                other.commit([Changes(memories=[memory], intents=[intent])])

        event.listen(store._engine, "after_cursor_execute", interfere)
        snapshot = store.load()
        assert (snapshot.memories, snapshot.open_intents) == ([], [])
        assert store.load().memories == [memory]


def test_many_replicas_may_start_on_an_empty_database_at_once(server: Postgres) -> None:
    url = server.url()
    with ThreadPoolExecutor(5) as threads:
        stores = list(threads.map(open_store, [url] * 5))
    for number, store in enumerate(stores):
        store.commit([Changes(facts={str(number): number})])
    assert len(stores[0].load().facts) == 5
    for store in stores:
        store.close()


def everything(names: list[str], number: int) -> Changes:
    half = len(names) // 2
    status, start = AlertStatus.FIRING, NOW + timedelta(seconds=number)
    return Changes(
        memories=[Memory(one, "shop", "under_attack", one) for one in names[:half]],
        forgotten=names[half:],
        alerts=[HeardAlert(Alert(one, {}, status, start), NOW) for one in names],
        intents=[Intent(f"{one}{number}", one, "engage", None, NOW) for one in names],
        outcomes=[Outcome(f"{one}{number}", "confirmed", "", NOW) for one in names],
        entries=[AuditEntry(NOW, one, "shop", Kind.STATE) for one in names],
        facts=dict.fromkeys(names, number),
    )


def test_writers_on_the_same_rows_wait_for_each_other_and_never_deadlock(server: Postgres) -> None:
    url = server.url()

    def write(seed: int) -> None:
        random = Random(seed)
        with closing(open_store(url)) as store:
            for number in range(30):
                names = random.sample("abcdefghijkl", 12)
                store.commit([everything(names, number)])

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(write, range(4))) == [None] * 4


class Load:
    """A thread that commits numbers, each in three tables, whatever happens to the server."""

    def __init__(self, url: str) -> None:
        self.acknowledged: list[int] = []
        self.failures: list[str] = []
        self._url = url
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    @contextmanager
    def running(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._ended.set()
            self._thread.join()

    def _run(self) -> None:
        with closing(open_store(self._url)) as store:
            for number in count():
                if self._ended.is_set():
                    return
                changes = Changes(
                    entries=[AuditEntry(NOW, str(number), "", Kind.SERVICE)],
                    intents=[Intent(str(number), "t", "engage", None, NOW)],
                    facts={str(number): number},
                )
                try:
                    store.commit([changes])
                    self.acknowledged.append(number)
                except StoreError as error:
                    self.failures.append(str(error))
                    self._ended.wait(0.02)

    def until_acknowledged(self, more: int) -> None:
        """Wait until so many more commits have been acknowledged."""
        wanted = len(self.acknowledged) + more
        eventually(lambda: len(self.acknowledged) >= wanted)


def eventually(look: Callable[[], bool], limit: timedelta = timedelta(seconds=60)) -> None:
    end = CLOCK.monotonic() + limit
    while not look():
        assert CLOCK.monotonic() < end
        threading.Event().wait(0.005)


def test_a_killed_server_loses_nothing_acknowledged_and_the_store_heals(server: Postgres) -> None:
    url = server.url()
    load = Load(url)
    with load.running():
        for number in range(3):
            load.until_acknowledged(20 + number)
            failed = len(load.failures)
            server.kill()
            eventually(lambda failed=failed: len(load.failures) > failed)
            server.start()
        load.until_acknowledged(20)
    with closing(open_store(url)) as store:
        snapshot = store.load()
        entries = {int(one.target) for one in store.events(EventQuery(limit=1_000_000))}
    assert entries == set(snapshot.facts.values()) == {int(one.id) for one in snapshot.open_intents}
    assert entries >= set(load.acknowledged)
    assert {one.split(": ", 1)[0] for one in load.failures} == {
        f"cannot write to the store {make_url(url).render_as_string()}"
    }


def test_a_server_that_was_restarted_in_order_costs_no_commit(server: Postgres) -> None:
    with closing(open_store(server.url())) as store:
        store.commit([fact(1)])
        server.stop()
        server.start()
        store.commit([fact(2)])
        assert store.load().facts == {"value": 2}


async def test_a_server_that_hangs_holds_up_neither_the_loop_nor_for_long_its_callers(
    server: Postgres,
) -> None:
    writer = StoreWriter(open_store(server.url()), patience=timedelta(seconds=0.5))
    await writer.commit(fact(1))
    with server.paused():
        commits = [asyncio.create_task(writer.commit(fact(number))) for number in range(3)]
        waiting = asyncio.gather(*commits, return_exceptions=True)
        ticks = 0
        while not waiting.done():
            await asyncio.sleep(0.01)
            ticks += 1
        assert [type(one) for one in await waiting] == [StoreError] * 3
        assert "did not answer within 0.5 s" in writer.problem
        assert ticks > 20
    await writer.commit(fact("healed"))
    assert (await writer.load()).facts == {"value": "healed"}
    assert writer.problem == ""
    await writer.close()


def test_a_server_that_does_not_answer_a_new_connection_is_given_up(server: Postgres) -> None:
    url = server.url()
    with server.paused():
        began = CLOCK.monotonic()
        with pytest.raises(StoreError, match="timeout expired"):
            open_store(url)
        assert CLOCK.monotonic() - began < timedelta(seconds=3.9)
