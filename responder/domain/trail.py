"""The audit trail as a difference: what changed between two memories of one target."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta

from responder.domain.audit import Action, AuditEntry, Kind, Reason
from responder.domain.clock import Moment
from responder.domain.episode_trail import engagement_peak, episode_entry
from responder.domain.limits import LIMITS, STORM
from responder.domain.memory import Memory, Override, Owner, State

__all__ = [
    "ADOPTED",
    "ORDER_ENDED",
    "STANDING",
    "STILL_ON",
    "STUCK",
    "Asked",
    "asked",
    "changed",
    "severity",
    "trail",
]

ADOPTED = "adopted"
"""How the detail of an engagement begins for which nothing had to be written."""

STILL_ON = "still on"
"""The same, where a release was called back before it had any effect."""

ORDER_ENDED = "ended"
"""The action of the entry that ends an order."""

STUCK = "stuck"
"""The action of the entry with which people begin to be needed."""

STANDING = "standing"
"""The action of the entry that warns, once a day, of an order that still stands."""

SUPERSEDED = "superseded"
"""The reason of the entry with which a call to the operator's routers is dropped."""

_ASKED = re.compile(
    r".*; policy (?P<policy>.+?)(?:, (?P<seconds>[0-9]+\.[0-9]) s after its alert began)?",
    re.DOTALL,
)
"""How the entry of an engagement ends, as `_asking` writes it; what an alert says comes before."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked for an engagement."""

    policy: str | None = None
    after: timedelta | None = None
    """From the start of the oldest alert to the engagement, for the first of an episode."""


def asked(entry: AuditEntry) -> Asked:
    """Read who asked for the engagement that an entry tells; older entries do not say it."""
    found = _ASKED.fullmatch(entry.detail)
    if found is None:
        return Asked()
    seconds = found["seconds"]
    return Asked(found["policy"], timedelta(seconds=float(seconds)) if seconds else None)


def severity(entry: AuditEntry) -> str:
    """Return how loudly an entry is told: `info`, `warning` or `critical`."""
    naked = entry.kind is Kind.DECISION and entry.reason in LIMITS
    if naked or (entry.kind is Kind.SERVICE and entry.action == STORM):
        return "critical"
    standing = entry.kind is Kind.OVERRIDE and entry.action == STANDING
    return "warning" if standing or entry.kind is Kind.STUCK else "info"


def trail(before: Memory, after: Memory, now: Moment) -> list[AuditEntry]:
    """Return the entries that tell this change, oldest first; none when nothing worth telling."""
    found = (
        episode_entry(before, after, now),
        _override(before, after, now),
        _decision(before, after, now),
        _would(before, after, now),
        changed(before, after, now),
        _stuck(before, after, now),
        _superseded(before, after, now),
    )
    return [entry for entry in found if entry is not None]


def _entry(memory: Memory, now: Moment, kind: Kind, **fields: str | None) -> AuditEntry:
    known = {name: value for name, value in fields.items() if value is not None}
    return AuditEntry(now.wall, memory.target, memory.site, kind, **known)  # type: ignore[arg-type]


def _override(before: Memory, after: Memory, now: Moment) -> AuditEntry | None:
    old, new = before.override, after.override
    if old == new:
        return None
    told: Override | None = new or old
    if told is None:
        return None
    if old is not None and new is not None and replace(new, days_told=old.days_told) == old:
        return _standing(after, new, now)
    ended = new is None
    expired = ended and now.wall >= told.ends_at
    return _entry(
        after,
        now,
        Kind.OVERRIDE,
        action=ORDER_ENDED if ended else str(told.order),
        reason=Reason.OVERRIDE,
        detail=told.reason if not ended else ("its time is over" if expired else "lifted"),
        actor=_by(after, told, ended=ended, expired=expired),
        before=str(old.order) if old else None,
        after=str(new.order) if new else None,
    )


def _standing(memory: Memory, override: Override, now: Moment) -> AuditEntry:
    """Warn of an order that has stood for another day: people forget what they have ordered."""
    days = override.standing(now.wall)
    return _entry(
        memory,
        now,
        Kind.OVERRIDE,
        action=STANDING,
        reason=Reason.OVERRIDE,
        detail=f"{override.order} for {days} d now: {override.reason}",
        actor=override.actor,
        before=str(override.order),
        after=str(override.order),
    )


def _by(after: Memory, told: Override, *, ended: bool, expired: bool) -> str:
    if expired:
        return "responder"
    return (after.lifted_by if ended else "") or told.actor


def _decision(before: Memory, after: Memory, now: Moment) -> AuditEntry | None:
    decision = after.decision
    if decision is None or decision.same_as(before.decision):
        return None
    if before.decision is None and (decision.action, decision.reason) == (
        Action.NONE,
        Reason.IN_SYNC,
    ):
        return None  # a new target that is as it should be is no news
    old = before.decision
    return _entry(
        after,
        now,
        Kind.DECISION,
        action=decision.action,
        reason=decision.reason,
        detail=decision.detail,
        before=f"{old.action} {old.reason}" if old else None,
        after=f"{decision.action} {decision.reason}",
    )


def _would(before: Memory, after: Memory, now: Moment) -> AuditEntry | None:
    """Tell what shadow mode would have done."""
    would = after.would
    if before.would.on is would.on:
        return None
    episode, marks = after.episode, before.would.engagements
    again = episode is not None and bool(marks) and marks[-1] >= episode.mark
    return _entry(
        after,
        now,
        Kind.WOULD,
        action=Action.ENGAGE if would.on else Action.RELEASE,
        reason=would.reason,
        detail=would.detail + (_asking(after, now, again=again) if would.on else ""),
    )


def _asking(memory: Memory, now: Moment, *, again: bool) -> str:
    """Return who asked for what has just been engaged, so that `asked` can read it."""
    text = f"; policy {memory.policy}" if memory.policy else ""
    episode = memory.episode
    if not text or again or episode is None or episode.oldest is None:
        return text
    waited = max((now.wall - episode.oldest).total_seconds(), 0.0)
    return f"{text}, {waited:.1f} s after its alert began"


def changed(before: Memory, after: Memory, now: Moment) -> AuditEntry | None:
    """Tell confirmed changes and changes of owner; `engaging` and `releasing` are intents."""
    done = {State.ENGAGED, State.RELEASED}
    moved = before.state is not after.state and after.state in done
    handed_over = before.state is after.state and before.owner is not after.owner
    if not moved and not handed_over:
        return None
    reading = after.reading
    human = before.state is State.ENGAGED and after.state is State.RELEASED
    return _entry(
        after,
        now,
        Kind.STATE,
        action=str(after.state) if moved else str(after.owner or "nobody"),
        reason=Reason.DRIFT if human else _reason(before, after),
        detail=_told(before, after, now, human=human)
        + (engagement_peak(before, now) if after.state is State.RELEASED else ""),
        actor="somebody else" if human or after.owner is Owner.EXTERNAL else "responder",
        before=_from(before, after) if moved else None,
        after=reading.value if reading else None,
    )


def _reason(before: Memory, after: Memory) -> Reason | None:
    """Return why it came to this: the decision after a change only says that nothing is left."""
    ours = before.state is not after.state and after.owner is not Owner.EXTERNAL
    made = Action.ENGAGE if after.state is State.ENGAGED else Action.RELEASE
    if ours and before.decision is not None and before.decision.action is made:
        return before.decision.reason
    if ours and after.state is State.ENGAGED:
        return Reason.OVERRIDE if after.override is not None else Reason.DEMAND
    if ours and before.on_mark is not None:
        return Reason.OVERRIDE if after.owner is Owner.OPERATOR else Reason.CALM
    return after.decision.reason if after.decision else None


def _from(before: Memory, after: Memory) -> str | None:
    """Return the value that was there; None when what is released had never come on."""
    if after.state is State.ENGAGED:
        return before.previous
    if before.on_mark is None or before.reading is None:
        return None
    return before.reading.value or str(before.reading.actual)


def _told(before: Memory, after: Memory, now: Moment, *, human: bool) -> str:
    value = after.reading.value if after.reading else "unknown"
    if human:
        return f"changed at the provider by somebody else, now {value}; left as it is"
    if after.state is State.ENGAGED is not before.state and before.on_mark is not None:
        return f"{STILL_ON}, it is {value}"
    if after.state is State.ENGAGED is not before.state:
        adopted = before.state is State.RELEASED
        known = f"{ADOPTED}, it is {value}" if adopted else f"a read confirms it, now {value}"
        again = before.episode is not None and before.episode.counted
        return known + _asking(after, now, again=adopted or again or after.override is not None)
    if before.state is not after.state:
        return f"a read confirms it, now {value}"
    return f"owner is {after.owner or 'nobody'}, was {before.owner or 'nobody'}"


def _stuck(before: Memory, after: Memory, now: Moment) -> AuditEntry | None:
    if after.stuck == before.stuck:
        return None
    action = STUCK if after.stuck else "freed"
    return _entry(after, now, Kind.STUCK, action=action, detail=after.stuck)


def _superseded(before: Memory, after: Memory, now: Moment) -> AuditEntry | None:
    """Tell of a call to the operator's routers that something newer has made untrue."""
    old, new = before.hook.after, after.hook.after
    if old is None or old.done or (new is not None and new.id == old.id):
        return None
    detail = f"not told any more after {old.tries} tries; id {old.id}"
    return _entry(after, now, Kind.HOOK, action=old.event, reason=SUPERSEDED, detail=detail)
