"""What is on, what is asked for, why the rest waits, and whether the whole chain is well."""

from grafana.generator import expressions as promql
from grafana.generator import looks
from grafana.generator.dashboard import SITE_OF_TARGETS, TARGET, Dashboard, Line, Row
from grafana.generator.panels import Panel, bars, graph, now, series, stat, table

__all__ = ["DASHBOARD"]

_SITES = Line(
    4,
    (
        (
            4,
            stat(
                "Sites on",
                "Sites with a mitigation that is on by a confirmed write of ours.",
                now(promql.count(f"{promql.ENGAGED_SITES} == 1")),
                "none",
                looks.from_one(looks.ENGAGED),
            ),
        ),
        (
            4,
            stat(
                "Sites off",
                "Sites of which nothing is on by us. What a human switched on counts as off here.",
                now(promql.count(f"{promql.ENGAGED_SITES} == 0")),
                "none",
                looks.NEUTRAL,
            ),
        ),
        (
            4,
            stat(
                "Sites asked for",
                "Sites with a firing trigger in Prometheus. A silence is not seen here: a site may "
                "be asked for and paused.",
                now(promql.count(f"count by (site) ({promql.TRIGGERS})")),
                "none",
                looks.from_one(looks.BAD),
            ),
        ),
        (
            4,
            stat(
                "Held off",
                "Targets that are off and held: wanted, blind or paused. The table says why.",
                now(
                    promql.count(
                        f"max by (target) ({promql.holds()}) unless on (target) "
                        f"{promql.ENGAGED} == 1"
                    )
                ),
                "none",
                looks.from_one(looks.BAD),
            ),
        ),
        (
            4,
            stat(
                "Kept on",
                "Targets that are on and not let go yet: minimum duration, calm period and the "
                "like. The table says why.",
                now(
                    promql.count(
                        f"max by (target) ({promql.holds()}) and on (target) {promql.ENGAGED} == 1"
                    )
                ),
                "none",
                looks.from_one(looks.HELD),
            ),
        ),
        (
            4,
            stat(
                "Paused",
                "Targets that a silence or an operator pauses.",
                now(promql.count(f"{promql.PAUSED} == 1")),
                "none",
                looks.from_one(looks.PAUSED),
            ),
        ),
    ),
)

_RUNNING = looks.words({0: ("DOWN", looks.BAD)})
_USABLE = looks.words({0: ("LOST", looks.BAD), 1: ("all usable", looks.GOOD)})
_CONFIGURATION = looks.words({0: ("REFUSED", looks.BAD), 1: ("taken", looks.GOOD)})
_LEASE = looks.words({0: ("NOBODY", looks.BAD), 1: ("held", looks.GOOD)})


def _circuit(kind: str, title: str) -> Panel:
    return stat(
        title,
        f"The circuit of {kind}s at Cloudflare: open after three failures in a row, or at once "
        "when the token is refused.",
        now(f"max({promql.circuits(kind)})"),
        "none",
        looks.NEUTRAL,
    ).shown(looks.CIRCUIT)


_PIPELINE = Line(
    4,
    (
        (
            3,
            stat(
                "Responders",
                "Replicas that answer Prometheus.",
                now('sum(up{job="responder"})'),
                "none",
                looks.UP,
            ).shown(_RUNNING),
        ),
        (
            3,
            stat(
                "Acts",
                "Whether a replica holds the lease. A responder alone always does.",
                now("max(responder_lease_held)"),
                "none",
                looks.UP,
            ).shown(_LEASE),
        ),
        (
            3,
            stat(
                "Sight",
                "Blind: no Alertmanager gives a fresh heartbeat. What is on stays on.",
                now(promql.BLIND),
                "none",
                looks.NEUTRAL,
            ).shown(looks.SIGHT),
        ),
        (
            3,
            stat(
                "Alertmanagers",
                "Whether each Alertmanager that is asked answers with a fresh heartbeat.",
                now("min(max by (url) (responder_alertmanager_usable))"),
                "none",
                looks.UP,
            ).shown(_USABLE),
        ),
        (
            3,
            stat(
                "Heartbeat",
                "Age of the heartbeat alert in Prometheus, which evaluates it every 5 s.",
                now(promql.HEARTBEAT_AGE),
                "s",
                looks.below(15, 60),
            ),
        ),
        (3, _circuit("read", "Cloudflare reads")),
        (3, _circuit("write", "Cloudflare writes")),
        (
            3,
            stat(
                "Configuration",
                "Refused: the last reload failed, and the configuration before it stands.",
                now("min(responder_config_reload_successful)"),
                "none",
                looks.UP,
            ).shown(_CONFIGURATION),
        ),
    ),
)

_DECISIONS = Line(
    10,
    (
        (
            15,
            table(
                "Decisions now",
                "The decision that stands for each target, and for how long the target has been on "
                "by us. `responder explain TARGET` tells the rest.",
                now(
                    f"{promql.DECISIONS}\n* on (target) group_left (site)\n"
                    "max by (site, target) (\n"
                    '  responder_mitigation_engaged_seconds{site=~"$site",target=~"$target"}\n)'
                ),
                {
                    "site": "Site",
                    "target": "Target",
                    "action": "Decision",
                    "reason": "Reason",
                    "Value": "On for",
                },
            ).column("On for", unit="s", mappings=looks.OFF_OR_SECONDS),
        ),
        (
            9,
            bars(
                "Reasons now",
                "How many targets each decision and reason stands for.",
                now(f"count by (action, reason) ({promql.DECISIONS})", "{{action}}: {{reason}}"),
                "none",
            ),
        ),
    ),
)

_OVER_TIME = Line(
    8,
    (
        (
            12,
            graph(
                "Targets on",
                "Targets that are on by us, by site.",
                "none",
                series(f"sum by (site) ({promql.ENGAGED})", "{{site}}"),
            ).stacked(),
        ),
        (
            12,
            graph(
                "Holds by reason",
                "Targets that are held, by reason, whether they are on or off.",
                "none",
                series(f"count by (reason) ({promql.holds()})", "{{reason}}"),
            ).stacked(),
        ),
    ),
)


def _mitigate(share: float, title: str) -> Panel:
    return stat(
        title,
        "From the start of the oldest alert to the mitigation confirmed at Cloudflare, over the "
        "time that is shown, for all sites; as exact as the buckets of the histogram.",
        now(
            f"histogram_quantile({share:g}, sum by (le) (\n"
            "  increase(responder_time_to_mitigate_seconds_bucket[$__range])\n))"
        ),
        "s",
        looks.below(10, 60),
    ).shown(looks.NO_NUMBER)


_MITIGATE = Line(
    7,
    (
        (4, _mitigate(0.5, "Median time to mitigate")),
        (4, _mitigate(0.9, "90 % are faster than")),
        (
            4,
            stat(
                "Engagements",
                "First confirmed engagements of an episode in the time that is shown, for all "
                "sites.",
                now("sum(increase(responder_time_to_mitigate_seconds_count[$__range]))"),
                "none",
                looks.NEUTRAL,
            ).rounded(),
        ),
        (
            12,
            graph(
                "New decisions",
                "Decisions that differ from the one before, for all sites. The first of a kind "
                "after a start is not seen: a counter that appears has no increase.",
                "none",
                series(
                    "sum by (action, reason) "
                    "(increase(responder_decisions_total[$__rate_interval]))",
                    "{{action}}: {{reason}}",
                ),
            )
            .stacked()
            .drawn(drawStyle="bars"),
        ),
    ),
)

DASHBOARD = Dashboard(
    name="overview",
    title="Responder: overview",
    description="Sites on, off and asked for, the decisions with their reasons, and the chain.",
    since="6h",
    variables=(SITE_OF_TARGETS, TARGET),
    rows=(
        Row("Sites", (_SITES,)),
        Row("Health of the chain", (_PIPELINE,)),
        Row("Decisions", (_DECISIONS, _OVER_TIME)),
        Row("Time to mitigate", (_MITIGATE,)),
    ),
)
