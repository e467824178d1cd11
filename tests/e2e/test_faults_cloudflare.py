"""Cloudflare fails"""

from collections.abc import Iterator
from concurrent.futures import Future
from datetime import datetime, timedelta
from itertools import islice, pairwise

import pytest
from support.services import (
    CLOUDFLARE_FILE,
    Request,
    add_fault,
    add_token,
    clear_fault,
    control,
    requests,
    serving_sites,
)
from support.stack import CLOCK, Site, edited, numbered, running_chain, until
from support.together import Story, Together

from responder.demo.stack import Stack

pytestmark = pytest.mark.e2e

SITES = 30
OUTAGE = timedelta(seconds=30)
BACK_WITHIN = timedelta(seconds=15)
MINUTE = timedelta(seconds=60)
FIRST_PAUSE = timedelta(seconds=5)
RETRY_AFTER = timedelta(seconds=8)
"""Longer than the first pause of a circuit, which would otherwise be the answer."""
STAMP = timedelta(milliseconds=1)
"""To which the API cuts its moments."""

beside_the_others = Together(at_once=6)


@pytest.fixture(scope="module")
def begun(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[None]]]:
    """Let each test serve its sites with a responder of its own: none meets another's circuit."""
    with running_chain(numbered(SITES), prepare=without_most_sites) as (main, _, exporter):
        names = iter(list(main.plan.zones)[1:])

        def tell(story: Story) -> None:
            with serving_sites(main, exporter, names) as serve:
                story(serve)

        with beside_the_others.begun(request, tell) as begun:
            yield begun


def without_most_sites(stack: Stack) -> None:
    """Leave the sites to those who ask for them."""
    with edited(stack, "responder.yml") as config:
        config["sites"] = dict(islice(config["sites"].items(), 1))


def asked(*sites: Site) -> list[Request]:
    found = [one for site in sites for one in requests(site.stack, site.zone)]
    return sorted(found, key=lambda one: one.at)


def writes(site: Site) -> list[Request]:
    return [one for one in asked(site) if one.write]


def until_met(site: Site, fault: str, count: int = 1) -> None:
    until(
        f"{fault} met by {site.zone}",
        lambda: sum(one.fault == fault for one in asked(site)) >= count,
    )


def until_health(site: Site, status: str) -> str:
    """Wait until health says this of Cloudflare; return what more it says."""
    until(f"cloudflare {status}", lambda: cloudflare_health(site)["status"] == status)
    return cloudflare_health(site)["detail"]


def cloudflare_health(site: Site) -> dict[str, str]:
    components = site.chain.health()["components"]
    return next(one for one in components if one["name"] == "cloudflare")


def state(site: Site) -> str:
    return site.chain.target(site.target)["state"]


def outcomes(site: Site) -> str:
    """Return what the audit trail says about what came of the writes."""
    events = site.chain.events(site.target)
    return "\n".join(one["detail"] for one in events if one["kind"] == "outcome")


def reached(site: Site) -> list[tuple[str, datetime]]:
    """Return the states that were told to be reached, each with its moment."""
    return [
        (event["action"], datetime.fromisoformat(event["at"]))
        for event in site.chain.events(site.target)
        if event["kind"] == "state"
    ]


def when_told(site: Site, state: str) -> datetime:
    """Return when a state was told to be reached, once the audit trail has it; it is told once."""
    until(f"{site.target} told to be {state}", lambda: state in dict(reached(site)))
    (at,) = [at for one, at in reached(site) if one == state]
    return at


def errors_logged(site: Site) -> list[str]:
    log = site.stack.processes["responder"].log.read_text()
    return [line for line in log.splitlines() if "level=error" in line]


def assert_read_before_told(site: Site, told: str, level: str) -> None:
    """Nothing is told before a read has shown it, after the last write."""
    at = when_told(site, told)
    last = max(one.at for one in writes(site) if one.write == level)
    assert [one for one in asked(site) if one.read == level and last < one.at < at + STAMP]


def assert_read_between_writes(site: Site) -> None:
    """Who does not know what came of a write looks before it writes again."""
    seen = asked(site)
    places = [index for index, one in enumerate(seen) if one.write]
    for before, after in pairwise(places):
        assert any(one.read for one in seen[before:after])


def waited_after_429(site: Site) -> timedelta:
    """Return how long nothing was asked after an answer of 429."""
    seen = asked(site)
    (limit,) = [index for index, one in enumerate(seen) if one.status == 429]
    return seen[limit + 1].at - seen[limit].at


# the credential


@beside_the_others
def test_a_revoked_token_is_said_once_and_replaced_without_a_restart(serve):
    """One error in the log, health is degraded, explain says what to do; a new token heals it."""
    sites = first, second = serve(2)
    control(first.stack, "PATCH", f"tokens/{first.name}", {"status": "disabled"})
    before = len(asked(*sites))
    first.overload()
    until("a read and a write refused", lambda: min(map(len, by_kind(asked(first)[before:]))) > 0)
    second.overload()
    until("tries of both", lambda: min(map(len, by_kind(asked(*sites)[before:]))) > 2)
    assert until_health(first, "degraded")
    assert "expired or revoked" in first.explain()
    assert reached(first) == reached(second) == []
    refused = asked(*sites)[before:]

    (first.stack.folder / CLOUDFLARE_FILE).write_text(add_token(first.stack, f"new-{first.name}"))
    for site in sites:
        site.until_state("engaged")

    (said,) = errors_logged(first)
    assert "expired or revoked" in said
    for kind in by_kind(refused):
        assert all(two.at - one.at >= FIRST_PAUSE for one, two in pairwise(kind))


def by_kind(seen: list[Request]) -> tuple[list[Request], list[Request]]:
    """Return the reads and the writes."""
    return [one for one in seen if not one.write], [one for one in seen if one.write]


# the API as a whole


@beside_the_others
def test_a_rate_limit_that_does_not_say_how_long_costs_a_minute(serve):
    """Explain says until when; nothing is asked for a minute, and then one call tries."""
    (site,) = serve(1)
    add_fault(site.stack, "rate_limited", zone=site.zone, count=1)

    site.overload()
    until_met(site, "rate_limited")
    until("the limit to be told", lambda: "too many requests" in site.explain())
    until("the engagement", lambda: state(site) == "engaged", limit=2 * MINUTE)

    assert waited_after_429(site) >= MINUTE
    assert site.levels_written == ["under_attack"]


@beside_the_others
def test_errors_for_half_a_minute_delay_an_engagement_by_little_more(serve):
    """It waits for the circuit, and is engaged within 15 s after the API is back."""
    (site,) = serve(1)
    add_fault(site.stack, "server_error", zone=site.zone, lasts=OUTAGE.total_seconds())
    back = CLOCK.now() + OUTAGE

    site.engage()

    assert when_told(site, "engaged") - back <= BACK_WITHIN
    assert_pauses_grow([one for one in asked(site) if one.fault and not one.write])


def assert_pauses_grow(failed: list[Request]) -> None:
    """Three calls open a circuit, then one tries after 5, 10, 20 s."""
    waits = [after.at - before.at for before, after in pairwise(failed[2:])]
    for number, wait in enumerate(waits):
        assert wait >= FIRST_PAUSE * 2**number
    assert waits


@beside_the_others
def test_errors_that_outlast_the_attack_switch_nothing_on(serve):
    """It waits for the circuit; once the API is back it is read, and left as it is."""
    (site,) = serve(1)
    fault = add_fault(site.stack, "server_error", zone=site.zone)
    site.overload()
    until_met(site, "server_error", 3)
    site.calm()
    site.until_demand("none")

    clear_fault(site.stack, fault)
    site.until_reason("in_sync")

    assert asked(site)[-1].read == "high"
    assert all(one.fault for one in writes(site))
    assert not reached(site)


@beside_the_others
def test_a_rate_limit_that_says_how_long_is_kept(serve):
    """Explain says until when; nothing is asked before that."""
    (site,) = serve(1)
    wait = round(RETRY_AFTER.total_seconds())
    add_fault(site.stack, "rate_limited", zone=site.zone, count=1, retry_after=wait)

    site.engage()

    assert waited_after_429(site) >= RETRY_AFTER
    assert site.levels_written == ["under_attack"]


@beside_the_others
def test_an_api_that_is_down_at_the_start_is_waited_for(serve):
    """It is ready, health is degraded; an attack that runs is met once the API is there."""
    (site,) = serve(1, start=False)
    fault = add_fault(site.stack, "reset", zone=site.zone)
    site.overload()
    site.until_alert("active")
    site.stack.start_one("responder")
    until_health(site, "degraded")
    until_met(site, "reset", 3)
    assert not reached(site)

    clear_fault(site.stack, fault)
    site.until_state("engaged")

    assert_read_before_told(site, "engaged", "under_attack")


@beside_the_others
def test_an_api_that_is_down_at_the_release_keeps_it_on_until_it_can_be_read(serve):
    """It stays on, and explain says that it cannot be read; it is released after that."""
    (site,) = serve(1)
    site.engage()
    fault = add_fault(site.stack, "server_error", zone=site.zone)
    site.calm()
    site.until_reason("unobserved")
    assert "Cloudflare answered 500" in site.explain()
    assert site.level == "under_attack"
    assert site.levels_written == ["under_attack"]

    clear_fault(site.stack, fault)
    site.until_state("released")

    assert site.level == "high"
    assert_read_before_told(site, "released", "high")


@beside_the_others
def test_a_release_that_is_not_accepted_is_not_told_to_be_one(serve):
    """It is releasing, and explain shows the answer; released only after a read."""
    (site,) = serve(1)
    site.engage()
    fault = add_fault(site.stack, "server_error", zone=site.zone, method="PATCH")
    site.calm()
    until_met(site, "server_error")
    until("the answer to be told", lambda: "Cloudflare answered 500" in site.explain())
    assert state(site) == "releasing"
    assert site.level == "under_attack"

    clear_fault(site.stack, fault)
    site.until_state("released")

    assert site.level == "high"
    assert_read_before_told(site, "released", "high")


# one zone


@beside_the_others
def test_a_zone_that_may_not_be_written_waits_alone(serve):
    """Explain names the missing permission; the other zones are engaged and released."""
    refused, other = serve(2)
    fault = add_fault(refused.stack, "forbidden", zone=refused.zone, method="PATCH")
    refused.overload()
    until_met(refused, "forbidden")

    other.engage()
    other.calm()
    other.until_state("released")

    assert other.levels_written == ["under_attack", "high"]
    assert "needs the permission 'Zone Settings Write'" in refused.explain()
    assert refused.reason == "backoff"
    assert cloudflare_health(other)["status"] == "ok"
    clear_fault(refused.stack, fault)
    refused.until_state("engaged")


@beside_the_others
def test_a_zone_that_is_no_longer_visible_stays_on_until_it_can_be_read(serve):
    """Explain says what the credential needs; the other zones are released."""
    gone, other = sites = serve(2)
    for site in sites:
        site.engage()
    token = f"tokens/{gone.name}"

    control(gone.stack, "PATCH", token, {"zones": [other.zone]})
    for site in sites:
        site.calm()
    other.until_state("released")
    gone.until_reason("unobserved")

    assert "Zone Read" in gone.explain()
    assert state(gone) == "engaged"
    assert gone.levels_written == ["under_attack"]
    control(gone.stack, "PATCH", token, {"zones": None})
    gone.until_state("released")
    assert_read_before_told(gone, "released", "high")


@beside_the_others
def test_a_zone_that_is_deleted_is_never_told_to_be_released(serve):
    """Explain says that it is not visible, health names it; the other zones are released."""
    gone, other = sites = serve(2)
    for site in sites:
        site.engage()

    control(gone.stack, "DELETE", f"zones/{gone.zone}")
    for site in sites:
        site.calm()
    other.until_state("released")
    gone.until_reason("unobserved")

    assert f"{gone.zone} is not visible to this credential" in gone.explain()
    assert gone.target in until_health(gone, "degraded")
    assert [one for one, _ in reached(gone)] == ["engaged"]


@beside_the_others
def test_a_zone_that_is_paused_is_not_told_to_be_protected(serve):
    """Explain says that the zone is paused; the other zones are released."""
    paused, other = sites = serve(2)
    for site in sites:
        site.engage()

    control(paused.stack, "PUT", f"zones/{paused.zone}", {"paused": True})
    paused.until_reason("not_eligible")
    assert "zone is paused" in paused.explain()
    for site in sites:
        site.calm()
    other.until_state("released")

    assert paused.levels_written == ["under_attack"]
    control(paused.stack, "PUT", f"zones/{paused.zone}", {"paused": False})
    paused.until_state("released")
    assert paused.level == "high"


# one answer


@beside_the_others
def test_a_write_that_is_never_answered_counts_once_a_read_shows_it(serve):
    """The target is engaging until a read says on; it is read before it is written again."""
    (site,) = serve(1)
    add_fault(site.stack, "hang", zone=site.zone, method="PATCH", count=1)

    site.engage()

    assert [one.fault for one in writes(site)] == ["hang", None]
    assert_read_between_writes(site)
    assert_read_before_told(site, "engaged", "under_attack")


@beside_the_others
def test_a_write_whose_connection_breaks_counts_once_a_read_shows_it(serve):
    """The target is engaging until a read says on; it is read before it is written again."""
    (site,) = serve(1)
    add_fault(site.stack, "reset", zone=site.zone, method="PATCH", count=1)

    site.engage()

    assert [one.fault for one in writes(site)] == ["reset", None]
    assert_read_between_writes(site)
    assert_read_before_told(site, "engaged", "under_attack")


@beside_the_others
def test_a_web_page_in_place_of_an_answer_is_no_success(serve):
    """The audit trail shows what came instead; the target is read, and written again."""
    sites = serve(2)
    kinds = ["bad_gateway", "web_page"]
    for site, kind in zip(sites, kinds, strict=True):
        add_fault(site.stack, kind, zone=site.zone, method="PATCH", count=1)
        site.overload()

    for site, kind in zip(sites, kinds, strict=True):
        site.until_state("engaged")
        assert [one.fault for one in writes(site)] == [kind, None]
        assert_read_between_writes(site)
        assert_read_before_told(site, "engaged", "under_attack")
        assert "<!DOCTYPE html>" in outcomes(site)


@beside_the_others
def test_success_false_with_status_200_is_no_success(serve):
    """The audit trail shows Cloudflare's own words; the target is tried again."""
    (site,) = serve(1)
    add_fault(site.stack, "success_false", zone=site.zone, method="PATCH", count=1)

    site.engage()

    assert [one.fault for one in writes(site)] == ["success_false", None]
    assert_read_before_told(site, "engaged", "under_attack")
    assert "The request could not be completed" in outcomes(site)


@beside_the_others
def test_an_answer_that_breaks_off_is_read_back_and_not_written_again(serve):
    """The target is engaging for a few seconds, until a read says on."""
    (site,) = serve(1)
    add_fault(site.stack, "truncated", zone=site.zone, method="PATCH", count=1)

    site.engage()

    assert [one.fault for one in writes(site)] == ["truncated"]
    assert_read_before_told(site, "engaged", "under_attack")


@beside_the_others
def test_a_write_that_is_accepted_and_not_applied_is_told_and_tried_again(serve):
    """The target stays engaging, and explain says that reading back shows no effect."""
    (site,) = serve(1)
    fault = add_fault(site.stack, "not_applied", zone=site.zone)
    site.overload()
    until_met(site, "not_applied")
    until("the effect to be missed", lambda: "shows no effect" in site.explain())
    assert state(site) == "engaging"
    assert not reached(site)

    clear_fault(site.stack, fault)
    site.until_state("engaged")

    assert_read_before_told(site, "engaged", "under_attack")
