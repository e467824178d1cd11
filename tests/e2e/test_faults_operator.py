"""The operator and the configuration

People who change the level at Cloudflare, before an attack and in the middle of it.
"""

from contextlib import ExitStack

import pytest
from support.stack import lent

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def attack(sites):
    """Let one attack pass over three sites whose levels people change: when, say their names."""
    with ExitStack() as loans:
        before, during, protected = (loans.enter_context(lent(sites)) for _ in range(3))
        before.human_sets("low")
        protected.human_sets("under_attack")
        for site in (before, during, protected):
            site.overload()
        for site in (before, during):
            site.until_state("engaged")
        protected.until_reason("external")
        during.human_sets("low")
        for site in (before, protected):
            site.calm()
        before.until_state("released")
        during.until_reason("drift")
        during.calm()
        during.until_reason("in_sync")
        protected.until_demand("none")
        yield {"before": before, "during": during, "protected": protected}


def test_a_level_changed_during_an_attack_is_seen_as_drift_and_left_as_the_human_set_it(attack):
    """What a human switched off stays off for this attack; nothing is written over it."""
    site = attack["during"]
    told = [(one["action"], one["reason"], one["actor"]) for one in site.chain.events(site.target)]

    assert ("released", "drift", "somebody else") in told
    assert site.levels_written == ["under_attack"]
    assert site.level == "low"


def test_a_level_changed_before_an_attack_is_the_one_that_is_put_back_after_it(attack):
    """The level found last before engaging is restored, whatever it was an hour ago."""
    assert attack["before"].levels_written == ["under_attack", "low"]
    assert attack["before"].level == "low"


def test_under_attack_mode_set_by_a_human_before_the_alert_is_left_on_after_it(attack):
    """What Responder did not switch on, it does not switch off."""
    site = attack["protected"]

    assert site.levels_written == []
    assert site.level == "under_attack"
    site.until_reason("external")
