"""How far each origin is from its thresholds, now and in the time that is shown."""

from grafana.generator import expressions as promql
from grafana.generator import looks
from grafana.generator.dashboard import SITE, Dashboard, Line, Row
from grafana.generator.panels import Panel, Query, bars, graph, now, series, stat, table

__all__ = ["DASHBOARD"]

_CLOSE: looks.Steps = ((None, looks.GOOD), (0.5, looks.WARNING), (1, looks.BAD))
"""Of the part of `upper` that is used up."""


def _origin(expression: str) -> Query:
    return now(expression, "{{site}} {{instance}}")


def _share_above(threshold: str) -> Query:
    above = f"{promql.LOAD} > bool scalar({threshold})"
    return _origin(f"avg_over_time(({above})[$__range:$__interval])")


def _share(title: str, description: str, query: Query) -> Panel:
    return bars(title, description, query, "percentunit").within(0, 1)


_NOW = Line(
    8,
    (
        (
            8,
            bars(
                "Load now, as part of upper",
                "At 100 % the alert fires.",
                _origin(f"{promql.LOAD} / scalar({promql.UPPER})"),
                "percentunit",
            ).colored(_CLOSE),
        ),
        (
            8,
            bars(
                "Greatest load, as part of upper",
                "The greatest load in the time that is shown. A calm week that comes near 100 % "
                "asks for a higher threshold, or for more cores.",
                _origin(
                    f"max_over_time({promql.LOAD}[$__range:$__interval]) / scalar({promql.UPPER})"
                ),
                "percentunit",
            ).colored(_CLOSE),
        ),
        (
            8,
            table(
                "Thresholds",
                "Every threshold as Prometheus has it: the defaults, and what overrides them for a "
                "site or an instance.",
                now('{__name__=~"mitigation:threshold:.+"}'),
                {
                    "signal": "Signal",
                    "bound": "Bound",
                    "site": "Site",
                    "instance": "Instance",
                    "Value": "Threshold",
                    "__name__": "Series",
                },
            ),
        ),
    ),
)

_BAND = graph(
    "Load and its band",
    "Above `upper` the alert fires, at or below `lower` it ends; between them nothing changes.",
    "none",
    series(promql.LOAD, "{{site}} {{instance}}", "5s"),
    series(promql.UPPER, "upper", "5s"),
    series(promql.LOWER, "lower", "5s"),
)

_REQUESTS = 'max by (site) (sum by (site, source) (instance:http_requests:rate1m{site=~"$site"}))'
_REQUESTS_USUAL = 'site:http_requests:baseline{site=~"$site"}'
_LOAD_USUAL = 'instance:node_load1_per_core:baseline{site=~"$site"}'


def _requests_bound(bound: str) -> str:
    return f"site:threshold_http_ratio:{bound} * on (site) {_REQUESTS_USUAL}"


_BASELINES = Line(
    10,
    (
        (
            12,
            graph(
                "Requests and what is usual",
                "Above `on above` HttpFlood fires if an origin suffers, below `off below` it ends. "
                "What is usual is learnt from the same hour of earlier weeks, and the last one.",
                "reqps",
                series(_REQUESTS, "{{site}}", "5s"),
                series(_REQUESTS_USUAL, "{{site}} usual"),
                series(_requests_bound("upper"), "{{site}} on above"),
                series(_requests_bound("lower"), "{{site}} off below"),
            ),
        ),
        (
            12,
            graph(
                "Load and what is usual",
                "What is usual is learnt from the same time of earlier days and weeks: a nightly "
                "job is known after two nights.",
                "none",
                series(promql.LOAD, "{{site}} {{instance}}", "5s"),
                series(_LOAD_USUAL, "{{site}} {{instance}} usual"),
            ),
        ),
    ),
)

_HISTORY = Line(
    6,
    (
        (
            12,
            bars(
                "Days of requests",
                "How many of the last seven days are known. Below a quarter of one nothing is "
                "usual yet, and no detector that compares fires.",
                now('site:http_requests:points_7d{site=~"$site"} / 288', "{{site}}"),
                "none",
            ).within(0, 7),
        ),
        (
            12,
            bars(
                "Days of load",
                "The same for the load of each origin.",
                _origin('instance:node_load1_per_core:points_7d{site=~"$site"} / 288'),
                "none",
            ).within(0, 7),
        ),
    ),
)

_SHARES = Line(
    8,
    (
        (
            9,
            _share(
                "Time above lower",
                "Share of the time that is shown. An alert that fires there does "
                "not end: `lower` belongs above what an ordinary busy day reaches.",
                _share_above(promql.LOWER),
            ),
        ),
        (
            9,
            _share(
                "Time above upper",
                "Share of the time that is shown. Outside of attacks this is "
                "what the threshold costs in needless challenges.",
                _share_above(promql.UPPER),
            ),
        ),
        (
            6,
            stat(
                "Sites without a signal",
                "Sites whose targets answer and whose load nobody measures: no detector watches "
                "them.",
                now(
                    promql.count(
                        'group by (site) (up{site=~"$site"} == 1) unless on (site) '
                        "group by (site) (instance:node_load1_per_core:ratio)"
                    )
                ),
                "none",
                looks.from_one(looks.BAD),
            ),
        ),
    ),
)

DASHBOARD = Dashboard(
    name="thresholds",
    title="Responder: thresholds and baseline",
    description="The signals of the origins against the thresholds that switch mitigations.",
    since="24h",
    variables=(SITE,),
    rows=(
        Row("Now", (_NOW,)),
        Row(
            "In the time that is shown",
            (
                Line(10, ((24, _BAND.dashed("upper", looks.BAD).dashed("lower", looks.GOOD)),)),
                _SHARES,
            ),
        ),
        Row("Against what is usual", (_BASELINES, _HISTORY)),
    ),
)
