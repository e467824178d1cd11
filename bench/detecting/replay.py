"""The shipped rules over a simulated past, evaluated by a real Prometheus.

Recording rules are evaluated by range queries at their own interval, stage by stage, each stage
imported before the next asks for it. Alerts are evaluated by two range queries: one with the
alert's own `ALERTS` empty, which is what switches it on, one with it firing, which is what keeps it
on; the walk over both is what Prometheus does step by step. Rules that are evaluated every 5 s are
evaluated every minute here, which is what the simulated samples carry.
"""

import re
from collections.abc import Iterator

from detecting.history import Asked, History, lines
from detecting.rulebook import Rule, Rulebook
from detecting.worlds import BEGIN, WARM_UP, World

__all__ = ["ALWAYS", "NEVER", "OWN", "SIMULATED", "Firing", "fired", "recorded", "walked"]

SIMULATED = {
    "instance:node_load1_per_core:ratio",
    "instance:node_cpu:count",
    "instance:node_procs_running_per_core:avg15s",
    "instance:node_pressure_cpu_waiting:rate15s",
    "instance:http_requests:rate1m",
    "instance:http_requests:rate15s",
    "instance:http_requests_5xx:rate1m",
}
"""Canonical series that are simulated; the rules that record them are not evaluated."""

Firing = dict[str, set[int]]
"""By site, the minutes in which an alert fires."""

OWN = re.compile(r'ALERTS\{alertname="\w+",alertstate="firing"\}')

"""An alert's own memory, in its expression; and what stands for it while it is off, and on."""

NEVER = "vector(0) > 1"

ALWAYS = (
    "(group by (site, instance) (instance:node_load1_per_core:ratio)"
    " or group by (site) (instance:node_load1_per_core:ratio))"
)


def recorded(
    history: History, world: World, book: Rulebook, known: set[str], *, free: bool
) -> set[str]:
    """Evaluate and import what the triggers need; return all names that are stored then.

    First what depends on no threshold (`free`), which is the same with every preset; then the rest.
    """
    stored = set(known)
    stages = book.stages(known, book.triggers)
    if free:
        stages = [{name: stage[name] for name in stage.keys() & book.free()} for stage in stages]
        stages = [stage for stage in stages if stage]
    whole = {name for stage in stages for name in stage}
    for stage in stages:
        with history.served() as asked:
            text = [
                line
                for name, back in stage.items()
                for rule in book.put_in(name, stored | whole)
                for line in _record(asked, world, rule, back)
            ]
        if text:
            history.add(text)
        stored |= stage.keys()
    return stored


def _record(asked: Asked, world: World, rule: Rule, back: int) -> Iterator[str]:
    step = rule.interval
    begin = max(BEGIN + 60 * WARM_UP - back, BEGIN) // step * step
    end = BEGIN + 60 * (world.minutes - 1)
    for labels, points in asked.over(rule.expression, begin, end, step):
        kept = {key: value for key, value in labels.items() if key != "__name__"}
        yield from lines(rule.name, {**kept, **rule.labels}, points)


def fired(asked: Asked, world: World, book: Rulebook, alert: Rule, stored: set[str]) -> Firing:
    """Return when an alert fires, on any instance of each site."""
    begin, end = BEGIN + 60 * WARM_UP, BEGIN + 60 * (world.minutes - 1)
    expression = book.inlined(alert.expression, stored)
    enter, hold = (
        {
            _where(labels): {(at - BEGIN) // 60 for at, _ in points}
            for labels, points in asked.over(OWN.sub(own, expression), begin, end, 60)
        }
        for own in (NEVER, ALWAYS)
    )
    firing: Firing = {}
    for where, kept in hold.items():
        on = walked(enter.get(where, set()), kept, alert.waits // 60)
        firing.setdefault(where[0], set()).update(on)
    return firing


def walked(enter: set[int], hold: set[int], waits: int) -> set[int]:
    """Return the minutes in which an alert fires that `enter` starts and `hold` keeps on.

    `hold` is the expression with the alert firing, so it holds wherever `enter` does.
    """
    on: set[int] = set()
    pending: int | None = None
    for minute in sorted(enter | hold):
        if minute - 1 in on and minute in hold:
            on.add(minute)
            continue
        if minute not in enter:
            pending = None
            continue
        if pending is None or minute - 1 not in enter:
            pending = minute
        if minute - pending >= waits:
            on.add(minute)
    return on


def _where(labels: dict[str, str]) -> tuple[str, str]:
    return labels["site"], labels.get("instance", "")
