"""Prefixes on demand: what is advertised and what each waits for; the rest is in `edge`."""

from grafana.generator import edge, looks
from grafana.generator import expressions as promql
from grafana.generator.dashboard import (
    SITE_OF_PREFIXES,
    TARGET_OF_PREFIXES,
    Dashboard,
    Line,
    Row,
)
from grafana.generator.panels import bars, graph, now, series, stat, table, timeline

__all__ = ["DASHBOARD"]

_STEP = "5s"


def _state(**labels: str) -> str:
    """Return the prefixes that are in a state, of those that are chosen."""
    chosen = 'mitigation="prefix_advertisement",site=~"$site",target=~"$target"'
    matchers = (*(f'{name}="{value}"' for name, value in labels.items()), chosen)
    return f"responder_mitigation_state_info{{{','.join(matchers)}}}"


def _of_targets(name: str) -> str:
    """Return what the responder says of each target that is chosen."""
    return f'max by (target) (responder_{name}{{target=~"$target"}})'


def _left_until(name: str) -> str:
    return f"clamp_min({_of_targets(name)} - time(), 0)"


_TURNS = (
    {"state": "released", "actual": "off"},
    {"state": "engaging"},
    {"state": "engaged"},
    {"state": "releasing"},
    {"state": "released", "actual": "on"},
    {"state": "released", "actual": "unknown"},
)
_NUMBERED = "\n  or ".join(f"{number} * {_state(**turn)}" for number, turn in enumerate(_TURNS))
# Of two replicas in a handover the one that has come further counts.
_STATES = f"max by (site, target) (\n  {_NUMBERED}\n)"
_ADVERTISED = f"max by (site, target) ({_state(actual='on')})"
_BY_OTHERS = f"max by (site, target) ({_state(state='released', actual='on')})"

_PREFIX_STATES = looks.words(
    {
        0: ("withdrawn", looks.QUIET),
        1: ("advertising", looks.HELD),
        2: ("advertised", looks.ENGAGED),
        3: ("withdrawing", looks.WARNING),
        4: ("advertised by others", looks.PAUSED),
        5: ("unknown", looks.BAD),
    }
)
_PROOF = looks.words({0: ("NO PROOF", looks.BAD), 1: ("proven", looks.GOOD)})

_FIGURES = Line(
    4,
    (
        (
            4,
            stat(
                "Advertised",
                "Prefixes that Cloudflare's API shows as advertised, whoever asked for it. The "
                "internet's routers follow within minutes.",
                now(promql.count(_ADVERTISED)),
                "none",
                looks.from_one(looks.ENGAGED),
            ),
        ),
        (
            4,
            stat(
                "Advertised by others",
                "Advertised, and not by us: by a human, or by Cloudflare's own monitoring. Nobody "
                "withdraws it unless an alert makes it ours.",
                now(promql.count(_BY_OTHERS)),
                "none",
                looks.from_one(looks.PAUSED),
            ),
        ),
        (
            4,
            stat(
                "Wait for Cloudflare",
                "Prefixes of which Cloudflare refuses the next change for now.",
                now(promql.count(f"{_left_until('constrained_until_timestamp_seconds')} > 0")),
                "none",
                looks.from_one(looks.HELD),
            ),
        ),
        (
            4,
            stat(
                "Attacks running",
                "Attacks on the prefixes that have not ended, as far as Cloudflare's data reach.",
                now(f"sum({edge.ATTACKS})"),
                "none",
                looks.from_one(looks.BAD),
            ),
        ),
        (
            4,
            stat(
                "Tunnels that carry",
                "Tunnels of the account whose health checks are at 50 % or better. With none, what "
                "is advertised does not reach you.",
                now(promql.count(f"{edge.TUNNELS} >= {edge.CARRIES}")),
                "none",
                looks.UP,
            ),
        ),
        (
            4,
            stat(
                "Proof of calm",
                "Whether the last sample of Cloudflare's traffic data proves what it says. Without "
                "proof nothing is withdrawn.",
                now('max(responder_edge_complete{dataset="traffic"})'),
                "none",
                looks.NEUTRAL,
            ).shown(_PROOF),
        ),
    ),
)

_WAITING = Line(
    8,
    (
        (
            8,
            table(
                "Decisions that end by themselves",
                "What stands for each prefix, why, and until when. What waits for a human, or for "
                "a tunnel, has no end and is not listed.",
                now(
                    f"1000 * {_of_targets('decision_until_timestamp_seconds')}\n"
                    "* on (target) group_right ()\n"
                    "max by (target, action, reason) "
                    '(responder_decision_info{target=~"$target"})'
                ),
                {"target": "Target", "action": "Decision", "reason": "Reason", "Value": "Until"},
            ).column("Until", unit="dateTimeAsIso"),
        ),
        (
            8,
            bars(
                "Calm still to be proven",
                "Counts down while nothing asks for a prefix that is advertised by us, and stands "
                "at `calm_period` while something does. After flapping it is longer.",
                now(_of_targets("calm_remaining_seconds"), "{{target}}"),
                "s",
            ),
        ),
        (
            8,
            bars(
                "Constrained by Cloudflare for",
                "How long Cloudflare refuses the next change, in either direction: the hold "
                "`cooldown`.",
                now(_left_until("constrained_until_timestamp_seconds"), "{{target}}"),
                "s",
            ),
        ),
    ),
)

_HISTORY = timeline(
    "Prefixes",
    "What was so when. Advertising and withdrawing last until a read of Cloudflare's API shows the "
    "change; the internet's routers follow minutes later, which no API tells.",
    _PREFIX_STATES,
    series(_STATES, "{{site}}: {{target}}", _STEP),
)

_COUNTDOWNS = Line(
    8,
    (
        (
            16,
            graph(
                "Countdowns",
                "Seconds of calm still to be proven, of Cloudflare's own wait, and until the "
                "decision that stands ends. The one that ends last is what a withdrawal waits for.",
                "s",
                series(_of_targets("calm_remaining_seconds"), "{{target}} calm", _STEP),
                series(
                    _left_until("constrained_until_timestamp_seconds"),
                    "{{target}} Cloudflare",
                    _STEP,
                ),
                series(
                    _left_until("decision_until_timestamp_seconds"), "{{target}} decision", _STEP
                ),
            ),
        ),
        (
            8,
            bars(
                "Advertised in the time that is shown",
                "To 15 seconds, as Prometheus has seen it, whoever advertised. For a bill take "
                "`responder ledger`, which counts from confirmed changes.",
                now(f"15 * count_over_time(({_ADVERTISED})[$__range:15s])", "{{target}}"),
                "s",
            ),
        ),
    ),
)


DASHBOARD = Dashboard(
    name="prefixes",
    title="Responder: prefixes",
    description="Prefixes on demand: advertised or withdrawn, what they wait for, what Cloudflare "
    "stops, the tunnels, and what proves calm.",
    since="6h",
    variables=(SITE_OF_PREFIXES, TARGET_OF_PREFIXES),
    rows=(
        Row("Now", (_FIGURES, _WAITING)),
        Row("Over time", (Line(6, ((24, _HISTORY),)), _COUNTDOWNS)),
        *edge.ROWS,
    ),
)
