"""The responder is killed"""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from random import Random

import pytest
from support.crashes import (
    ON,
    Truth,
    Victim,
    alert_labels,
    assert_every_write_was_needed,
    assert_nothing_lost,
    running_around,
    slow_down,
    speed_up,
    victim_of,
)
from support.services import add_fault, clear_fault
from support.stack import edited, until
from support.together import Story, Together

from responder.demo.stack import Stack

pytestmark = pytest.mark.e2e

SEED = int(os.environ.get("CRASHES_SEED", "1"))
"""Of the choices; the same ones meet other moments each time."""

VICTIMS = 2
LIVES = 25
"""Of each victim: fifty together."""
SITES = 4
ATTACKS = 8
"""Of a site at most: from the third on, the calm needed doubles each time."""


MOMENTS = 30
"""Sites for the tests that kill at a certain moment."""
PATIENCE = timedelta(seconds=10)
"""Of the responder with Cloudflare in those tests: they must be able to kill before it ends."""
LONG = 3600
NOBODY = "http://127.0.0.1:9"


@pytest.mark.parametrize("seed", [SEED])
def test_fifty_random_crashes_lose_nothing_and_write_nothing_twice(seed):
    """Every acknowledged webhook is there, what is on is released, each zone ends as found."""
    shares = [[f"site{one}{two}" for two in range(SITES + 1)] for one in range(VICTIMS)]
    with (
        running_around([site for share in shares for site in share]) as (stack, truth),
        ThreadPoolExecutor(VICTIMS) as pool,
    ):
        for ended in [pool.submit(live_and_die, stack, truth, share, seed) for share in shares]:
            ended.result()


def live_and_die(stack: Stack, truth: Truth, sites: list[str], seed: int) -> None:
    """Kill a responder again and again; its last site is only attacked when that is over."""
    *attacked, spare = sites
    random = Random(f"{seed} {spare}")
    with victim_of(stack, truth, sites) as victim:
        for life in range(LIVES):
            slow_down(victim, {"PATCH": random.uniform(0, 0.4), "GET": random.uniform(0, 0.1)})
            live(victim, attacked, life, random)
            assert_nothing_lost(victim)
        for site in attacked:
            truth.calm(site)
        victim.start()
        for site in attacked:
            until(f"{site} as found", lambda site=site: victim.level(site) == victim.found(site))
        assert_restarts_write_nothing(victim, attacked, spare)
        for site in sites:
            assert victim.level(site) == victim.found(site)
            assert_every_write_was_needed(victim, site)
        assert victim.acknowledged
        assert sum(len(victim.writes(site)) for site in attacked) > 3 * SITES


def live(victim: Victim, sites: list[str], life: int, random: Random) -> None:
    """Start it, change the truth under it, and kill it at a random moment."""
    victim.begin()
    early = life > 0 and random.random() < 0.2
    if not early:
        until("an answer", victim.answers)
    end = threading.Timer(random.uniform(0.2, 0.7 if early else 1.5), victim.kill)
    end.start()
    told = 0
    while end.is_alive():
        change(victim.truth, random.choice(sites), random)
        victim.tell(f"{sites[0]}-{life}-{told}", {"alertname": "Flood", "site": "nowhere"})
        told += 1
        end.join(random.uniform(0.01, 0.1))
    end.join()


def change(truth: Truth, site: str, random: Random) -> None:
    """Let an attack begin or end, sometimes."""
    if random.random() > 0.2:
        return
    if truth.attacked(site):
        truth.calm(site)
    elif len(truth.attacks.get(site, ())) < ATTACKS:
        truth.fire(site)


def assert_restarts_write_nothing(victim: Victim, sites: list[str], spare: str) -> None:
    """Engaged or released, a restart finds nothing to write; the spare shows that it is awake."""
    speed_up(victim)
    for fire, state in ((True, "engaged"), (False, "released")):
        for site in sites:
            (victim.truth.fire if fire else victim.truth.calm)(site)
        victim.until_states(state, sites)
        before = {site: len(victim.writes(site)) for site in sites}
        victim.kill()
        victim.start()
        victim.truth.fire(spare)
        victim.until_states("engaged", [spare])
        victim.truth.calm(spare)
        victim.until_states("released", [spare])
        assert {site: len(victim.writes(site)) for site in sites} == before


# at a certain moment


@dataclass(frozen=True, slots=True)
class Way:
    """A change of Under Attack Mode, on the way to which the responder is killed."""

    action: str
    state: str
    writes: int
    """How many it takes, the one of the engagement included."""

    def begun(self, victim: Victim) -> str:
        """Start the responder; return a site that is ready for the change."""
        victim.start()
        site = victim.sites[0]
        if self is RELEASE:
            victim.truth.fire(site)
            victim.until_states("engaged", [site])
        return site

    def ask(self, victim: Victim, site: str) -> None:
        """Let the attack begin, or end."""
        (victim.truth.fire if self is ENGAGE else victim.truth.calm)(site)

    def until_written(self, victim: Victim, site: str) -> None:
        until("the write", lambda: len(victim.writes(site)) == self.writes)

    def until_done(self, victim: Victim, site: str) -> None:
        victim.until_states(self.state, [site])
        assert_every_write_was_needed(victim, site)
        assert victim.level(site) == (ON if self is ENGAGE else victim.found(site))


ENGAGE = Way("engage", "engaged", 1)
RELEASE = Way("release", "released", 2)
BOTH_WAYS = pytest.mark.parametrize("way", [ENGAGE, RELEASE], ids=["engage", "release"])

Prepare = Callable[..., Victim]
beside_the_others = Together(at_once=4)


@pytest.fixture(scope="module")
def begun(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[None]]]:
    """Let each test kill a responder of its own."""
    names = [f"site{number}" for number in range(MOMENTS)]
    with running_around(names, provider_timeout=PATIENCE) as (stack, truth):
        free = iter(names)

        def tell(story: Story) -> None:
            with ExitStack() as running:
                story(lambda: running.enter_context(victim_of(stack, truth, islice(free, 2))))

        with beside_the_others.begun(request, tell) as begun:
            yield begun


@beside_the_others
def test_killed_after_a_webhook_was_acknowledged_it_acts_on_it_in_the_next_life(prepare):
    """The alert is known, although no Alertmanager tells of it."""
    victim = prepare()
    site = victim.sites[0]
    with edited(victim.stack, "responder.yml") as config:
        config["alertmanager"]["urls"] = [NOBODY]
    victim.start()
    add_fault(victim.stack, "hang", zone=victim.zone(site))
    assert victim.tell("of-the-life-before", alert_labels(site))
    victim.kill()
    assert_nothing_lost(victim)
    speed_up(victim)

    victim.start()
    victim.until_states("engaged", [site])


@BOTH_WAYS
@beside_the_others
def test_killed_before_the_call_it_makes_it_in_the_next_life(prepare, way):
    """The intent is stored, Cloudflare knows nothing of it; it is read, and written."""
    victim = prepare()
    site = way.begun(victim)
    add_fault(victim.stack, "hang", zone=victim.zone(site), method="PATCH", count=1)
    way.ask(victim, site)
    way.until_written(victim, site)
    victim.kill()
    assert victim.open_intents() == [way.action]

    victim.start()
    way.until_done(victim, site)

    assert [one.status for one in victim.writes(site)][-2:] == [None, 200]


@BOTH_WAYS
@beside_the_others
def test_killed_before_the_answer_it_finds_what_it_wrote(prepare, way):
    """The write had its effect: a read shows it, and nothing is written again."""
    victim = prepare()
    site = way.begun(victim)
    add_fault(victim.stack, "late_applied", zone=victim.zone(site), count=1)
    way.ask(victim, site)
    until("the effect", lambda: (victim.level(site) == ON) is (way is ENGAGE))
    victim.kill()
    assert victim.open_intents() == [way.action]

    victim.start()
    way.until_done(victim, site)

    assert len(victim.writes(site)) == way.writes


@BOTH_WAYS
@beside_the_others
def test_killed_before_the_outcome_is_stored_it_finds_what_it_wrote(prepare, way):
    """The write was accepted, the store does not know: nothing is written again."""
    victim = prepare()
    site = way.begun(victim)
    held = add_fault(victim.stack, "slow", zone=victim.zone(site), method="PATCH", delay=LONG)
    way.ask(victim, site)
    way.until_written(victim, site)
    with victim.store_held():
        clear_fault(victim.stack, held)
        until("the answer", lambda: victim.writes(site)[-1].status)
        victim.kill()
    assert victim.open_intents() == [way.action]

    victim.start()
    way.until_done(victim, site)

    assert len(victim.writes(site)) == way.writes


@BOTH_WAYS
@beside_the_others
def test_killed_when_all_is_done_it_writes_nothing_in_the_next_life(prepare, way):
    """It takes up what it had."""
    victim = prepare()
    site = way.begun(victim)
    way.ask(victim, site)
    way.until_done(victim, site)
    until("the end to be stored", lambda: victim.stored_state(site) == victim.state(site))
    victim.kill()

    victim.start()
    witness = victim.sites[1]
    victim.truth.fire(witness)
    victim.until_states("engaged", [witness])

    way.until_done(victim, site)
    assert len(victim.writes(site)) == way.writes


@beside_the_others
def test_an_engagement_that_lands_after_the_kill_is_released_in_calm(prepare):
    """It is seen by a later read, known as ours, and taken back."""
    victim = prepare()
    site = ENGAGE.begun(victim)
    held = add_fault(victim.stack, "slow", zone=victim.zone(site), method="PATCH", delay=LONG)
    victim.truth.fire(site)
    ENGAGE.until_written(victim, site)
    victim.kill()
    victim.truth.calm(site)

    victim.start()
    until("a look", lambda: victim.asked(site)[-1].read)
    clear_fault(victim.stack, held)
    until("the release", lambda: len(victim.writes(site)) == 2)

    RELEASE.until_done(victim, site)


@beside_the_others
def test_a_release_that_lands_after_the_kill_is_taken_back_in_an_attack(prepare):
    """It is seen by a later read, and Under Attack Mode is on again."""
    victim = prepare()
    site = RELEASE.begun(victim)
    held = add_fault(victim.stack, "slow", zone=victim.zone(site), method="PATCH", delay=LONG)
    victim.truth.calm(site)
    RELEASE.until_written(victim, site)
    victim.kill()
    victim.truth.fire(site)

    victim.start()
    victim.until_states("engaged", [site])
    clear_fault(victim.stack, held)
    until("another engagement", lambda: len(victim.writes(site)) == 3)

    ENGAGE.until_done(victim, site)
