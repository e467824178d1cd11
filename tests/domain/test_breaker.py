from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.domain.breaker import TRANSITIONS, Breaker, Circuit, Event, Failure
from responder.domain.budget import CAPACITY, Budget
from responder.domain.clock import Moment
from responder.domain.credential import Credential

STEPS = st.lists(
    st.tuples(st.sampled_from([None, *Failure]), st.integers(0, 90)), min_size=1, max_size=60
)


def seconds(count):
    return timedelta(seconds=count)


def at(count):
    return Moment(datetime(2026, 11, 20, tzinfo=UTC), seconds(count))


def test_every_state_meets_every_event():
    assert set(TRANSITIONS) == set(product(Circuit, Event))


@given(STEPS)
def test_only_listed_transitions_are_taken_and_every_pause_ends(steps):
    breaker, elapsed = Breaker(), timedelta(0)
    for failure, wait in steps:
        elapsed += seconds(wait)
        before = breaker.at(elapsed)
        assert (breaker.circuit, before.circuit) in {
            (state, TRANSITIONS[state, Event.PAUSE_OVER]) for state in Circuit
        } | {(state, state) for state in Circuit}
        breaker = before.succeeded() if failure is None else before.failed(failure, elapsed)
        reached = {TRANSITIONS[before.circuit, event] for event in Event} | {before.circuit}
        assert breaker.circuit in reached
        if breaker.circuit is Circuit.OPEN:
            assert breaker.at(breaker.open_until).circuit is Circuit.HALF_OPEN
            assert breaker.open_until - elapsed <= seconds(60)


def test_three_failures_in_a_row_open_it_and_the_pause_doubles_to_a_minute():
    breaker, elapsed, pauses = Breaker(), timedelta(0), []
    for _ in range(3):
        assert breaker.circuit is Circuit.CLOSED
        breaker = breaker.failed(Failure.TIMEOUT, elapsed)
    for _ in range(6):
        pauses.append((breaker.open_until - elapsed).total_seconds())
        elapsed = breaker.open_until
        breaker = breaker.at(elapsed).failed(Failure.TIMEOUT, elapsed)
    assert pauses == [5, 10, 20, 40, 60, 60]


def test_a_success_between_failures_starts_the_count_anew():
    breaker = Breaker()
    for _ in range(5):
        breaker = breaker.failed(Failure.SERVER_ERROR, seconds(0)).succeeded()
    assert breaker == Breaker()


def test_a_bad_credential_opens_it_at_once():
    assert Breaker().failed(Failure.UNAUTHORIZED, seconds(0)).circuit is Circuit.OPEN


@pytest.mark.parametrize(
    ("retry_after", "pause"), [(None, 60), (seconds(300), 300), (seconds(1), 5)]
)
def test_the_accounts_rate_limit_opens_it_for_as_long_as_asked(retry_after, pause):
    breaker = Breaker().failed(Failure.RATE_LIMITED, seconds(10), retry_after)
    assert breaker.open_until == seconds(10 + pause)


def test_a_longer_wait_is_not_cut_short_by_a_later_failure():
    breaker = Breaker().failed(Failure.RATE_LIMITED, seconds(0), seconds(300))
    assert breaker.failed(Failure.UNAUTHORIZED, seconds(1)).open_until == seconds(300)
    assert breaker.failed(Failure.TIMEOUT, seconds(1)) == breaker
    assert breaker.succeeded() == breaker


def test_a_refusal_shows_that_the_api_works_and_nonsense_shows_nothing():
    failing = Breaker().failed(Failure.TIMEOUT, seconds(0))
    assert failing.failed(Failure.REFUSED, seconds(0)) == Breaker()
    assert failing.failed(Failure.MALFORMED, seconds(0)) == failing
    half = Breaker(Circuit.HALF_OPEN, 3, seconds(5), seconds(0))
    assert half.failed(Failure.REFUSED, seconds(9)).circuit is Circuit.CLOSED
    assert half.failed(Failure.MALFORMED, seconds(9)).circuit is Circuit.OPEN


def test_reads_and_writes_are_counted_apart_but_the_rate_limit_stops_both():
    now = Moment(datetime(2026, 11, 20, tzinfo=UTC))
    credential = Credential()
    for _ in range(3):
        credential = credential.after_call(now, writing=True, failure=Failure.SERVER_ERROR)
    assert (credential.writes.circuit, credential.reads.circuit) == (Circuit.OPEN, Circuit.CLOSED)
    credential = credential.after_call(now, writing=False)
    assert credential.writes.circuit is Circuit.OPEN
    for writing in (True, False):
        limited = Credential().after_call(now, writing=writing, failure=Failure.RATE_LIMITED)
        assert {limited.reads.circuit, limited.writes.circuit} == {Circuit.OPEN}


@pytest.mark.parametrize("writing", [False, True], ids=["read", "write"])
def test_when_a_probe_works_the_other_kind_may_try_at_once(writing):
    now = at(100)
    half = Breaker(Circuit.OPEN, 3, seconds(10), seconds(100))
    other = Breaker(Circuit.OPEN, 3, seconds(20), seconds(115))
    down = Credential(other, half) if writing else Credential(half, other)

    back = down.after_call(now, writing=writing).at(now)

    waiting, working = (back.reads, back.writes) if writing else (back.writes, back.reads)
    assert (working.circuit, waiting.circuit) == (Circuit.CLOSED, Circuit.HALF_OPEN)
    failed_again = waiting.failed(Failure.SERVER_ERROR, now.elapsed)
    assert failed_again.open_until == seconds(140)


def test_a_call_that_works_while_its_circuit_is_closed_hastens_nothing():
    other = Breaker(Circuit.OPEN, 3, seconds(20), seconds(115))

    assert Credential(writes=other).after_call(at(100), writing=False).writes == other


def test_a_rate_limit_is_not_cut_short_by_a_probe():
    limited = Credential().after_call(at(0), writing=True, failure=Failure.RATE_LIMITED)

    answered_late = limited.after_call(at(1), writing=False)  # what was sent before the limit

    assert (answered_late.reads, answered_late.writes) == (limited.reads, limited.writes)


def test_a_changed_secret_lets_what_waits_try_at_once():
    refused = Credential()
    for writing in (True, False):
        refused = refused.after_call(at(0), writing=writing, failure=Failure.UNAUTHORIZED)

    renewed = refused.renewed(at(1)).at(at(1))

    assert {renewed.reads.circuit, renewed.writes.circuit} == {Circuit.HALF_OPEN}
    assert Credential().renewed(at(1)) == Credential()


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 300)), max_size=80))
def test_the_budget_never_allows_more_than_1200_requests_in_five_minutes(steps):
    budget, elapsed = Budget(), timedelta(0)
    made: list[tuple[timedelta, int]] = []
    for wait, asked in steps:
        elapsed += seconds(wait)
        budget = budget.at(elapsed)
        allowed = min(asked, int(budget.tokens))
        budget = budget.spent(allowed)
        made.append((elapsed, allowed))
        window = sum(count for at, count in made if elapsed - at < seconds(300))
        assert window <= 1200


def test_the_budget_says_how_long_to_wait():
    budget = Budget().spent(600)
    assert budget.wait_for(100) == seconds(50)
    assert budget.at(seconds(50)).wait_for(100) == seconds(0)
    assert budget.at(seconds(9999)).tokens == CAPACITY
