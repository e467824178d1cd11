"""One thread, shared transactions, and callers that never wait for long."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import event

from responder.domain.alerts import Alert, AlertStatus, HeardAlert
from responder.domain.audit import AuditEntry, Kind
from responder.errors import StoreError
from responder.ports import Changes, EventQuery, Snapshot
from responder.store import StoreWriter, open_store, sqlite
from responder.store.leases import FileLease
from responder.store.schema import prepare
from responder.store.sql import SqlStore
from responder.store.twin import MemoryStore

NOW = datetime(2026, 11, 20, tzinfo=UTC)
POISON = Changes(facts={"poison": object()})


def fact(number: int) -> Changes:
    return Changes(facts={str(number): number})


class Gated(MemoryStore):
    """A store that answers only while its gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Event()
        self.entered = Event()

    def commit(self, batch: Sequence[Changes]) -> None:
        self.entered.set()
        self.gate.wait()
        super().commit(batch)


class Counted(MemoryStore):
    """A store that notes how large its transactions are, and in which order they come."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []
        self.log: list[str] = []

    def commit(self, batch: Sequence[Changes]) -> int:
        self.sizes.append(len(batch))
        self.log.append("committed")
        return super().commit(batch)

    def prune(self, before: datetime) -> Iterator[int]:
        del before
        for _ in range(3):
            self.log.append("pruned")
            yield 1


@pytest.fixture
def gated() -> Gated:
    return Gated()


@pytest.fixture
async def stuck(gated: Gated) -> AsyncIterator[StoreWriter]:
    """A writer with little patience, before a gate that is closed."""
    writer = StoreWriter(gated, patience=timedelta(milliseconds=50), capacity=3)
    yield writer
    gated.gate.set()
    await writer.close()


async def begun(writer: StoreWriter, gated: Gated, changes: Changes) -> asyncio.Task[None]:
    """Start a commit and wait until it has reached the store."""
    task = asyncio.create_task(writer.commit(changes))
    await asyncio.to_thread(gated.entered.wait)
    return task


@pytest.fixture
async def writer() -> AsyncIterator[StoreWriter]:
    writer = StoreWriter(MemoryStore())
    yield writer
    await writer.close()


async def test_a_commit_is_readable_when_it_returns(writer: StoreWriter) -> None:
    await writer.commit(Changes(entries=[AuditEntry(NOW, "t", "", Kind.STATE)], facts={"a": 1}))
    assert await writer.load() == Snapshot([], [], [], {"a": 1}, [])
    assert [one.target for one in await writer.events(EventQuery())] == ["t"]
    assert await writer.prune(NOW + timedelta(hours=1)) == 1


@pytest.mark.long
async def test_many_callers_share_few_transactions(tmp_path: Path) -> None:
    engine = sqlite.sqlite_engine(tmp_path / "responder.db")
    prepare(engine, "here")
    commits: list[object] = []
    event.listen(engine, "commit", commits.append)
    writer = StoreWriter(SqlStore(engine, sqlite.UPSERTS, FileLease(tmp_path, "here"), "here"))
    await asyncio.gather(*(writer.commit(fact(number)) for number in range(1200)))
    assert len((await writer.load()).facts) == 1200
    assert len(commits) == 2  # of 1000 at most
    await writer.close()


async def test_a_transaction_is_no_longer_for_many_alerts_at_once() -> None:
    store = Counted()
    writer = StoreWriter(store)
    told = Changes(alerts=[HeardAlert(Alert("f", {}, AlertStatus.FIRING, NOW), NOW)] * 400)
    await asyncio.gather(*(writer.commit(told) for _ in range(8)))
    assert store.sizes == [3, 3, 2]
    await writer.close()


async def test_whoever_waits_has_the_store_between_two_steps_of_pruning() -> None:
    store = Counted()
    writer = StoreWriter(store)
    deleted, _ = await asyncio.gather(writer.prune(NOW), writer.commit(fact(1)))
    assert (deleted, store.log) == (3, ["pruned", "committed", "pruned", "pruned"])
    await writer.close()


async def test_one_poisoned_change_fails_nobody_else(writer: StoreWriter) -> None:
    changes = [*map(fact, range(20)), POISON, *map(fact, range(20, 40))]
    results = await asyncio.gather(*map(writer.commit, changes), return_exceptions=True)
    assert [isinstance(one, StoreError) for one in results] == [one is POISON for one in changes]
    assert len((await writer.load()).facts) == 40


async def test_the_last_failure_is_told_until_something_works(writer: StoreWriter) -> None:
    assert writer.problem == ""
    with pytest.raises(StoreError) as caught:
        await writer.commit(POISON)
    assert writer.problem == str(caught.value)
    await writer.commit(fact(1))
    assert writer.problem == ""


async def test_a_full_queue_refuses_at_once(stuck: StoreWriter, gated: Gated) -> None:
    first = await begun(stuck, gated, fact(0))
    waiting = [asyncio.create_task(stuck.commit(fact(number))) for number in (1, 2, 3)]
    await asyncio.sleep(0)  # lets them queue
    with pytest.raises(StoreError, match="3 commits are waiting for the store"):
        await stuck.commit(fact(4))
    gated.gate.set()
    await asyncio.gather(first, *waiting)
    assert gated.load().facts == {str(number): number for number in range(4)}


async def test_a_store_that_does_not_answer_is_given_up(stuck: StoreWriter, gated: Gated) -> None:
    with pytest.raises(StoreError, match=r"did not answer within 0\.05 s"):
        await stuck.commit(fact(1))
    assert "did not answer" in stuck.problem
    with pytest.raises(StoreError, match="did not answer"):
        await stuck.events(EventQuery())
    gated.gate.set()
    await stuck.commit(fact(2))
    assert stuck.problem == ""


async def test_a_commit_that_was_given_up_lands_only_when_it_had_begun(
    stuck: StoreWriter, gated: Gated
) -> None:
    first = await begun(stuck, gated, fact(1))
    results = await asyncio.gather(first, stuck.commit(fact(2)), return_exceptions=True)
    assert [type(one) for one in results] == [StoreError, StoreError]
    gated.gate.set()
    await stuck.commit(fact(3))
    assert gated.load().facts == {"1": 1, "3": 3}


async def test_commits_that_nobody_waits_for_any_more_are_not_begun(
    stuck: StoreWriter, gated: Gated
) -> None:
    first = await begun(stuck, gated, fact(1))
    await asyncio.gather(first, stuck.commit(fact(2)), return_exceptions=True)
    gated.gate.set()
    await stuck.close()
    assert gated.load().facts == {"1": 1}


async def test_a_caller_that_is_cancelled_has_its_changes_committed(
    stuck: StoreWriter, gated: Gated
) -> None:
    first = await begun(stuck, gated, fact(1))
    second = asyncio.create_task(stuck.commit(fact(2)))
    await asyncio.sleep(0)  # lets it queue
    second.cancel()
    gated.gate.set()
    await first
    await stuck.close()
    assert gated.load().facts == {"1": 1, "2": 2}


async def test_closing_commits_what_waits_and_refuses_what_comes(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/responder.db"
    writer = StoreWriter(open_store(url))
    waiting = [asyncio.create_task(writer.commit(fact(number))) for number in range(10)]
    await asyncio.sleep(0)  # lets them queue
    await writer.close()
    await writer.close()
    await asyncio.gather(*waiting)
    with pytest.raises(StoreError, match="the store is closed"):
        await writer.commit(fact(11))
    with pytest.raises(StoreError, match="the store is closed"):
        await writer.load()
    again = open_store(url)
    assert len(again.load().facts) == 10
    again.close()


async def test_closing_does_not_wait_for_a_store_that_hangs(gated: Gated) -> None:
    writer = StoreWriter(gated, patience=timedelta(milliseconds=20))
    first = await begun(writer, gated, fact(1))
    with pytest.raises(StoreError, match="did not answer"):
        await writer.close()
    with pytest.raises(StoreError):
        await first
    gated.gate.set()


async def test_what_is_given_up_is_not_kept_in_the_queue(stuck: StoreWriter) -> None:
    changes = Changes(facts={"large": "x" * 1000})
    with pytest.raises(StoreError):
        await stuck.commit(changes)
    with pytest.raises(StoreError):
        await stuck.commit(changes)
    assert [one.changes for one in stuck._queue] == [Changes()]
