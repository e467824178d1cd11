"""Every link from the scrape to the responder's replicas, and the way back to people."""

from grafana.generator import expressions as promql
from grafana.generator import looks
from grafana.generator.dashboard import RULE_FILES, SITE, Dashboard, Line, Row
from grafana.generator.panels import Panel, graph, now, series, stat, table, timeline

__all__ = ["DASHBOARD"]

_LEASE = looks.words({0: ("standby", looks.QUIET), 1: ("acts", looks.ENGAGED)})
_ANSWERS = looks.words({0: ("down", looks.BAD), 1: ("up", looks.GOOD)})
_USABLE = looks.words({0: ("lost", looks.BAD), 1: ("usable", looks.GOOD)})
_TAKEN = looks.words({0: ("refused", looks.BAD), 1: ("taken", looks.GOOD)})
_GROUPS = 'rule_group=~"$rule_files;.+"'
_GROUP = '"group", "$1", "rule_group", ".*;(.+)"'
_SELF = "Needs Prometheus to scrape itself."


def _by_group(expression: str) -> str:
    """Return it with the name of the group beside that of its file."""
    return f"label_replace({expression}, {_GROUP})"


_REPLICAS = Line(
    7,
    (
        (
            8,
            timeline(
                "Replicas",
                "Whether Prometheus reaches each replica, and which one acts.",
                _ANSWERS,
                series('max by (instance) (up{job="responder"})', "{{instance}}", "5s"),
            ),
        ),
        (
            8,
            timeline(
                "Lease",
                "One replica acts, the others stand by. Nobody or two for longer than a handover "
                "is an alert.",
                _LEASE,
                series("max by (instance) (responder_lease_held)", "{{instance}}", "5s"),
            ),
        ),
        (
            8,
            timeline(
                "Configuration",
                "Refused: the last reload failed, and the configuration before it stands.",
                _TAKEN,
                series("min by (instance) (responder_config_reload_successful)", "{{instance}}"),
            ),
        ),
    ),
)

_VERSIONS = table(
    "Versions",
    "What is running where.",
    now("max by (instance, version) (responder_build_info)"),
    {"instance": "Instance", "version": "Version"},
)

_ALERTMANAGERS = timeline(
    "Alertmanagers",
    "Usable: it answers in time and holds a fresh heartbeat. What is lost cannot prove calm.",
    _USABLE,
    series("max by (url) (responder_alertmanager_usable)", "{{url}}", "5s"),
)

_HEARTBEAT = graph(
    "Age of the heartbeat",
    "Since ResponderHeartbeat was last evaluated. Beyond 2.5 x `resend_delay` without it the "
    "responder is blind.",
    "s",
    series(promql.HEARTBEAT_AGE, "age", "5s"),
)


def _counted(title: str, description: str, name: str, by: tuple[str, ...]) -> Panel:
    expression = f"sum by ({', '.join(by)}) (rate({name}[$__rate_interval]))"
    legend = " ".join(f"{{{{{label}}}}}" for label in by)
    return graph(title, description, "cps", series(expression, legend))


_MESSAGES = Line(
    8,
    (
        (
            8,
            _counted(
                "Webhooks by answer",
                "Requests by sender and our answer. Alertmanager repeats what was answered by 503, "
                "and gives up on 4xx.",
                "responder_webhook_requests_total",
                ("source", "code"),
            ).stacked(),
        ),
        (
            8,
            _counted(
                "Alerts told by webhooks",
                "Alerts in webhooks that were committed, by status.",
                "responder_webhook_alerts_total",
                ("status",),
            ),
        ),
        (
            8,
            _counted(
                "Our own alerts",
                "Tries to tell each Alertmanager what is on, stuck or held. `failed` means that "
                "nobody hears of it there.",
                "responder_notifications_total",
                ("url", "outcome"),
            ),
        ),
    ),
)

_RULES = Line(
    8,
    (
        (
            8,
            graph(
                "Evaluation, as part of the interval",
                f"Above 100 % a group misses its next turn. {_SELF}",
                "percentunit",
                series(
                    _by_group(
                        f"prometheus_rule_group_last_duration_seconds{{{_GROUPS}}}\n"
                        f"/ prometheus_rule_group_interval_seconds{{{_GROUPS}}}"
                    ),
                    "{{group}}",
                ),
            ),
        ),
        (
            8,
            graph(
                "Failed evaluations",
                f"Rules that Prometheus could not evaluate: their alerts say nothing. {_SELF}",
                "cps",
                series(
                    _by_group(
                        "rate(prometheus_rule_evaluation_failures_total"
                        f"{{{_GROUPS}}}[$__rate_interval])"
                    ),
                    "{{group}}",
                ),
            ),
        ),
        (
            8,
            graph(
                "Missed turns",
                f"Evaluations that were due and did not happen. {_SELF}",
                "cps",
                series(
                    _by_group(
                        "rate(prometheus_rule_group_iterations_missed_total"
                        f"{{{_GROUPS}}}[$__rate_interval])"
                    ),
                    "{{group}}",
                ),
            ),
        ),
    ),
)

_SCRAPES = Line(
    9,
    (
        (
            10,
            timeline(
                "Targets of the sites",
                "Whether Prometheus gets an answer of each target with a site.",
                _ANSWERS,
                series(
                    'max by (site, job, instance) (up{site=~"$site"})',
                    "{{site}} {{job}} {{instance}}",
                    "5s",
                ),
            ),
        ),
        (
            7,
            graph(
                "Slowest scrape",
                "By site. An origin under attack answers slowly; a scrape that takes longer than "
                "its timeout is lost.",
                "s",
                series('max by (site) (scrape_duration_seconds{site=~"$site"})', "{{site}}", "5s"),
            ),
        ),
        (
            7,
            graph(
                "From Prometheus to Alertmanager",
                f"Alerts that were sent, failed or were dropped, by Alertmanager. {_SELF}",
                "cps",
                series(
                    "sum by (alertmanager) "
                    "(rate(prometheus_notifications_sent_total[$__rate_interval]))",
                    "sent to {{alertmanager}}",
                ),
                series(
                    "sum by (alertmanager) "
                    "(rate(prometheus_notifications_errors_total[$__rate_interval]))",
                    "failed to {{alertmanager}}",
                ),
                series(
                    "sum(rate(prometheus_notifications_dropped_total[$__rate_interval]))", "dropped"
                ),
            ),
        ),
    ),
)

_COUNTS = (
    (
        6,
        stat(
            "Targets down",
            "Targets of sites that Prometheus cannot scrape.",
            now(promql.count('max by (site, job, instance) (up{site=~"$site"}) == 0')),
            "none",
            looks.from_one(looks.BAD),
        ),
    ),
    (
        6,
        stat(
            "Groups loaded",
            f"Groups of our rule files in Prometheus. {_SELF}",
            now(promql.count(f"prometheus_rule_group_interval_seconds{{{_GROUPS}}}")),
            "none",
            looks.UP,
        ),
    ),
    (
        6,
        stat(
            "Prometheus' configuration",
            f"Refused: the last reload failed, and the configuration before it stands. {_SELF}",
            now("min(prometheus_config_last_reload_successful)"),
            "none",
            looks.UP,
        ).shown(_TAKEN),
    ),
    (
        6,
        stat(
            "Alertmanagers of Prometheus",
            f"To how many Prometheus sends. Each belongs under `alertmanager.urls`. {_SELF}",
            now("max(prometheus_notifications_alertmanagers_discovered)"),
            "none",
            looks.UP,
        ),
    ),
)

DASHBOARD = Dashboard(
    name="pipeline",
    title="Responder: replicas and pipeline",
    description="Scrapes, rules, heartbeat, Alertmanagers, webhooks, replicas and notifications.",
    since="6h",
    variables=(SITE, RULE_FILES),
    rows=(
        Row(
            "Responder",
            (_REPLICAS, Line(7, ((8, _VERSIONS), (8, _ALERTMANAGERS), (8, _HEARTBEAT)))),
        ),
        Row("Messages", (_MESSAGES,)),
        Row("Prometheus", (Line(4, _COUNTS), _RULES, _SCRAPES)),
    ),
)
