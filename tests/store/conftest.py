"""Strategies for the values that are stored, and stores to put them in."""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import get_type_hints

import pytest
from hypothesis import strategies as st
from sqlalchemy import event, make_url

from responder.domain.alerts import Alert
from responder.domain.audit import AuditEntry, Decision
from responder.domain.hook import HookCall, Hooked
from responder.domain.memory import (
    Backoff,
    Engagement,
    Episode,
    Memory,
    Override,
    Reading,
    RememberedAlert,
    Write,
)
from responder.domain.peak import Peak
from responder.ports import HeardAlert, Intent, NotedOrder, Outcome, Store
from responder.store import open_store, sqlite
from responder.store.leases import FileLease
from responder.store.schema import prepare
from responder.store.sql import SqlStore
from responder.store.twin import MemoryStore

AT_ONCE = 3
"""Stores that a test may use at once; a server does not take any number of connections."""

MOMENTS = st.datetimes(timezones=st.just(UTC))
# PostgreSQL knows no NUL in a text, and neither database a whole number above eight bytes.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
BY_HINT = {
    str: TEXTS,
    str | None: st.none() | TEXTS,
    int: st.integers(0, 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    datetime: MOMENTS,
    datetime | None: st.none() | MOMENTS,
}

for kind in (
    *(Alert, AuditEntry, Backoff, Decision, Engagement, Episode, HeardAlert, HookCall),
    *(Hooked, Intent, Memory, NotedOrder, Outcome, Override, Peak, Reading, RememberedAlert, Write),
):
    # Left to itself, hypothesis would not vary a field that has a default.
    drawn = {name: BY_HINT.get(hint, ...) for name, hint in get_type_hints(kind).items()}
    st.register_type_strategy(kind, st.builds(kind, **drawn))


def memory_stores(_: pytest.FixtureRequest) -> Callable[[], Store]:
    return MemoryStore


def sqlite_stores(request: pytest.FixtureRequest) -> Callable[[], Store]:
    directory = request.getfixturevalue("tmp_path_factory").mktemp("stores")
    numbers = count()

    def fresh() -> Store:
        path = directory / f"{next(numbers)}.db"
        engine = sqlite.sqlite_engine(path)
        # Waiting for the disk proves nothing here; test_sqlite.py looks at the real setting.
        event.listen(
            engine, "connect", lambda one, _: one.execute("PRAGMA synchronous = OFF").close()
        )
        prepare(engine, "here")
        return SqlStore(engine, sqlite.UPSERTS, FileLease(path, "here"), "the store here")

    return fresh


def postgres_stores(request: pytest.FixtureRequest) -> Callable[[], Store]:
    server = request.getfixturevalue("postgres")
    prepared = server.url()
    open_store(prepared).close()
    return lambda: open_store(server.url(template=make_url(prepared).database))


STORES: dict[str, Callable[[pytest.FixtureRequest], Callable[[], Store]]] = {
    "memory": memory_stores,
    "sqlite": sqlite_stores,
    "postgres": postgres_stores,
}


@pytest.fixture(
    scope="module",
    params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.integration)],
)
def fresh_store(request: pytest.FixtureRequest) -> Iterator[Callable[[], Store]]:
    """Give an empty store at every call; all kinds must keep the same contract."""
    make = STORES[request.param](request)
    opened: deque[Store] = deque()

    def fresh() -> Store:
        if len(opened) == AT_ONCE:
            opened.popleft().close()
        opened.append(make())
        return opened[-1]

    yield fresh
    for store in opened:
        store.close()


@pytest.fixture
def store(fresh_store: Callable[[], Store]) -> Store:
    return fresh_store()
