"""Strategies for the values that are stored, and stores to put them in."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import get_type_hints

import pytest
from hypothesis import strategies as st
from sqlalchemy import event

from responder.domain.alerts import Alert
from responder.domain.audit import AuditEntry, Decision
from responder.domain.memory import (
    Backoff,
    Episode,
    Memory,
    Override,
    Reading,
    RememberedAlert,
    Write,
)
from responder.ports import HeardAlert, Intent, NotedOrder, Outcome, Store
from responder.store import sqlite
from responder.store.leases import FileLease
from responder.store.schema import prepare
from responder.store.sql import SqlStore
from responder.store.twin import MemoryStore

MOMENTS = st.datetimes(timezones=st.just(UTC))
# PostgreSQL knows no NUL in a text, and neither database a whole number above eight bytes.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
BY_HINT = {
    str: TEXTS,
    str | None: st.none() | TEXTS,
    int: st.integers(0, 2**63 - 1),
    datetime: MOMENTS,
    datetime | None: st.none() | MOMENTS,
}

for kind in (
    *(Alert, AuditEntry, Backoff, Decision, Episode, HeardAlert, Intent, Memory),
    *(NotedOrder, Outcome, Override, Reading, RememberedAlert, Write),
):
    # Left to itself, hypothesis would not vary a field that has a default.
    drawn = {name: BY_HINT.get(hint, ...) for name, hint in get_type_hints(kind).items()}
    st.register_type_strategy(kind, st.builds(kind, **drawn))


def sqlite_store(path: Path) -> Store:
    engine = sqlite.sqlite_engine(path)
    # Waiting for the disk proves nothing here; test_sqlite.py looks at the real setting.
    event.listen(engine, "connect", lambda one, _: one.execute("PRAGMA synchronous = OFF").close())
    prepare(engine, str(path))
    return SqlStore(engine, sqlite.UPSERTS, FileLease(path, "here"), f"the store {path}")


STORES: dict[str, Callable[[Path], Store]] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": sqlite_store,
}


@pytest.fixture(scope="module", params=STORES)
def fresh_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Store]]:
    """Give an empty store at every call; all kinds must keep the same contract."""
    directory = tmp_path_factory.mktemp("stores")
    numbers = count()
    with ExitStack() as opened:

        def fresh() -> Store:
            store = STORES[request.param](directory / f"{next(numbers)}.db")
            opened.callback(store.close)
            return store

        yield fresh


@pytest.fixture
def store(fresh_store: Callable[[], Store]) -> Store:
    return fresh_store()
