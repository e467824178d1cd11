"""Decisions and demands in words."""

from responder.cli.answers import DecisionAnswer, TargetAnswer
from responder.cli.words import DEMANDS, NEXT, REASONS, next_step
from responder.domain.audit import Reason
from responder.domain.memory import Demand


def target(actual: str, reason: str) -> TargetAnswer:
    decision = DecisionAnswer(action="none", reason=reason)
    return TargetAnswer(
        id="a",
        site="shop",
        mitigation="under_attack",
        state="released",
        actual=actual,
        demand="none",
        decision=decision,
    )


def test_every_reason_and_demand_has_words_and_a_next_step():
    assert set(REASONS) == set(Reason)
    assert set(NEXT) == set(Reason) - {Reason.IN_SYNC}
    assert set(DEMANDS) == set(Demand)


def test_in_sync_and_on_waits_for_calm():
    assert "calm" in next_step(target("on", "in_sync"))


def test_in_sync_and_off_waits_for_an_alert_of_the_site():
    assert (
        next_step(target("off", "in_sync")) == 'it is engaged when an alert with site="shop" fires'
    )


def test_a_reason_of_a_newer_service_is_told_as_such():
    assert "same version" in next_step(target("on", "phase_of_the_moon"))
