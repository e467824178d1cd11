"""Decisions and demands in words: why it is so, and what would change it."""

from collections.abc import Mapping

from responder.cli.answers import TargetAnswer
from responder.domain.audit import Reason
from responder.domain.memory import Actual, Demand

__all__ = ["DEMANDS", "NEXT", "REASONS", "next_step"]

REASONS: Mapping[str, str] = {
    Reason.NOT_ELIGIBLE: "the provider does not let it be switched, or switching protects nothing",
    Reason.OVERRIDE: "an operator has ordered it",
    Reason.PAUSED: "a silence in Alertmanager pauses it",
    Reason.BLIND: "no Alertmanager can be believed, so nothing is changed",
    Reason.IN_SYNC: "it is as it should be",
    Reason.EXTERNAL: "somebody else has switched it on, so it is not ours to switch off",
    Reason.DRIFT: "somebody else has switched it off during this attack",
    Reason.SHADOW: "its policy only tells what it would do",
    Reason.POLICY_OFF: "its policy is off",
    Reason.CIRCUIT_OPEN: "the provider's API fails, so calls wait",
    Reason.API_BUDGET: "the budget of API requests is used up",
    Reason.BACKOFF: "a call for this target failed or is not confirmed, so the next one waits",
    Reason.MAX_SITES_ENGAGED: "as many sites as max_sites_engaged allows are engaged",
    Reason.MAX_ENGAGEMENTS_PER_HOUR: "max_engagements_per_hour is used up",
    Reason.COOLDOWN: "the provider demands a pause between two changes",
    Reason.PRECONDITION: "something must be prepared at the provider first",
    Reason.DEMAND: "an alert asks for it",
    Reason.UNOBSERVED: "the provider has not told yet how it is",
    Reason.MINIMUM_DURATION: "it has not been on for minimum_duration",
    Reason.CALM_PERIOD: "no alert asks for it, but not yet for calm_period",
    Reason.FLAP_HOLD: "it was needed again and again, so calm must last longer",
    Reason.CALM: "calm is proven",
}

DEMANDS: Mapping[str, str] = {
    Demand.TRIGGER: "an alert asks for it",
    Demand.SUSTAIN: "alerts keep it if it is on, but would not start it",
    Demand.NONE: "no alert asks for it",
    Demand.PAUSED: "a silence speaks of it",
    Demand.UNKNOWN: "no Alertmanager can be believed",
}

_WAIT = "it goes on when this wait is over, if it is still needed then"
_CALM = "it is released when this wait is over, unless an alert fires before"

NEXT: Mapping[str, str] = {
    Reason.NOT_ELIGIBLE: "make it switchable at the provider; that is found out by the next read",
    Reason.OVERRIDE: "the order ends by itself, or at once with `responder resume {id}`",
    Reason.PAUSED: "the silence ends, or you expire it in Alertmanager",
    Reason.BLIND: "an Alertmanager answers with a fresh heartbeat; see `responder status`",
    Reason.EXTERNAL: "whoever switched it on switches it off, or you order it with"
    " `responder release {id} --for 10m --reason ...`",
    Reason.DRIFT: "the attack ends, or you order it with"
    " `responder engage {id} --for 30m --reason ...`",
    Reason.SHADOW: "set `mode: enforce` in policy {policy} to let it act",
    Reason.POLICY_OFF: "set `mode: enforce` in policy {policy} to let it act",
    Reason.CIRCUIT_OPEN: "the provider answers a probe; its status page may tell more",
    Reason.API_BUDGET: _WAIT,
    Reason.BACKOFF: _WAIT,
    Reason.MAX_SITES_ENGAGED: "another site is released, or you raise guards.max_sites_engaged",
    Reason.MAX_ENGAGEMENTS_PER_HOUR: "this wait is over, or you raise"
    " guards.max_engagements_per_hour",
    Reason.COOLDOWN: _WAIT,
    Reason.PRECONDITION: "prepare it at the provider; that is found out by the next read",
    Reason.DEMAND: "it is being switched on",
    Reason.UNOBSERVED: "the provider answers a read",
    Reason.MINIMUM_DURATION: _CALM,
    Reason.CALM_PERIOD: _CALM,
    Reason.FLAP_HOLD: _CALM,
    Reason.CALM: "it is being switched off",
}

_ON_AND_NEEDED = "it is released when its alerts have ended and calm is proven"
_OFF = 'it is engaged when an alert with site="{site}" fires'
_UNJUDGED = "the first pass over this target will tell"
_NEWER = "ask a responder of the same version as the service"


def next_step(target: TargetAnswer) -> str:
    """Return what would have to happen for the decision to change."""
    if target.decision is None:
        return _UNJUDGED
    if target.decision.reason == Reason.IN_SYNC:
        step = _ON_AND_NEEDED if target.actual == Actual.ON else _OFF
    else:
        step = NEXT.get(target.decision.reason, _NEWER)
    return step.format(id=target.id, site=target.site, policy=target.policy)
