"""What people are told of one target: on, off again, stuck, drifted, held, paused."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from responder.domain.alerts import AlertStatus
from responder.domain.audit import Action, Decision, Reason
from responder.domain.clock import Moment
from responder.domain.engagement import engagement
from responder.domain.limits import LIMITS
from responder.domain.memory import Actual, Engagement, Memory, Owner, State
from responder.domain.notice import (
    Name,
    Notice,
    Overview,
    Subject,
    make_notice,
    projected,
    told_reason,
)
from responder.domain.peak import shown, values
from responder.domain.targets import Mode

__all__ = ["PAUSED_FOR", "RELEASED_FOR", "notices_of"]

RELEASED_FOR = timedelta(minutes=5)
"""How long a release is told: an Alertmanager that was away for a moment learns of it too."""

HELD_FOR = timedelta(minutes=1)
"""Past the retries that mend most of what keeps a mitigation from being switched on."""

PAUSED_FOR = timedelta(days=1)
"""A pause that is older was probably forgotten."""

HOLDS = LIMITS | {
    Reason.NOT_ELIGIBLE,
    Reason.CIRCUIT_OPEN,
    Reason.API_BUDGET,
    Reason.BACKOFF,
    Reason.COOLDOWN,
    Reason.PRECONDITION,
}
"""Why something wanted may be off although nobody has decided so."""


def notices_of(subject: Subject, overview: Overview) -> Iterator[Notice]:
    """Yield the alerts about one target that are active now."""
    now = overview.now
    if subject.memory.on_mark is None:
        yield from _released(subject, now)
    if subject.memory.idle:
        return
    yield from _engaged(subject, now)
    yield from _stuck(subject)
    yield from _drift(subject)
    yield from _held(subject, now)
    yield from _paused(subject, overview)


def _engaged(subject: Subject, now: Moment) -> Iterator[Notice]:
    memory = subject.memory
    last = engagement(memory, now)  # what is stored is a pass younger than the fact
    if memory.on_mark is None or last is None:
        return
    firing = [one for one in subject.alerts if one.status is AlertStatus.FIRING]
    target = subject.target.id
    yield make_notice(
        Name.ENGAGED,
        subject.labels,
        last.began_at,
        {
            "summary": f"{subject.name} is on.",
            "description": f"It is on by the responder. Now {told_reason(memory.decision)}.",
            "reason": last.cause,
            "value": shown(values(firing)),
            "peak": shown(last.peaks),
            "advice": (
                "Nothing: it goes off after a proven calm. What it waits for: "
                f"responder explain {target}"
            ),
        },
    )


def _released(subject: Subject, now: Moment) -> Iterator[Notice]:
    """Yield a release for a while after a read has confirmed it."""
    memory, last = subject.memory, subject.memory.last_engagement
    since, reading = memory.since, memory.reading
    if last is None or since is None or reading is None or memory.state is not State.RELEASED:
        return
    if not last.began_at <= since <= now.wall < since + RELEASED_FOR:
        return
    if reading.actual is not Actual.OFF or _drifted(memory):
        return
    reason = _release_reason(memory, last)
    yield make_notice(
        Name.RELEASED,
        subject.labels,
        since,
        {
            "summary": f"{subject.name} is off again.",
            "description": f"{_RELEASES[reason]} The provider says {reading.value or 'nothing'}.",
            "reason": str(reason),
            "duration": _span(since - last.began_at),
            "peak": shown(last.peaks),
            "advice": f"Nothing. What happened: responder events --target {subject.target.id}",
        },
        since + RELEASED_FOR,
    )


_RELEASES = {
    Reason.CALM: "Calm was proven, and what was there before is back.",
    Reason.OVERRIDE: "An operator ordered it.",
    Reason.DRIFT: "Somebody else switched it off at the provider, and is not contradicted.",
}


def _release_reason(memory: Memory, last: Engagement) -> Reason:
    write = memory.write
    if write is None or write.raising or write.at < last.began_at:
        return Reason.DRIFT
    return Reason.OVERRIDE if memory.owner is Owner.OPERATOR else Reason.CALM


def _span(passed: timedelta) -> str:
    """Return a duration as people say it, to the second below an hour."""
    minutes, seconds = divmod(max(int(passed.total_seconds()), 0), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m"
    return f"{minutes}m{seconds}s" if minutes else f"{seconds}s"


def _stuck(subject: Subject) -> Iterator[Notice]:
    memory, last = subject.memory, subject.memory.last_engagement
    if not memory.stuck or last is None:
        return
    yield make_notice(
        Name.STUCK,
        subject.labels,
        last.began_at,
        {
            "summary": f"{subject.name} does not come off.",
            "description": "It is not switched off silently: a human must look at it.",
            "reason": memory.stuck,
            "peak": shown(last.peaks),
            "advice": (
                "Is it still attacked? If not: "
                f"responder release {subject.target.id} --for 1h --reason WHY"
            ),
        },
    )


def _drifted(memory: Memory) -> bool:
    """Tell whether somebody else switched off, for sure, what an attack still needs."""
    decision, episode = memory.decision, memory.episode
    drift = decision is not None and decision.reason is Reason.DRIFT
    return drift and episode is not None and episode.drifted


def _taken_over(memory: Memory) -> bool:
    """Tell whether somebody else has switched on anew what was on by us in this episode."""
    decision, episode, last = memory.decision, memory.episode, memory.last_engagement
    external = decision is not None and decision.reason is Reason.EXTERNAL
    ours = episode is not None and last is not None and last.began_at >= episode.started_at
    return external and ours and memory.on_mark is None


def _drift(subject: Subject) -> Iterator[Notice]:
    memory, episode = subject.memory, subject.memory.episode
    off = _drifted(memory)
    if episode is None or not (off or _taken_over(memory)):
        return
    means = "It stays off in this attack" if off else "It is no longer ours to switch off"
    yield make_notice(
        Name.DRIFT,
        subject.labels,
        max(memory.since or episode.started_at, episode.started_at),
        {
            "summary": f"{subject.name} was switched {'off' if off else 'on'} by somebody else.",
            "description": f"{means}: a human's hand is respected.",
            "reason": told_reason(memory.decision),
            "peak": shown(episode.peaks),
            "advice": (
                "Was it one of you? If not, read the provider's audit log. To overrule it: "
                f"responder {'engage' if off else 'release'} {subject.target.id} "
                "--for 1h --reason WHY"
            ),
        },
    )


def _held(subject: Subject, now: Moment) -> Iterator[Notice]:
    """Yield what is wanted and cannot be switched on: a site that stands naked."""
    memory, decision, episode = subject.memory, subject.memory.decision, subject.memory.episode
    if decision is None or memory.on_mark is not None or not _keeps_off(decision, memory):
        return
    if not memory.wanted or episode is None or subject.policy.mode is not Mode.ENFORCE:
        return
    if decision.reason not in LIMITS and now.elapsed - memory.wanted_mark <= HELD_FOR:
        return
    tried = decision.reason in {Reason.BACKOFF, Reason.DEMAND}
    why = memory.backoff.detail if tried else ""
    yield make_notice(
        Name.HELD,
        subject.labels,
        episode.started_at,
        {
            "summary": f"{subject.name} is needed and cannot be switched on.",
            "description": "The site is not protected by it. The responder goes on trying.",
            "reason": why or told_reason(decision),
            "value": shown(values(subject.alerts)),
            "peak": shown(episode.peaks),
            "advice": (
                "Decide which sites need it. Past a limit, though past no failure: "
                f"responder engage {subject.target.id} --for 1h --reason WHY"
            ),
        },
    )


def _keeps_off(decision: Decision, memory: Memory) -> bool:
    """Tell whether it is off against its decision; the next try changes nothing before it works."""
    trying = decision.action is Action.ENGAGE
    failed = memory.backoff.failures > 0 or memory.read_backoff.failures > 0
    return decision.reason in HOLDS or (trying and failed)


def _paused(subject: Subject, overview: Overview) -> Iterator[Notice]:
    """Yield an order or a pause older than a day.

    Neither `site` nor `zone` is a label here: the silence that pauses a site would hide the very
    alert that tells of it.
    """
    memory, now = subject.memory, overview.now
    found: list[tuple[datetime, str]] = []
    override, mark = memory.override, memory.paused_mark
    if override is not None and override.standing(now.wall):
        reason = f"override {override.order} by {override.actor}: {override.reason}"
        found.append((override.set_at, reason))
    silenced = mark is not None and not (memory.watched or overview.heartbeat_silenced)
    if mark is not None and silenced and now.elapsed - mark > PAUSED_FOR:
        found.append((projected(mark, now), told_reason(memory.decision)))
    if not found:
        return
    target = subject.target
    yield make_notice(
        Name.PAUSED,
        {"action": target.mitigation, "target": target.id},
        min(since for since, _ in found),
        {
            "summary": f"{subject.name} has been in human hands for over a day.",
            "description": "Nothing happens there that nobody has ordered.",
            "reason": "; ".join(reason for _, reason in found),
            "advice": (
                f"Still meant? If not: responder resume {target.id}, or expire the silence "
                "(amtool silence query)."
            ),
        },
    )
