"""One chain for the tests that need no other, and sites of its own for each."""

from collections.abc import Iterator

import pytest
from support.faults import MAINTENANCE
from support.stack import PATIENT, Site, edited, lent, numbered, running_chain

from responder.demo.stack import Stack

SITES = 30
"""Enough for all tests of a session; a test may take two."""


def for_many_sites(stack: Stack) -> None:
    """Let no limit over all sites be met, read often, and let maintenance inhibit."""
    with edited(stack, "responder.yml") as config:
        config["guards"] |= {"max_sites_engaged": SITES, "max_engagements_per_hour": 1000}
        config["cloudflare"]["read_interval"] = "5s"
    with edited(stack, "alertmanager.yml") as config:
        config["inhibit_rules"] = [
            {
                "source_matchers": [f'alertname="{MAINTENANCE}"'],
                "target_matchers": ['mitigation="under_attack"'],
                "equal": ["site"],
            }
        ]
        config["route"]["routes"][0]["group_interval"] = "1s"


@pytest.fixture(scope="session")
def sites() -> Iterator[Iterator[Site]]:
    with running_chain(numbered(SITES), prepare=for_many_sites, provider_timeout=PATIENT) as (
        stack,
        chain,
        exporter,
    ):
        yield (Site(name, stack, chain, exporter) for name in stack.plan.zones)


@pytest.fixture
def site(sites: Iterator[Site]) -> Iterator[Site]:
    with lent(sites) as one:
        yield one


@pytest.fixture
def other(sites: Iterator[Site]) -> Iterator[Site]:
    """Return a second site, on which something else happens."""
    with lent(sites) as one:
        yield one


@pytest.fixture
def stack(site: Site) -> Stack:
    return site.stack
