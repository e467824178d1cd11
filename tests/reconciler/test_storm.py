"""When most sites ask at once: said once, loudly, and it stops at the limit."""

from dataclasses import replace

import structlog
from support.installation import SHOP

from responder.domain.targets import Mode, Target
from responder.ports import EventQuery

SITES = [f"s{number}" for number in range(9)]


class Counting:
    """A store that counts what memories it is given."""

    def __init__(self, store):
        self._store = store
        self.commits = 0

    def commit(self, batch):
        self.commits += sum(len(changes.memories) for changes in batch)
        return self._store.commit(batch)

    def __getattr__(self, name):
        return getattr(self._store, name)


async def ninefold(setup):
    setup.targets = [Target(site, "under_attack", f"{site}.example") for site in SITES]
    setup.provider.levels = {f"{site}.example": "high" for site in SITES}
    setup.limit(max_sites_engaged=2)
    await setup.begin()
    await setup.step()


async def storms(setup):
    told = await setup.one.events(EventQuery(limit=1000))
    return [one for one in told if (one.kind, one.action) == ("service", "storm")]


async def test_a_storm_is_one_entry_and_one_critical_line_and_stops_at_the_limit(setup):
    await ninefold(setup)
    for site in SITES:
        setup.alertmanager.fire(site)
    with structlog.testing.capture_logs() as lines:
        await setup.run(5)
    (told,) = await storms(setup)
    assert told.detail.startswith("9 of 9 sites ask at once, so this is probably ours")
    assert told.detail.endswith("it stops at the limit of 2 sites")
    assert list(setup.provider.levels.values()).count("under_attack") == 2
    loud = [line for line in lines if line["log_level"] == "critical"]
    assert [line["event"] for line in loud].count("storm") == 1
    held = [line for line in loud if line.get("reason") == "max_sites_engaged"]
    assert len(held) == len(SITES) - 2


async def test_a_storm_is_not_told_again_after_a_restart(setup):
    await ninefold(setup)
    for site in SITES:
        setup.alertmanager.fire(site)
    await setup.run(1)
    await setup.begin()
    await setup.run(5)
    assert len(await storms(setup)) == 1


async def test_waits_that_are_only_imagined_are_not_stored_with_every_pass(setup):
    setup.policy = replace(setup.policy, mode=Mode.SHADOW)
    setup.store = Counting(setup.store)
    await setup.begin()
    await setup.step()
    setup.alertmanager.fire("shop")
    await setup.run(1)
    assert setup.memory(SHOP).would.on
    stored = setup.store.commits
    for _ in range(5):
        await setup.step(2)
    assert setup.store.commits == stored
