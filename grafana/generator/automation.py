"""What keeps the automation from acting: humans, blindness, shadow mode, limits and guards."""

from grafana.generator import expressions as promql
from grafana.generator import looks
from grafana.generator.dashboard import SITE_OF_TARGETS, TARGET, Dashboard, Line, Row
from grafana.generator.panels import Panel, graph, now, series, stat, table, timeline

__all__ = ["DASHBOARD"]

_LIMITS = "max_sites_engaged|max_engagements_per_hour"
_STUCK = 'max by (target) (responder_mitigation_stuck{target=~"$target"})'
_KEPT_STILL = looks.words(
    {
        0: ("no", looks.QUIET),
        1: ("blind", looks.BAD),
        2: ("paused", looks.PAUSED),
        3: ("stuck", looks.BAD),
    }
)


def _decided(reasons: str) -> str:
    matchers = f'reason=~"{reasons}",target=~"$target"'
    return f"max by (target) (responder_decision_info{{{matchers}}})"


def _number(title: str, description: str, expression: str, color: str) -> Panel:
    query = now(promql.count(expression))
    return stat(title, description, query, "none", looks.from_one(color))


_FIGURES = Line(
    4,
    (
        (
            3,
            stat(
                "Sight",
                "Blind: no Alertmanager gives a fresh heartbeat. Nothing is let go, and nothing "
                "is switched on but by a webhook.",
                now(promql.BLIND),
                "none",
                looks.NEUTRAL,
            ).shown(looks.SIGHT),
        ),
        (
            3,
            _number(
                "Paused",
                "Targets that a silence or an operator pauses: they stay as they are.",
                f"{promql.PAUSED} == 1",
                looks.PAUSED,
            ),
        ),
        (
            3,
            stat(
                "Longest pause",
                "After a day people are told: it was probably forgotten.",
                now('max(responder_paused_seconds{target=~"$target"})'),
                "s",
                ((None, "text"), (3600, looks.WARNING), (86400, looks.BAD)),
            ),
        ),
        (
            3,
            _number(
                "Overrides",
                "Targets for which an operator's order stands.",
                _decided("override"),
                looks.PAUSED,
            ),
        ),
        (
            3,
            _number(
                "Shadow",
                "Targets that would be switched on if their policy were not in shadow mode or off.",
                _decided("shadow|policy_off"),
                looks.HELD,
            ),
        ),
        (
            3,
            _number(
                "Held by limits",
                "Targets that ask for protection and get none, because too many sites are engaged, "
                "or were in the last hour.",
                promql.holds(_LIMITS),
                looks.BAD,
            ),
        ),
        (
            3,
            _number(
                "Stuck",
                "Targets that are on for longer than `maximum_duration`, or kept by blindness or "
                "sustain alerts alone for longer than `maximum_sustain`.",
                f"{_STUCK} == 1",
                looks.BAD,
            ),
        ),
        (
            3,
            _number(
                "Others' doing",
                "Targets that a human switched on, or switched off again in an episode.",
                _decided("external|drift"),
                looks.HELD,
            ),
        ),
    ),
)

_STATES = timeline(
    "Blind, paused, stuck",
    "When the automation could not see, was kept still by a human, or had something on for too "
    "long.",
    _KEPT_STILL,
    series(promql.BLIND, "blind", "5s"),
    series(f"2 * {promql.PAUSED}", "{{target}} paused", "5s"),
    series(f"3 * {_STUCK}", "{{target}} stuck", "5s"),
)

_HOLDS = Line(
    9,
    (
        (
            12,
            graph(
                "Holds by reason",
                "Targets that are held. What each reason means is in docs/how-it-decides.md.",
                "none",
                series(f"count by (reason) ({promql.holds()})", "{{reason}}"),
            ).stacked(),
        ),
        (
            12,
            table(
                "Not left to the automation",
                "Targets that are held, ordered or switched by somebody else, now.",
                now(
                    "max by (target, action, reason) (\n"
                    '  responder_decision_info{action="hold",target=~"$target"}\n'
                    "  or responder_decision_info{\n"
                    '    reason=~"override|external|drift",target=~"$target"\n  }\n)'
                ),
                {"target": "Target", "action": "Decision", "reason": "Reason"},
            ),
        ),
    ),
)

_LIMIT = Line(
    8,
    (
        (
            8,
            graph(
                "Sites engaged",
                "Sites that are ours and on, which `max_sites_engaged` limits, and targets that "
                "wait for it.",
                "none",
                series(
                    promql.count("max by (site) (responder_mitigation_engaged) == 1"), "engaged"
                ),
                series(promql.count(promql.holds("max_sites_engaged")), "waiting"),
            ),
        ),
        (
            8,
            graph(
                "Engagements in an hour",
                "First confirmed engagements of an episode, which `max_engagements_per_hour` "
                "limits, and targets that wait for it.",
                "none",
                series("sum(increase(responder_time_to_mitigate_seconds_count[1h]))", "in an hour"),
                series(promql.count(promql.holds("max_engagements_per_hour")), "waiting"),
            ),
        ),
        (
            8,
            graph(
                "Alerts that speak of nothing configured",
                "Sightings by reason. Unknown sites and mitigations are typing errors in labels; "
                "`our_own` are the heartbeat and what we tell ourselves.",
                "cps",
                series(
                    "sum by (reason) (rate(responder_unassigned_alerts_total[$__rate_interval]))",
                    "{{reason}}",
                ),
            ),
        ),
    ),
)

DASHBOARD = Dashboard(
    name="automation",
    title="Responder: automation and safety",
    description="Paused, blind, in shadow, held, limited or stuck: why nothing is switched.",
    since="24h",
    variables=(SITE_OF_TARGETS, TARGET),
    rows=(
        Row("Now", (_FIGURES,)),
        Row("Over time", (Line(9, ((24, _STATES),)), _HOLDS)),
        Row("Limits over all sites", (_LIMIT,)),
    ),
)
