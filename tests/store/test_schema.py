"""The schema's version: created, found, upgraded or refused."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from responder.errors import StoreError
from responder.store import open_store
from responder.store.schema import prepare
from responder.store.sqlite import sqlite_engine
from responder.store.tables import HEAD, metadata
from responder.store.upgrade import migrations, upgrade


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "responder.db"


@pytest.fixture
def engine(path: Path) -> Iterator[Engine]:
    engine = sqlite_engine(path)
    yield engine
    engine.dispose()


def run(path: Path, *statements: str) -> None:
    """Change the file past the store."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def schema(path: Path) -> set[tuple[str, str]]:
    """Return the columns, keys and indexes of all tables, in SQLite's own words."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {(name, " ".join(sql.replace('"', "").split())) for name, sql in rows}


def test_a_created_schema_is_the_migrated_one(engine: Engine, path: Path, tmp_path: Path) -> None:
    with engine.begin() as connection:
        upgrade(connection, "here")
    created = tmp_path / "created.db"
    open_store(f"sqlite:///{created}").close()
    assert schema(path) == schema(created)


def test_the_migrations_lead_to_the_tables_as_declared(engine: Engine) -> None:
    with engine.begin() as connection:
        upgrade(connection, "here")
        found = compare_metadata(MigrationContext.configure(connection), metadata)
        assert [one[1].name for one in found if one[0] == "add_index"] == ["ix_alerts_seq"]
        assert len(found) == 1  # that index is for PostgreSQL alone


def test_the_stamp_is_the_newest_migration(engine: Engine) -> None:
    with engine.connect() as connection:
        assert ScriptDirectory.from_config(migrations(connection)).get_heads() == [HEAD]


def test_a_downgrade_to_base_leaves_nothing_and_can_be_started_from(engine: Engine) -> None:
    prepare(engine, "here")
    with engine.begin() as connection:
        command.downgrade(migrations(connection), "base")
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    prepare(engine, "here")
    with engine.connect() as connection:
        assert set(metadata.tables) < set(inspect(connection).get_table_names())


def cut_short(engine: Engine) -> None:
    with engine.begin() as connection:
        upgrade(connection, "here")
        raise InterruptedError


def test_an_upgrade_that_is_cut_short_leaves_nothing(engine: Engine) -> None:
    with pytest.raises(InterruptedError):
        cut_short(engine)
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == []


def test_a_schema_of_a_newer_version_is_refused(path: Path) -> None:
    open_store(f"sqlite:///{path}").close()
    run(path, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match=rf"cannot open the store {path}: .*9999.*newer version"):
        open_store(f"sqlite:///{path}")


def test_tables_of_somebody_else_are_left_alone(path: Path) -> None:
    run(path, "CREATE TABLE events (mine TEXT)", "CREATE TABLE other (mine TEXT)")
    before = schema(path)
    with pytest.raises(StoreError, match=r"without a schema version: events; give this service"):
        open_store(f"sqlite:///{path}")
    assert schema(path) == before
