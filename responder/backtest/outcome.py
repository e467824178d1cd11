"""One past, replayed: what fired, what would have been on, what held it, what really happened."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

from responder.backtest.charts import Charts, chart_rules
from responder.backtest.coverage import HistoryError, surveyed
from responder.backtest.decisions import Course, acting, decided
from responder.backtest.engine import Engine
from responder.backtest.firing import Firing
from responder.backtest.history import History
from responder.backtest.marks import TAIL, Mark, Score, Span, score
from responder.backtest.program import Program, compiled
from responder.backtest.replay import Progress, Window, followed
from responder.backtest.rules import Rule
from responder.domain.alerts import Matcher
from responder.domain.history import histories
from responder.domain.report import Sums, sums
from responder.domain.targets import Inventory, Policy, Target
from responder.mitigations.registry import KINDS

__all__ = [
    "Asked",
    "Outcome",
    "built_in",
    "concerning",
    "engaged_by_site",
    "judged",
    "moment",
    "replayed",
    "tail_of",
]


@dataclass(frozen=True)
class Outcome:
    """What came of a replay."""

    window: Window
    firings: Sequence[Firing]
    course: Course
    charts: Charts
    sites: Mapping[str, Sequence[Sums]]
    """What would have been done, by site and policy."""
    engaged: Mapping[str, Sequence[Span]]
    """When anything of a site would have been on."""
    target_sites: Mapping[str, str]
    """The site of each target."""
    marks: Sequence[Mark]
    score: Score
    notes: Sequence[str] = ()
    """What a reader must know, such as sources without data."""


def moment(seconds: int) -> datetime:
    """Return a moment of a window on the calendar."""
    return datetime.fromtimestamp(seconds, UTC)


def concerning(rules: Sequence[Rule]) -> list[Rule]:
    """Return the rules without the alerts that are for humans alone and watch the watchers."""
    return [one for one in rules if not (one.alerting and _for_watchers(one.labels))]


def _for_watchers(labels: Mapping[str, str]) -> bool:
    return "action" in labels or labels.get("mitigation") == "none"


@dataclass(frozen=True)
class Asked:
    """What is to be replayed."""

    rules: Sequence[Rule]
    window: Window
    inventory: Inventory | None = None
    """None: a zone for each site that there is, and the policies that are built in."""
    marks: Sequence[Mark] = ()

    @cached_property
    def program(self) -> Program:
        """The rules in order, with what is drawn; raises ExpressionError."""
        drawn = chart_rules()
        return compiled([*concerning(self.rules), *drawn], {one.name for one in drawn})


async def replayed(history: History, asked: Asked, progress: Progress) -> Outcome:
    """Replay a window; raises ExpressionError, HistoryError and PrometheusError."""
    survey = await surveyed(history, asked.program, asked.window)
    window = survey.window
    charts = Charts(window.start, window.end)
    engine = Engine(asked.program, observer=charts.observe)
    await followed(history, [engine], window, progress)
    firings = engine.fired(window.end)
    if not charts.lines and not firings:
        raise HistoryError(
            "the metrics are there, but nothing comes of them: do the targets carry the label"
            " `site`? (rules/README.md, and `responder doctor`)"
        )
    inventory = asked.inventory or built_in(
        {*charts.lines, *(one.labels.get("site", "") for one in firings)} - {""}
    )
    return replace(judged(firings, charts, inventory, asked, window), notes=survey.notes)


def built_in(sites: Iterable[str]) -> Inventory:
    """Return one zone for each site, named like it, under the policies that are built in."""
    kinds = [kind for kind in KINDS if kind.resource == "zone"]
    targets = [Target(site, kind.name, site) for site in sites for kind in kinds]
    policies = [
        Policy(
            kind.name.replace("_", "-"),
            kind.name,
            (Matcher("mitigation", kind.name),),
            adopt=kind.adopt,
            sustain_expires=kind.sustain_expires,
        )
        for kind in kinds
    ]
    return Inventory(targets, policies)


def judged(
    firings: Sequence[Firing], charts: Charts, inventory: Inventory, asked: Asked, window: Window
) -> Outcome:
    """Decide as the service would have, and compare that with the attacks."""
    begin, end = moment(window.start), moment(window.end)
    course = decided(firings, acting(inventory), begin, end)
    sites = {site: _sums(course, inventory, site) for site in sorted(inventory.sites)}
    engaged = engaged_by_site(course, inventory)
    tail = tail_of(inventory.policies)
    found = score(engaged.items(), asked.marks, (begin, end), tail)
    owners = {one.id: one.site for one in inventory.targets.values()}
    return Outcome(window, firings, course, charts, sites, engaged, owners, asked.marks, found)


def tail_of(policies: Sequence[Policy]) -> timedelta:
    """Return how long after an attack being on is what the guards ask for."""
    return TAIL + max((one.guards.calm_period for one in policies), default=timedelta(0))


def _sums(course: Course, inventory: Inventory, site: str) -> list[Sums]:
    evidence = course.evidence
    mine = {one.id for one in inventory.sites[site]}
    part = replace(
        evidence,
        entries=[one for one in evidence.entries if one.target in mine],
        targets={name: one for name, one in evidence.targets.items() if name in mine},
    )
    return sums(part, evidence.since, evidence.now)


def engaged_by_site(course: Course, inventory: Inventory) -> dict[str, list[Span]]:
    """Return when anything of each site was on: stretches of its targets that meet are one."""
    found: dict[str, list[Span]] = {site: [] for site in sorted(inventory.sites)}
    targets = list(course.evidence.targets)
    for target, history in zip(targets, histories(course.evidence), strict=False):
        site = inventory.targets[target].site
        found[site] += [(span.begin, span.end) for span in history.real]
    return {site: _joined(spans) for site, spans in found.items()}


def _joined(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined
