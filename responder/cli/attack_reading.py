"""Attacks as a command reads them: through whoever answers, the service or the store."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import fields
from datetime import timedelta
from typing import TypeVar

from responder.cli.answers import Answers, EventAnswer, EventQuestion, TargetAnswer
from responder.domain.attack import Attack, Standing
from responder.domain.attack_reading import LOOK_BACK, Question, Reach, around, back_to
from responder.domain.attacks import Trail, attacks
from responder.domain.audit import Action, AuditEntry, Kind
from responder.domain.history import Known
from responder.domain.memory import Demand, Owner, State
from responder.domain.peak import Peak
from responder.domain.targets import Mode
from responder.errors import ResponderError
from responder.settings import format_duration

__all__ = ["MOST_ENTRIES", "read_around", "read_back"]

MOST_ENTRIES = 100_000
"""Entries read for one command: its process is its own, and the service gives a page at a time."""

_SECOND = timedelta(seconds=1)
_KINDS = {kind.value: kind for kind in Kind}
_COPIED = {one.name for one in fields(AuditEntry)} - {"kind", "action"}
_T = TypeVar("_T")


def read_back(answers: Answers, since: timedelta, site: str | None) -> tuple[Trail, Reach]:
    """Read the trail of a period, and the day before it."""
    targets = _targets(answers, site)
    now = answers.now()
    reach = _read(answers, back_to(now - since - LOOK_BACK, site, most=MOST_ENTRIES))
    if not targets and not reach.entries and site is not None:
        raise ResponderError(f"nothing is known of a site {site!r}; `responder status` lists them")
    return Trail(reach.entries, targets, reach.begin, now), reach


def read_around(answers: Answers, number: int) -> Attack | None:
    """Read the attack to which an entry of the trail belongs; None when there is none."""
    targets = _targets(answers, None)
    reach = _read(answers, around(number, MOST_ENTRIES))
    if reach is None:
        return None
    standing = targets if reach.to_now else {}
    trail = Trail(reach.entries, standing, reach.begin, answers.now())
    found = (one for one in attacks(trail) if any(step.id == number for step in one.steps))
    return next(found, None)


def _read(answers: Answers, reading: Generator[Question, Sequence[AuditEntry], _T]) -> _T:
    try:
        question = next(reading)
        while True:
            question = reading.send([_entry(one) for one in _page(answers, question)])
    except StopIteration as done:
        value: _T = done.value
        return value


def _page(answers: Answers, question: Question) -> Sequence[EventAnswer]:
    since = None
    if question.since is not None:
        back = answers.now() - question.since
        since = format_duration(-(-back // _SECOND) * _SECOND)
    asked = EventQuestion(since=since, before=question.before, limit=question.limit)
    return answers.events(asked).events


def _entry(event: EventAnswer) -> AuditEntry:
    """Return an event as the domain knows it; a kind of a newer service becomes a plain entry."""
    kind = _KINDS.get(event.kind)
    action = event.action if kind else f"{event.kind} {event.action}".strip()
    copied = event.model_dump(include=_COPIED)
    return AuditEntry(kind=kind or Kind.SERVICE, action=action, **copied)


def _targets(answers: Answers, site: str | None) -> dict[str, Standing]:
    told = answers.targets().targets
    return {one.id: _standing(one) for one in told if site in {None, one.site}}


def _standing(target: TargetAnswer) -> Standing:
    decision = target.decision
    held = decision.reason if decision and decision.action == Action.HOLD else None
    engaged = target.state in {State.ENGAGED, State.RELEASING}
    return Standing(
        target.site,
        Known(target.policy, engaged, target.mode == Mode.SHADOW, held),
        target.demand != Demand.NONE or engaged,
        target.owner == Owner.EXTERNAL,
        tuple(_peaks(target)),
    )


def _peaks(target: TargetAnswer) -> Iterator[Peak]:
    """Yield the peaks of the episode as the service tells them; one alone comes without a name."""
    for told in (target.peak or "").split(", "):
        name, _, value = told.rpartition(" ")
        try:
            yield Peak(name, float(value))
        except ValueError:
            continue
