"""The audit trail as a difference: what changed between two memories of one target."""

from responder.domain.audit import Action, AuditEntry, Decision, Kind, Reason
from responder.domain.clock import Moment
from responder.domain.memory import Memory, Override, Owner, State

__all__ = ["trail"]


def trail(before: Memory, after: Memory, now: Moment) -> list[AuditEntry]:
    """Return the entries that tell this change, oldest first; none when nothing worth telling."""
    found = (
        _override(before, after, now),
        _decision(before, after, now),
        _would(before, after, now),
        _state(before, after, now),
        _stuck(before, after, now),
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
    ended = new is None
    expired = ended and now.wall >= told.ends_at
    return _entry(
        after,
        now,
        Kind.OVERRIDE,
        action="ended" if ended else str(told.order),
        reason=Reason.OVERRIDE,
        detail=told.reason if not ended else ("its time is over" if expired else "lifted"),
        actor=_by(after, told, ended=ended, expired=expired),
        before=str(old.order) if old else None,
        after=str(new.order) if new else None,
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
    """Tell what shadow mode would have done: engage when the hold begins, release when it ends."""
    was, is_now = _shadowed(before.decision), _shadowed(after.decision)
    if was == is_now:
        return None
    if is_now:
        detail = after.decision.detail if after.decision else ""
        return _entry(after, now, Kind.WOULD, action="engage", reason=Reason.SHADOW, detail=detail)
    if after.wanted:
        return None
    return _entry(after, now, Kind.WOULD, action="release", reason=Reason.SHADOW)


def _shadowed(decision: Decision | None) -> bool:
    return decision is not None and decision.reason is Reason.SHADOW


def _state(before: Memory, after: Memory, now: Moment) -> AuditEntry | None:
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
        reason=Reason.DRIFT if human else (after.decision.reason if after.decision else None),
        detail=_told(before, after, human=human),
        actor="somebody else" if human or after.owner is Owner.EXTERNAL else "responder",
        before=before.previous if moved and after.state is State.ENGAGED else None,
        after=reading.value if reading else None,
    )


def _told(before: Memory, after: Memory, *, human: bool) -> str:
    value = after.reading.value if after.reading else "unknown"
    if human:
        return f"changed at the provider by somebody else, now {value}; left as it is"
    if before.state is not after.state:
        return f"a read confirms it, now {value}"
    return f"owner is {after.owner or 'nobody'}, was {before.owner or 'nobody'}"


def _stuck(before: Memory, after: Memory, now: Moment) -> AuditEntry | None:
    if after.stuck == before.stuck:
        return None
    action = "stuck" if after.stuck else "freed"
    return _entry(after, now, Kind.STUCK, action=action, detail=after.stuck)
