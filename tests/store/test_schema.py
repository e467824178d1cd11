"""The schema's version: created, found, upgraded, downgraded or refused."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Engine, MetaData, Text, inspect, make_url, select, text

from responder.domain.alerts import Alert, AlertStatus
from responder.domain.audit import AuditEntry, Kind
from responder.domain.memory import Memory, State
from responder.errors import StoreError
from responder.ports import Changes, EventQuery, HeardAlert, Intent, Outcome
from responder.store import open_store
from responder.store.postgres import postgres_engine
from responder.store.rows import webhook_row
from responder.store.schema import prepare
from responder.store.sqlite import sqlite_engine
from responder.store.tables import HEAD, metadata
from responder.store.upgrade import bring_to, migrations, revisions

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
VERSION = "alembic_version"
OF_SQLITE = "SELECT name, replace(sql, '\"', '') FROM sqlite_master WHERE sql IS NOT NULL"
OF_POSTGRES = """
SELECT table_name || '.' || column_name, data_type || is_nullable || coalesce(column_default, '')
FROM information_schema.columns WHERE table_schema = 'public'
UNION SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace
"""
older = pytest.mark.parametrize("older", revisions()[:-1])
"""Every version but the newest: whoever adds one has the way back to all of them tested."""


@pytest.fixture(params=["sqlite", "postgres"])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Give the URL of an empty database at every call."""
    if request.param == "postgres":
        return request.getfixturevalue("postgres").url
    numbers = count()
    return lambda: f"sqlite:///{tmp_path}/{next(numbers)}.db"


@pytest.fixture
def fresh(fresh_url: Callable[[], str]) -> Iterator[Callable[[], Engine]]:
    """Give an empty database at every call."""
    with ExitStack() as opened:

        def fresh() -> Engine:
            engine = engine_of(fresh_url())
            opened.callback(engine.dispose)
            return engine

        yield fresh


@pytest.fixture
def engine(fresh: Callable[[], Engine]) -> Engine:
    return fresh()


def engine_of(url: str) -> Engine:
    parsed = make_url(url)
    return (
        sqlite_engine(Path(parsed.database or ""))
        if parsed.drivername == "sqlite"
        else postgres_engine(parsed)
    )


def schema(engine: Engine) -> set[tuple[str, str]]:
    """Return the columns, keys and indexes of all tables, in the database's own words."""
    question = OF_SQLITE if engine.dialect.name == "sqlite" else OF_POSTGRES
    with engine.connect() as connection:
        rows = connection.execute(text(question)).all()
    return {(name, " ".join(told.split())) for name, told in rows}


def migrate(engine: Engine, revision: str | None = None) -> None:
    with engine.begin() as connection:
        bring_to(connection, revision, "here")


def made_at(engine: Engine, revision: str) -> Engine:
    """Make a database as the program of that version did."""
    with engine.begin() as connection:
        command.upgrade(migrations(connection), revision)
    return engine


def fill(engine: Engine) -> None:
    """Put two rows into every table there is, with something in every column."""
    with engine.begin() as connection:
        for table in tables(connection):
            for number in (1, 2):
                row = {column.name: value_of(column, number) for column in table.columns}
                connection.execute(table.insert().values(row))


def value_of(column: Column[Any], number: int) -> object:
    """Return what may stand there: a migration reads some of it."""
    if column.name == "alerts":
        alert = Alert(f"f{number}", {"site": "shop"}, AlertStatus.FIRING, NOW, NOW)
        return webhook_row([HeardAlert(alert, NOW)], number, "here")["alerts"]
    if column.name in {"labels", "annotations"}:
        return json.dumps({"site": f"shop{number}"})
    if column.name == "status":
        return ("firing", "resolved")[number - 1]
    if column.name == "size":
        return 1
    return f"{column.name}{number}" if isinstance(column.type, Text) else 10**15 + number


def tables(connection: Connection) -> list:
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.tables.values() if table.name != VERSION]


def contents(engine: Engine) -> dict[tuple[str, str], list[object]]:
    """Return what every column holds."""
    with engine.connect() as connection:
        return {
            (table.name, column.name): sorted(connection.scalars(select(column)), key=str)
            for table in tables(connection)
            for column in table.columns
        }


def test_a_created_schema_is_the_migrated_one(fresh: Callable[[], Engine]) -> None:
    created, migrated = fresh(), fresh()
    prepare(created, "here")
    assert schema(made_at(migrated, HEAD)) == schema(created)


def test_the_migrations_lead_to_the_tables_as_declared(engine: Engine) -> None:
    with made_at(engine, HEAD).connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    elsewhere = [] if engine.dialect.name == "postgresql" else ["ix_webhooks_seq"]
    assert [(one[0], one[1].name) for one in found] == [("add_index", one) for one in elsewhere]


def test_the_stamp_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(migrations()).get_heads() == [HEAD] == revisions()[-1:]


@older
def test_an_upgrade_keeps_everything(fresh: Callable[[], Engine], older: str) -> None:
    engine, newest = made_at(fresh(), older), fresh()
    fill(engine)
    before = contents(engine)
    prepare(engine, "here")
    prepare(newest, "here")
    after = contents(engine)
    assert {place: after.get(place) for place in before if place[0] != "alerts"} == {
        place: held for place, held in before.items() if place[0] != "alerts"
    }
    assert schema(engine) == schema(newest)
    migrate(engine, older)  # where alerts have a table of their own again
    assert contents(engine) == before


@older
def test_what_an_older_schema_can_hold_survives_the_way_down_and_up(
    fresh: Callable[[], Engine], older: str
) -> None:
    engine, created = fresh(), fresh()
    prepare(engine, "here")
    prepare(created, "here")
    fill(engine)
    before = contents(engine)
    migrate(engine, older)
    held = {place: one for place, one in contents(engine).items() if place[0] != "alerts"}
    assert held == {place: before[place] for place in held}
    assert schema(engine) == schema(made_at(fresh(), older))
    migrate(engine)
    after = contents(engine)
    assert {place: after[place] for place in held} == held
    assert schema(engine) == schema(created)


def test_what_was_packed_is_plain_again_for_an_older_program(
    fresh_url: Callable[[], str],
) -> None:
    url = fresh_url()
    store = open_store(url)
    flood = [told(f"f{number:03}", AlertStatus.FIRING) for number in range(100)]
    for _ in range(3):
        store.commit([Changes(alerts=flood), Changes(alerts=[told("alone")])])
    store.close()
    engine = engine_of(url)
    assert [one.startswith("z:") for one in stored_alerts(engine)] == 3 * [True, False]
    migrate(engine, "0003")
    names = [[one["fingerprint"] for one in json.loads(text)] for text in stored_alerts(engine)]
    assert names == 3 * [[one.alert.fingerprint for one in flood], ["alone"]]
    engine.dispose()


@older
def test_a_store_goes_on_after_the_way_down_and_up(
    fresh_url: Callable[[], str], older: str
) -> None:
    url = fresh_url()
    store = open_store(url)
    store.commit([CHANGES])
    store.commit([Changes(alerts=[told("f2", AlertStatus.FIRING)])])
    store.commit([Changes(alerts=[told("f2", AlertStatus.RESOLVED), told("f3")])])
    store.commit([Changes(alerts=[told("f2", AlertStatus.FIRING)])])
    before, entries = store.load(), store.events(EventQuery())
    store.close()
    engine = engine_of(url)
    migrate(engine, older)
    migrate(engine)
    engine.dispose()
    store = open_store(url)
    after = store.load()
    assert (after.memories, after.alerts) == (before.memories, before.alerts)
    assert (after.open_intents, after.facts) == (before.open_intents, before.facts)
    assert store.events(EventQuery()) == entries
    store.commit([CHANGES])
    assert [one.id for one in store.events(EventQuery())] == [4, 3, 2, 1]
    assert store.load().alerts[0].seq > before.alerts[0].seq
    assert {one.alert.fingerprint: one.alert.status for one in before.alerts} == {
        "f1": AlertStatus.FIRING,
        "f2": AlertStatus.RESOLVED,
        "f3": AlertStatus.FIRING,
    }
    store.close()


def stored_alerts(engine: Engine) -> list[str]:
    """Return what the journal holds, the oldest first."""
    with engine.connect() as connection:
        return list(connection.scalars(text("SELECT alerts FROM webhooks ORDER BY id")))


def told(fingerprint: str, status: AlertStatus = AlertStatus.FIRING) -> HeardAlert:
    return HeardAlert(Alert(fingerprint, {"site": "shop"}, status, NOW), NOW)


CHANGES = Changes(
    memories=[Memory("t", "shop", "under_attack", "example.com", state=State.ENGAGED)],
    alerts=[told("f1")],
    intents=[Intent("i1", "t", "engage", None, NOW), Intent("i2", "t", "release", "high", NOW)],
    outcomes=[Outcome("i2", "confirmed", "", NOW)],
    entries=[AuditEntry(NOW, "t", "shop", Kind.STATE), AuditEntry(NOW, "t", "shop", Kind.OUTCOME)],
    facts={"n1": {"nested": [1]}},
)


def test_a_downgrade_to_base_leaves_nothing_and_can_be_started_from(engine: Engine) -> None:
    prepare(engine, "here")
    with engine.begin() as connection:
        command.downgrade(migrations(connection), "base")
    assert inspect(engine).get_table_names() == [VERSION]
    prepare(engine, "here")
    assert set(metadata.tables) < set(inspect(engine).get_table_names())


def cut_short(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        bring_to(connection, revision, "here")
        raise InterruptedError


@older
def test_a_migration_that_is_cut_short_leaves_everything_as_it_was(
    engine: Engine, older: str
) -> None:
    fill(made_at(engine, older))
    there = schema(engine), contents(engine)
    with pytest.raises(InterruptedError):
        cut_short(engine, HEAD)
    assert (schema(engine), contents(engine)) == there
    migrate(engine)
    there = schema(engine), contents(engine)
    with pytest.raises(InterruptedError):
        cut_short(engine, older)
    assert (schema(engine), contents(engine)) == there


@pytest.mark.parametrize("unknown", ["base", "9999", "head", "-1"])
def test_a_version_that_there_is_not_is_refused(engine: Engine, unknown: str) -> None:
    prepare(engine, "here")
    before = schema(engine)
    with pytest.raises(StoreError, match=rf"migrate here to '{unknown}': this program knows 0001"):
        migrate(engine, unknown)
    assert schema(engine) == before


def test_a_database_without_a_schema_is_not_given_one_by_a_migration(engine: Engine) -> None:
    with pytest.raises(StoreError, match="cannot migrate here: it has no schema yet"):
        migrate(engine, "0001")


def test_a_schema_of_a_newer_version_is_refused(fresh_url: Callable[[], str]) -> None:
    url = fresh_url()
    open_store(url).close()
    engine = engine_of(url)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION} SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"cannot open the store .*: .*9999.*newer version"):
        open_store(url)
    with pytest.raises(StoreError, match="cannot migrate here: its schema 9999 is of a newer"):
        migrate(engine, "0001")
    engine.dispose()


def test_tables_of_somebody_else_are_left_alone(fresh_url: Callable[[], str]) -> None:
    url = fresh_url()
    engine = engine_of(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE events (mine TEXT)"))
        connection.execute(text("CREATE TABLE other (mine TEXT)"))
    before = schema(engine)
    with pytest.raises(StoreError, match=r"without a schema version: events; give this service"):
        open_store(url)
    assert schema(engine) == before
    engine.dispose()
