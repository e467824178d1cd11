"""Looking at a store leaves nothing in it, and finds what is wrong with it."""

import os
import sqlite3
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, make_url, text

from responder.errors import StoreError
from responder.store import open_store
from responder.store.probe import probe_store
from responder.store.tables import HEAD

pytestmark = pytest.mark.integration


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "responder.db"
    open_store(f"sqlite:///{path}").close()
    return path


def test_a_store_of_ours_is_told_with_its_engine_and_schema(file):
    probe = probe_store(f"sqlite:///{file}")

    assert probe.engine.startswith("SQLite 3.")
    assert (probe.schema, probe.expected) == (HEAD, HEAD)
    assert (probe.volatile, probe.lacking) == ((), ())


def test_looking_changes_nothing(file):
    before = file.read_bytes(), sorted(path.name for path in file.parent.iterdir())

    probe_store(f"sqlite:///{file}")

    assert (file.read_bytes(), sorted(path.name for path in file.parent.iterdir())) == before


def test_it_can_be_looked_at_while_it_is_open(file):
    store = open_store(f"sqlite:///{file}")
    try:
        assert probe_store(f"sqlite:///{file}").schema == HEAD
    finally:
        store.close()


def test_a_file_that_is_not_there_is_not_made(tmp_path):
    path = tmp_path / "responder.db"

    assert probe_store(f"sqlite:///{path}") is None
    assert not path.exists()


def test_a_file_that_is_no_database_is_told(tmp_path):
    path = tmp_path / "responder.db"
    path.write_text("not a database, and long enough to be seen as none " * 20)

    with pytest.raises(StoreError, match="restore it from a backup"):
        probe_store(f"sqlite:///{path}")


def test_a_store_that_another_process_holds_is_told(file):
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreError, match="another process holds the file"):
            probe_store(f"sqlite:///{file}", timedelta(milliseconds=10))
    finally:
        holder.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_cannot_be_written_to_is_told(file):
    file.chmod(0o400)

    with pytest.raises(StoreError, match="writable for the user"):
        probe_store(f"sqlite:///{file}")


def test_a_folder_in_the_place_of_a_file_is_told(tmp_path):
    with pytest.raises(StoreError, match="must be a file"):
        probe_store(f"sqlite:///{tmp_path}")


def executed(url, *statements):
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_a_server_tells_its_version_and_what_it_would_forget(postgres):
    url = postgres.url()
    empty = probe_store(url)
    open_store(url).close()
    ours = probe_store(url)

    assert empty.engine.startswith("PostgreSQL 15")
    assert (empty.schema, ours.schema) == (None, HEAD)
    assert ours.lacking == ()
    assert ours.volatile == ("fsync",)  # a server for tests need not survive its machine


def test_rights_that_are_missing_on_a_server_are_told(postgres):
    url = postgres.url()
    open_store(url).close()
    executed(
        url,
        "DROP ROLE IF EXISTS reader",
        "CREATE ROLE reader LOGIN",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
    )
    reader = make_url(url).set(username="reader").render_as_string(hide_password=False)

    probe = probe_store(reader)
    executed(url, "DROP OWNED BY reader", "DROP ROLE reader")

    assert "INSERT on events" in probe.lacking
    assert not any(one.startswith("SELECT") for one in probe.lacking)


def test_a_server_that_is_not_there_is_told_without_its_password():
    with pytest.raises(StoreError) as raised:
        probe_store("postgresql://responder:s3cret@127.0.0.1:1/responder")

    assert "check that the server answers" in str(raised.value)
    assert "s3cret" not in str(raised.value)
