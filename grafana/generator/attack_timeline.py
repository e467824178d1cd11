"""One attack, from the first alert to the release, on one axis of time."""

from grafana.generator import expressions as promql
from grafana.generator import looks
from grafana.generator.dashboard import (
    SITE_OF_TARGETS,
    TARGET,
    Annotation,
    Dashboard,
    Line,
    Row,
)
from grafana.generator.panels import Panel, graph, series, timeline

__all__ = ["DASHBOARD"]

_STEP = "5s"
"""As often as origins are scraped: an attack begins within seconds."""

_EARLIER = " offset $__interval"
"""One point of the graph before: at any zoom a change is marked once, if it lasts to a point."""

_SWITCHED_ON = f"{promql.engaged()} == 1 and {promql.engaged(_EARLIER)} == 0"
# What was on comes first: a mark is drawn where the value is above zero.
_SWITCHED_OFF = f"{promql.engaged(_EARLIER)} == 1 and {promql.engaged()} == 0"
_FIRES = f"{promql.by_triggers()} unless {promql.by_triggers(_EARLIER)}"

_ANNOTATIONS = (
    Annotation(
        "Triggers", "red", _FIRES, "{{alertname}} fires", "An alert asks for site {{site}}."
    ),
    Annotation("Engaged", "blue", _SWITCHED_ON, "{{target}} engaged", "Confirmed at Cloudflare."),
    Annotation("Released", "green", _SWITCHED_OFF, "{{target}} released", "No longer on by us."),
)

_STATES = timeline(
    "Alerts and mitigations",
    "Alerts that ask for a mitigation while they fire, the mitigations of the targets, and what is "
    "paused. The gap from an alert to its mitigation is the time to mitigate; the one from its end "
    "to the release is the calm that was proven.",
    looks.ALERTS_AND_MITIGATIONS,
    series(
        'max by (site, alertname) (ALERTS{alertstate="firing",mitigation!~"|none",site=~"$site"})',
        "{{site}}: {{alertname}}",
        _STEP,
    ),
    series(f"2 * {promql.ENGAGED}", "{{site}}: {{target}}", _STEP),
    series(f"3 * ({promql.PAUSED} == 1)", "{{target}} paused", _STEP),
)

_REASONS = timeline(
    "Decisions and reasons",
    "Which decision stood when, and why. What is in sync is left out.",
    looks.STANDS,
    series(
        "max by (target, action, reason) (\n"
        '  responder_decision_info{reason!="in_sync",target=~"$target"}\n)',
        "{{target}} {{action}}: {{reason}}",
        _STEP,
    ),
)

_LOAD = graph(
    "Load per core and its thresholds",
    "Load average over one minute, per core. Above `upper` the alert fires; at or below `lower` it "
    "ends. Between them nothing changes.",
    "none",
    series(promql.LOAD, "{{site}} {{instance}}", _STEP),
    series(promql.UPPER, "upper", _STEP),
    series(promql.LOWER, "lower", _STEP),
)


def _signal(title: str, description: str, unit: str, name: str) -> Panel:
    """Return what a rule records, for each origin or for each site as a whole."""
    by, legend = (
        ("site", "{{site}}")
        if name.startswith("site:")
        else ("site, instance", "{{site}} {{instance}}")
    )
    return graph(
        title,
        description,
        unit,
        series(f'max by ({by}) ({name}{{site=~"$site"}})', legend, _STEP),
    )


_HOST = Line(
    7,
    (
        (
            12,
            _signal(
                "Run queue per core",
                "Runnable tasks per core, over 15 s: rises with the overload and shows its size, "
                "sooner than the load average.",
                "none",
                "instance:node_procs_running_per_core:avg15s",
            ),
        ),
        (
            12,
            _signal(
                "CPU pressure",
                "Share of time in which at least one task waited for a core: the first to rise, "
                "and blind to how much more.",
                "percentunit",
                "instance:node_pressure_cpu_waiting:rate15s",
            ).within(0, 1),
        ),
    ),
)

_TRAFFIC = Line(
    7,
    (
        (
            12,
            _signal(
                "Requests",
                "Requests per second of each site, as the source that sees most of them counts "
                "them. Needs the rules of a web server or a proxy.",
                "reqps",
                "site:http_requests:rate1m",
            ),
        ),
        (
            12,
            _signal(
                "Share of server errors",
                "Share of the requests of each site that were answered 5xx. Needs a source that "
                "gives status codes.",
                "percentunit",
                "site:http_requests_5xx:ratio",
            ).within(0, 1),
        ),
    ),
)

DASHBOARD = Dashboard(
    name="attack-timeline",
    title="Responder: attack timeline",
    description="Alerts, mitigations, reasons and the load of the origins on one axis of time.",
    since="1h",
    variables=(SITE_OF_TARGETS, TARGET),
    annotations=_ANNOTATIONS,
    rows=(
        Row("What happened", (Line(9, ((24, _STATES),)), Line(7, ((24, _REASONS),)))),
        Row(
            "What the origins felt",
            (
                Line(9, ((24, _LOAD.dashed("upper", looks.BAD).dashed("lower", looks.GOOD)),)),
                _HOST,
                _TRAFFIC,
            ),
        ),
    ),
)
