"""What replicas agree on: the same on a server and in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from support.alertmanager import CLOCK

from responder.demo.wait import wait_for
from responder.domain.alerts import Alert, AlertStatus, HeardAlert
from responder.domain.memory import Memory
from responder.errors import FencedError
from responder.ports import Changes, NotedOrder, SharedStore
from responder.store import open_store
from responder.store.twin import MemoryStore

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
LONG, SHORT = timedelta(minutes=1), timedelta(milliseconds=200)
MEMORY = Memory("under_attack:example.com", "shop", "under_attack", "example.com")


@dataclass
class Pair:
    first: SharedStore
    second: SharedStore
    passed: timedelta = timedelta(0)

    def later(self, passed: timedelta) -> None:
        """Let time pass: on a server it does so by itself."""
        self.passed += passed


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.integration)])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    if request.param == "memory":
        first = MemoryStore("first", clock=lambda: pair.passed)
        second = MemoryStore("second", beside=first, clock=lambda: pair.passed)
    else:
        url = request.getfixturevalue("postgres").url()
        first, second = open_store(url), open_store(url)
    pair = Pair(first, second)
    yield pair
    first.close()
    second.close()


def until_mine(pair: Pair, store: SharedStore) -> int:
    """Claim until it is granted; return the token."""

    def claimed() -> int:
        pair.later(SHORT)
        claim = store.claim(LONG)
        return claim.token if claim.mine else 0

    return wait_for("the lease", claimed, timedelta(seconds=20), CLOCK)


def heard(fingerprint: str) -> Changes:
    alert = Alert(fingerprint, {"site": "shop"}, AlertStatus.FIRING, NOW)
    return Changes(alerts=[HeardAlert(alert, NOW)])


def test_one_holds_the_lease_and_the_other_learns_who(pair: Pair) -> None:
    mine = pair.first.claim(LONG)
    theirs = pair.second.claim(LONG)
    assert (mine.mine, theirs.mine) == (True, False)
    assert (theirs.holder, theirs.token) == (mine.holder, mine.token)


def test_renewing_keeps_the_token(pair: Pair) -> None:
    assert pair.first.claim(LONG).token == pair.first.claim(LONG).token


def test_a_lease_that_is_over_goes_to_the_next_with_a_higher_token(pair: Pair) -> None:
    before = pair.first.claim(SHORT)
    assert until_mine(pair, pair.second) > before.token
    assert not pair.first.claim(LONG).mine


def test_a_lease_that_is_given_up_is_free_at_once(pair: Pair) -> None:
    pair.first.claim(LONG)
    pair.second.give_up()
    assert not pair.second.claim(LONG).mine
    pair.first.give_up()
    pair.later(SHORT)
    assert pair.second.claim(LONG).mine


def test_what_an_old_holder_writes_is_refused_whole(pair: Pair) -> None:
    old = pair.first.claim(SHORT).token
    pair.first.commit([Changes(facts={"a": 1}, fence=old)])
    new = until_mine(pair, pair.second)
    fenced = Changes(memories=[MEMORY], facts={"a": 2}, fence=old)
    with pytest.raises(FencedError, match="another replica"):
        pair.first.commit([heard("f1"), fenced])
    stored = pair.second.load()
    assert (stored.memories, stored.alerts, stored.facts) == ([], [], {"a": 1})
    pair.second.commit([Changes(facts={"a": 3}, fence=new)])
    assert pair.second.load().facts == {"a": 3}


def test_nobody_takes_the_lease_between_the_check_and_the_commit(pair: Pair) -> None:
    token = pair.first.claim(LONG).token
    for number in range(20):
        pair.first.commit([Changes(facts={"n": number}, fence=token)])
        assert not pair.second.claim(LONG).mine


def test_any_replica_may_write_what_it_hears(pair: Pair) -> None:
    pair.first.claim(LONG)
    pair.second.commit([heard("f1")])
    assert [one.alert.fingerprint for one in pair.first.load().alerts] == ["f1"]


def test_news_are_what_others_have_heard_since(pair: Pair) -> None:
    pair.first.commit([heard("mine")])
    before = pair.second.commit([heard("old")])
    pair.second.commit([heard("new")])
    news = pair.first.news(before)
    assert [one.alert.fingerprint for one in news.alerts] == ["new"]
    assert pair.first.news(news.alerts[0].seq).alerts == []


def test_news_hold_the_orders_that_nobody_has_followed(pair: Pair) -> None:
    order = NotedOrder("o1", MEMORY.target, None, "operator:ann", NOW)
    pair.second.commit([Changes(orders=[order])])
    assert pair.first.news(0).orders == [order]
    pair.first.commit([Changes(followed=["o1"])])
    assert pair.first.news(0).orders == []
