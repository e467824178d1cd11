"""One chain for all of these tests, and a site of its own for each."""

from collections.abc import Iterator

import pytest
from support.stack import Site, numbered, running_chain

from responder.demo.chain import Chain
from responder.demo.stack import Stack

SITES = 10
"""The service lets ten be engaged at once."""


@pytest.fixture(scope="session")
def sites() -> Iterator[Iterator[Site]]:
    with running_chain(numbered(SITES)) as (stack, chain, exporter):
        yield (Site(name, stack, chain, exporter) for name in stack.plan.zones)


@pytest.fixture
def site(sites: Iterator[Site]) -> Iterator[Site]:
    """Return a site that is calm; afterwards everything runs, and asks for nothing."""
    fresh = next(sites)
    fresh.until_reason("in_sync")
    yield fresh
    fresh.calm()
    for process in fresh.stack.processes.values():
        if process.exit_code is not None:
            fresh.stack.start_one(process.name)


@pytest.fixture
def stack(site: Site) -> Stack:
    return site.stack


@pytest.fixture
def chain(site: Site) -> Chain:
    return site.chain
