"""The same attacks when the mitigation works: what is detected decides what the origin sees next.

Every attack is moved to one and the same evening, each on a site of its own, with two hours of its
site's past before it and the baselines that its site had. Then all are played at once, minute by
minute: what the origins show is written to a Prometheus, the shipped rules are evaluated at that
minute, the responder's default guards decide, and a minute after the mitigation is on 95 % of the
attack are gone. Nothing is evaluated ahead, so this is exact but for two things: a baseline does
not learn from what was mitigated, and what is no attack is as it is without the mitigation.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from detecting.attacks import Attack
from detecting.history import WAITED, Asked, History, Sample, exposed, lines, raw, waited
from detecting.origin import Origin
from detecting.policy import Mitigation
from detecting.replay import ALWAYS, NEVER, OWN, SIMULATED
from detecting.rulebook import Rule, Rulebook
from detecting.worlds import BEGIN, HARM, WARM_UP, Seen, World
from detecting.writing import request, series

__all__ = ["Lane", "played"]

_COPIED = ("site:http_requests:baseline", "instance:node_load1_per_core:baseline")

_BEFORE = 130
"""Minutes of past; the longest that a detector looks back is two hours."""

_AFTER = 125
"""Minutes after an attack: the longest calm, and a little."""

_LEFT = 0.05
"""Share of an attack that passes the mitigation."""


@dataclass(slots=True)
class Lane:
    """One attack, and what became of it."""

    seen: Seen
    attack: Attack
    name: str
    origin: Origin
    mitigation: Mitigation = field(default_factory=Mitigation)
    total: float = 0.0
    firing: set[int] = field(default_factory=set)
    on: set[int] = field(default_factory=set)
    hurt: set[int] = field(default_factory=set)
    """Minutes with a trigger, with the mitigation on, and with harm in spite of it."""

    @property
    def end(self) -> int:
        """The first minute of its site that it does not know."""
        return min(self.attack.end + _AFTER, len(self.seen.site.rate))

    alerts: set[str] = field(default_factory=set)
    """The triggers that fire now."""

    def at(self, minute: int) -> int:
        """Return the minute of its site that is played at a minute of the evening."""
        return self.attack.start + minute - _BEFORE

    def heard(self, at: int) -> None:
        """Let the responder hear at the end of a minute what fires."""
        if self.alerts:
            self.firing.add(at)
        if self.mitigation.minute(at, trigger=bool(self.alerts)):
            self.on.add(at)

    def over(self, at: int) -> bool:
        """Tell whether nothing more can happen in it."""
        return at >= self.end or (at >= self.attack.end and not self.mitigation.on)

    def minute(self, at: int) -> list[tuple[str, dict[str, str], list[tuple[int, float]]]]:
        """Let a minute of its site pass; return what is exposed at its end."""
        rates, share = self.attack.rates, _LEFT if {at - 1, at - 2} <= self.on else 1.0
        rate = rates[at - self.attack.start] if at < self.attack.end else 0.0
        state = self.seen.minute(self.origin, at, (share * rate, self.attack.cost))
        if state["load"] >= HARM:
            self.hurt.add(at)
        moment = BEGIN + 60 * (_BEFORE + at - self.attack.start)
        found: list[Sample] = list(exposed(self.name, state, float(self.seen.site.machine.cores)))
        points = [(name, labels, [(moment, value)]) for name, labels, value in found]
        counter = waited(moment, self.total, state["pressure"])
        self.total = counter[-1][1]
        host = {"site": self.name, "instance": f"{self.name}:9100"}
        return [*points, (WAITED, host, counter)]


def played(opened: Asked, world: World, book: Rulebook, folder: Path) -> list[Lane]:
    """Play all attacks of a world; `opened` answers what its sites' baselines were."""
    alerts = book.triggers
    if any(alert.waits for alert in alerts):
        raise NotImplementedError("a trigger with `for` is not played")
    lanes = [
        Lane(seen, attack, f"lane{number}", Origin(seen.site.machine))
        for number, (seen, attack) in enumerate(
            (seen, attack) for seen in world.sites for attack in seen.attacks
        )
    ]
    last = max(lane.end - lane.attack.start for lane in lanes) + _BEFORE
    history = History(folder)
    history.add(line for lane in lanes for line in _past(lane))
    history.add(line for name in _COPIED for line in _copied(opened, world, name, lanes))
    known = SIMULATED | set(_COPIED)
    stages = book.stages(known, alerts)
    stored = known | {name for stage in stages for name in stage}
    for stage in stages:
        with history.served() as asked:
            text = [line for name in stage for line in _begun(asked, book, name, stored, last)]
        if text:
            history.add(text)
    fresh = [
        rule
        for stage in stages
        for name in stage
        for rule in book.put_in(name, stored)
        if not rule.chosen
    ]
    inlined = [replace(one, expression=book.inlined(one.expression, stored)) for one in alerts]
    with history.served() as asked:
        for minute in range(_BEFORE, last):
            if not _minute(asked, lanes, fresh, inlined, minute):
                break
    return lanes


def _past(lane: Lane) -> Iterator[str]:
    """Write what its site showed before the attack, and remember where that ends."""
    start = lane.attack.start
    lane.origin.load = lane.seen.series["load"][start - 1]
    lane.total = 60 * sum(lane.seen.series["pressure"][start - _BEFORE : start])
    return raw(lane.seen, range(start - _BEFORE, start), lane.name, 0)


def _copied(opened: Asked, world: World, name: str, lanes: list[Lane]) -> Iterator[str]:
    """Write a baseline of each lane's site as it was, from before the attack to the end."""
    begin, end = BEGIN + 60 * (WARM_UP - _BEFORE), BEGIN + 60 * (world.minutes - 1)
    known = {
        labels["site"]: (labels, {(at - BEGIN) // 60: value for at, value in points})
        for labels, points in opened.over(name, begin, end, 60)
    }
    for lane in lanes:
        labels, values = known[lane.seen.site.name]
        moved = {"site": lane.name}
        if "instance" in labels:
            moved["instance"] = f"{lane.name}:9100"
        first = lane.attack.start - _BEFORE
        points = (
            (BEGIN + 60 * (at - first), values[at]) for at in range(first, lane.end) if at in values
        )
        yield from lines(name, moved, points)


def _begun(asked: Asked, book: Rulebook, name: str, stored: set[str], last: int) -> Iterator[str]:
    """Record what the past gives; what is chosen (thresholds) stays as it is to the end."""
    now = BEGIN + 60 * (_BEFORE - 1)
    for rule in book.put_in(name, stored):
        if rule.chosen:
            times = range(BEGIN, BEGIN + 60 * last, rule.interval)
            found = [
                (labels, [(at, value) for at in times])
                for labels, value in asked.at(rule.expression, now)
            ]
        else:
            found = asked.over(rule.expression, BEGIN, now, rule.interval)
        for labels, points in found:
            kept = {key: value for key, value in labels.items() if key != "__name__"}
            yield from lines(rule.name, {**kept, **rule.labels}, points)


def _minute(
    asked: Asked, lanes: list[Lane], fresh: list[Rule], alerts: list[Rule], minute: int
) -> bool:
    """Play one minute of all lanes that are not over; tell whether there were any."""
    moment = BEGIN + 60 * minute
    living = [lane for lane in lanes if not lane.over(lane.at(minute))]
    if not living:
        return False
    asked.write(request(series(*one) for lane in living for one in lane.minute(lane.at(minute))))
    for rule in fresh:
        if moment % rule.interval == 0:
            found = asked.at(rule.expression, moment)
            asked.write(
                request(
                    series(rule.name, {**_plain(labels), **rule.labels}, [(moment, value)])
                    for labels, value in found
                )
            )
    enter, hold = (
        {
            (labels["site"], alert.name)
            for alert in alerts
            for labels, _ in asked.at(OWN.sub(own, alert.expression), moment)
        }
        for own in (NEVER, ALWAYS)
    )
    for lane in living:
        known = {name for site, name in hold if site == lane.name} & lane.alerts
        lane.alerts = known | {name for site, name in enter if site == lane.name}
        lane.heard(lane.at(minute))
    return True


def _plain(labels: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in labels.items() if key != "__name__"}
