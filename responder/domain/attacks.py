"""Attacks out of the audit trail: what belongs together of one site is one attack.

An attack is made of episodes (alerts ask for a mitigation), engagements, what shadow mode would
have done, and holds that kept something wanted off. What overlaps, or follows within `GAP`, is one
attack, whatever the target: a site is attacked, not its zones one by one. Entries of versions that
wrote down no episodes still make attacks, of the rest.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from responder.domain.attack import Attack, Part, Standing, What
from responder.domain.audit import Action, AuditEntry, Kind, Reason
from responder.domain.clock import ZERO
from responder.domain.episode_trail import BEGAN, ENDED, alerts_told, lead_told, quiet_told
from responder.domain.history import Evidence, Span, histories
from responder.domain.limits import LIMITS
from responder.domain.peak import Peak

__all__ = ["GAP", "LEAD", "NOTIFIED", "Trail", "attacks", "by_target"]

GAP = timedelta(minutes=15)
"""A site that is attacked again so soon is still under the same attack."""

LEAD = timedelta(minutes=1)
"""How long before and after an attack what leads to it, or ends it, still belongs to it."""

NOTIFIED = timedelta(minutes=10)
"""The same for what Cloudflare tells: it may come before any alert, and after all of them."""

_NAKED = LIMITS | {
    Reason.CIRCUIT_OPEN,
    Reason.API_BUDGET,
    Reason.BACKOFF,
    Reason.COOLDOWN,
    Reason.PRECONDITION,
    Reason.SHADOW,
    Reason.POLICY_OFF,
    Reason.DRIFT,
}
"""What only holds something that is wanted, or on."""

_LEADING = frozenset({Kind.OVERRIDE, Kind.INTENT, Kind.OUTCOME, Kind.NOTIFICATION, Kind.HOOK})


@dataclass(frozen=True, slots=True)
class Trail:
    """The trail of some sites, complete from `since` on, and how their targets are `now`."""

    entries: Sequence[AuditEntry]
    targets: Mapping[str, Standing]
    since: datetime
    now: datetime


def attacks(trail: Trail) -> list[Attack]:
    """Return all attacks, newest first, whatever the order of the entries."""
    parts: dict[str, list[Part]] = {}
    for target, entries in by_target(trail).items():
        for part in _parts(target, entries, trail):
            parts.setdefault(part.site, []).append(part)
    entries_of = _by_site(trail.entries)
    found = [
        attack
        for site, own in parts.items()
        for attack in _of_site(own, entries_of.get(site, []), trail)
    ]
    return sorted(found, key=lambda one: (one.began, one.site), reverse=True)


def by_target(trail: Trail) -> dict[str, list[AuditEntry]]:
    """Return the entries of each target, oldest first; all targets that are or were there."""
    found: dict[str, list[AuditEntry]] = {target: [] for target in trail.targets}
    for entry in sorted(trail.entries, key=lambda one: (one.id or 0, one.at)):
        if entry.target and entry.site and entry.kind is not Kind.NOTIFICATION:
            found.setdefault(entry.target, []).append(entry)
    return found


def _by_site(entries: Iterable[AuditEntry]) -> Mapping[str, Sequence[AuditEntry]]:
    """Return the entries of each site; a notification may name several."""
    found: dict[str, list[AuditEntry]] = {}
    for entry in sorted(entries, key=lambda one: (one.id or 0, one.at)):
        for site in dict.fromkeys(entry.site.split(", ")):
            found.setdefault(site, []).append(entry)
    return found


# what was so


def _parts(target: str, entries: Sequence[AuditEntry], trail: Trail) -> Iterator[Part]:
    standing = trail.targets.get(target)
    site = standing.site if standing else entries[-1].site
    known = {target: standing.known} if standing else {}
    (history,) = histories(Evidence(entries, known, trail.since, trail.now))
    for what, spans in ((What.ON, history.real), (What.WOULD, history.would)):
        yield from (Part(target, site, what, span) for span in spans)
    yield from (Part(target, site, What.HELD, span) for span in history.holds)
    for span, quiet in _episodes(entries, attacked=bool(standing and standing.attacked), of=trail):
        yield Part(target, site, What.ALERTED, span, quiet)


def _episodes(
    entries: Sequence[AuditEntry], *, attacked: bool, of: Trail
) -> Iterator[tuple[Span, timedelta]]:
    """Yield the episodes with the quiet at their end; an open one lasts if it is attacked now.

    Where the end of one was lost, it is over with the last entry before the next one.
    """
    began: AuditEntry | None = None
    last = of.since
    for entry in entries:
        if entry.kind is Kind.EPISODE and entry.action == BEGAN:
            if began is not None:
                yield _episode(began, last), ZERO
            began = entry
        elif entry.kind is Kind.EPISODE and entry.action == ENDED:
            first = began or replace(entry, at=of.since, detail="")
            yield _episode(first, entry.at, known=began is not None), quiet_told(entry)
            began = None
        last = max(last, entry.at)
    if began is not None:
        yield _episode(began, of.now if attacked else last, ended=not attacked), ZERO


def _episode(began: AuditEntry, end: datetime, *, known: bool = True, ended: bool = True) -> Span:
    return Span(
        began.at, max(end, began.at), None, What.ALERTED, known, ended, lead_told(began) or None
    )


# what belongs together


def _of_site(
    parts: Sequence[Part], entries: Sequence[AuditEntry], trail: Trail
) -> Iterator[Attack]:
    making = [part for part in parts if part.what is not What.HELD or part.span.reason in _NAKED]
    waves = list(_waves(making))
    bounds = [_bounds(wave) for wave in waves]
    steps = _steps(bounds, entries)
    holds = _holds(bounds, parts)
    for wave, held, own in zip(waves, holds, steps, strict=True):
        yield Attack(
            wave[0].site, tuple(wave), tuple(held), tuple(own), trail.now, _peaks(wave, own, trail)
        )


def _holds(
    bounds: Sequence[tuple[datetime, datetime]], parts: Iterable[Part]
) -> Sequence[Sequence[Part]]:
    """Return what was held during each wave; a long hold may be part of several."""
    holds: list[list[Part]] = [[] for _ in bounds]
    ends = [end for _, end in bounds]
    for part in parts:
        if part.what is What.HELD:
            at = bisect_right(ends, part.span.begin)
            while at < len(bounds) and bounds[at][0] < part.span.end:
                holds[at].append(part)
                at += 1
    return holds


def _waves(parts: Iterable[Part]) -> Iterator[Sequence[Part]]:
    wave: list[Part] = []
    reached: datetime | None = None
    for part in sorted(parts, key=lambda one: (one.span.begin, one.target)):
        if reached is not None and part.span.begin - reached > GAP:
            yield wave
            wave, reached = [], None
        wave.append(part)
        reached = part.span.end if reached is None else max(reached, part.span.end)
    if wave:
        yield wave


def _bounds(wave: Iterable[Part]) -> tuple[datetime, datetime]:
    wave = list(wave)
    return min(part.span.begin for part in wave), max(part.span.end for part in wave)


def _steps(
    bounds: Sequence[tuple[datetime, datetime]], entries: Iterable[AuditEntry]
) -> Sequence[Sequence[AuditEntry]]:
    """Return the entries of each wave: those within it, and those that lead to it or end it."""
    steps: list[list[AuditEntry]] = [[] for _ in bounds]
    index = 0
    for entry in sorted(entries, key=lambda one: one.at):
        reach = NOTIFIED if entry.kind is Kind.NOTIFICATION else LEAD
        while index < len(bounds) - 1 and entry.at > bounds[index][1] + reach:
            index += 1
        for at in range(index, min(index + 2, len(bounds))):
            begin, end = bounds[at]
            meanwhile = begin <= entry.at <= end
            if meanwhile or (_leads(entry) and begin - reach <= entry.at <= end + reach):
                steps[at].append(entry)
                break
    return [sorted(own, key=lambda one: (one.id or 0, one.at)) for own in steps]


def _leads(entry: AuditEntry) -> bool:
    """Tell whether an entry may belong to what begins just after it, or has just ended."""
    return entry.kind in _LEADING or entry.action == Action.ENGAGE


def _peaks(wave: Iterable[Part], steps: Sequence[AuditEntry], trail: Trail) -> tuple[Peak, ...]:
    """Return the peaks of what lasts, with the names of their alerts where only one is meant."""
    lasting = {part.target for part in wave if not part.span.ended}
    return tuple(
        peak if peak.alert else replace(peak, alert=_alert_of(target, steps))
        for target in sorted(lasting & trail.targets.keys())
        for peak in trail.targets[target].peaks
    )


def _alert_of(target: str, steps: Iterable[AuditEntry]) -> str:
    names = {name for step in steps if step.target == target for name in alerts_told(step)}
    return names.pop() if len(names) == 1 else "value"
