"""How a target's memory follows what was seen: wanted, waits and episodes."""

from dataclasses import replace
from datetime import timedelta

from responder.domain.clock import ZERO, Moment
from responder.domain.demand import Sight
from responder.domain.engagement import engagement
from responder.domain.memory import (
    Demand,
    Episode,
    Memory,
    Order,
    RememberedAlert,
)
from responder.domain.ownership import kept
from responder.domain.peak import greatest, values

__all__ = ["after_sight", "severity_rank"]

MOST_REMEMBERED = 200
"""Label sets of an episode that are kept; a bound, so that a flood of instances costs little."""

_SEVERITIES = ("info", "warning", "critical")


def severity_rank(severity: str) -> int:
    """Return how grave a severity is; an unknown word is the least."""
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else -1


def after_sight(
    memory: Memory, sight: Sight, now: Moment, step: timedelta, confirm: timedelta
) -> Memory:
    """Return the memory after one pass; `step` is the observed time since the pass before."""
    good = sight.good and not _paused_by_operator(memory)
    credit = step if good and memory.watched else ZERO
    memory = _count(memory, sight, credit, now)
    memory = _demanded(memory, sight, now, confirm)
    memory = _episode(memory, sight, credit, now)
    return replace(memory, watched=good, last_engagement=engagement(memory, now))


def _paused_by_operator(memory: Memory) -> bool:
    return memory.override is not None and memory.override.order is Order.PAUSED


def _count(memory: Memory, sight: Sight, credit: timedelta, now: Moment) -> Memory:
    """Add the time of good passes to the waits that are running."""
    on_for = memory.on_for
    if memory.on_mark is not None:
        on_for += min(credit, now.elapsed - memory.on_mark)
    absent_for = memory.absent_for
    if sight.demand is None:
        absent_for = ZERO if absent_for is None else absent_for + credit
    elif sight.good:
        absent_for = None
    sustain_for = memory.sustain_for
    if sight.demand is Demand.SUSTAIN:
        sustain_for = ZERO if sustain_for is None else sustain_for + credit
    calm_for = memory.calm_for
    if calm_for is not None and (sight.demand is None or _sustain_expired(memory, sight)):
        calm_for += credit
    return replace(
        memory,
        on_for=on_for,
        absent_for=absent_for,
        calm_for=calm_for,
        sustain_for=sustain_for,
    )


def _demanded(memory: Memory, sight: Sight, now: Moment, confirm: timedelta) -> Memory:
    """Remember what is asked for: `trigger` sets wanted, `none` clears it, the rest leave it."""
    demand = sight.demand
    if demand is None:
        gone = memory.absent_for is not None and memory.absent_for >= confirm
        demand = Demand.NONE if gone else memory.demand
    wanted, calm_for = memory.wanted, memory.calm_for
    if demand is Demand.TRIGGER:
        wanted, calm_for = True, None
    elif demand is Demand.NONE or _sustain_expired(memory, sight):
        wanted, calm_for = False, ZERO if calm_for is None else calm_for
    elif demand is Demand.SUSTAIN:
        calm_for = None
    return replace(
        memory,
        policy=sight.policy.name,
        demand=demand,
        wanted=wanted,
        wanted_mark=now.elapsed if wanted and not memory.wanted else memory.wanted_mark,
        calm_for=calm_for,
        blind_mark=_since(memory.blind_mark, now) if demand is Demand.UNKNOWN else None,
        paused_mark=_since(memory.paused_mark, now) if demand is Demand.PAUSED else None,
        sustain_for=None if demand in {Demand.TRIGGER, Demand.NONE} else memory.sustain_for,
    )


def _since(mark: timedelta | None, now: Moment) -> timedelta:
    return now.elapsed if mark is None else mark


def _sustain_expired(memory: Memory, sight: Sight) -> bool:
    """Tell whether sustain alone has kept it for as long as it may."""
    return (
        sight.demand is Demand.SUSTAIN
        and sight.policy.sustain_expires
        and memory.sustain_for is not None
        and memory.sustain_for >= sight.policy.guards.maximum_sustain
    )


def _episode(memory: Memory, sight: Sight, credit: timedelta, now: Moment) -> Memory:
    if sight.demand is Demand.TRIGGER:
        return replace(memory, episode=_triggered(memory, sight, now))
    if memory.episode is None:
        return kept(memory)
    quiet = memory.episode.quiet + credit
    if quiet < sight.policy.guards.calm_period:
        return replace(memory, episode=replace(memory.episode, quiet=quiet))
    return kept(replace(memory, episode=None))


def _triggered(memory: Memory, sight: Sight, now: Moment) -> Episode:
    """Begin or go on with an episode: remember labels, severity and the oldest trigger."""
    episode = memory.episode or Episode(now.wall, mark=now.elapsed)
    known = {alert.fingerprint for alert in episode.alerts}
    fresh = [
        RememberedAlert(alert.fingerprint, dict(alert.labels))
        for alert in sight.triggers
        if alert.fingerprint not in known
    ]
    alerts = (*episode.alerts, *fresh)[:MOST_REMEMBERED] if fresh else episode.alerts
    severity = max(
        (episode.severity, *(alert.severity for alert in sight.triggers)), key=severity_rank
    )
    started = [alert.starts_at for alert in sight.triggers]
    oldest = min([*started, episode.oldest] if episode.oldest else started)
    return replace(
        episode,
        alerts=alerts,
        severity=severity,
        oldest=oldest,
        quiet=ZERO,
        peaks=greatest(episode.peaks, values(sight.triggers)),
    )
