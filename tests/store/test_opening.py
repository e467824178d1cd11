"""From a URL to a store, or to a message that says what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import responder
from responder.errors import StoreError
from responder.ports import Changes, Snapshot
from responder.store import open_store

ROOT = Path(responder.__file__).parents[1]


def run(program: str, *arguments: str) -> str:
    command = [sys.executable, "-c", program, *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_a_path_may_be_absolute(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/here.db").close()
    assert (tmp_path / "here.db").exists()


def test_a_path_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_store("sqlite:///here.db").close()
    assert (tmp_path / "here.db").exists()


def test_memory_is_there_while_the_process_is() -> None:
    store = open_store("memory://")
    store.commit([Changes(facts={"a": 1})])
    assert store.load() == Snapshot([], [], [], {"a": 1}, [])


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        pytest.param(
            "mysql://me:geheim@db/x",
            "unknown scheme 'mysql'.*use one of sqlite, postg",
            id="unknown scheme",
        ),
        pytest.param("responder.db", "store.url is no URL", id="no URL"),
        pytest.param(
            "postgresql://me:ge/heim@db:x/y", "must be percent-encoded", id="odd password"
        ),
        pytest.param("sqlite://", "names no SQLite file", id="no file"),
        pytest.param("sqlite:///:memory:", "memory:// to keep nothing", id="SQLite in memory"),
        pytest.param("sqlite:///a.db?mode=geheim", "names no SQLite file", id="options"),
        pytest.param("sqlite://home/a.db", "four slashes when that is absolute", id="two slashes"),
        pytest.param(
            "postgresql://me:geheim@127.0.0.1:1/x?password=geheim",
            r"the store postgresql://me:\*\*\*@127.0.0.1:1/x: .*refused; check that the server",
            id="no server",
        ),
    ],
)
def test_a_url_that_opens_nothing_is_explained_without_its_password(
    url: str, complaint: str
) -> None:
    with pytest.raises(StoreError, match=complaint) as caught:
        open_store(url)
    assert "heim" not in str(caught.value)


WITHOUT_PSYCOPG = """
import sys
from responder.errors import StoreError
from responder.store import open_store
open_store(f"sqlite:///{sys.argv[1]}").close()
open_store(f"sqlite:///{sys.argv[1]}").close()
unwanted = ("alembic", "psycopg", "sqlalchemy.orm", "sqlalchemy.dialects.postgresql")
print([name for name in unwanted if name in sys.modules])
sys.modules["psycopg"] = None
try:
    open_store("postgresql://127.0.0.1/x")
except StoreError as error:
    print(error)
"""


def test_sqlite_needs_nothing_of_the_others_and_postgresql_says_what_it_needs(
    tmp_path: Path,
) -> None:
    imported, complaint = run(WITHOUT_PSYCOPG, f"{tmp_path}/here.db").splitlines()
    assert imported == "[]"
    assert complaint.endswith("needs psycopg: pip install 'responder[postgres]'")
