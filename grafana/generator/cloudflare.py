"""What is asked of Cloudflare, how it answers, and what the circuit makes of it."""

from grafana.generator import expressions as promql
from grafana.generator import looks
from grafana.generator.dashboard import Dashboard, Line, Row
from grafana.generator.panels import Panel, graph, now, series, stat, timeline

__all__ = ["DASHBOARD"]

_REQUESTS = "responder_cloudflare_requests_total"
_BUCKETS = "responder_cloudflare_request_duration_seconds_bucket"
_MOST = 600
_FOR_READS, _FOR_RAISING = 450, 100

_ALL = f"sum(increase({_REQUESTS}[$__range]))"
_OK = f'sum(increase({_REQUESTS}{{outcome="ok"}}[$__range]))'


def _quantile(share: float, window: str, by: str = "le") -> str:
    return f"histogram_quantile({share:g}, sum by ({by}) (rate({_BUCKETS}[{window}])))"


_FIGURES = Line(
    4,
    (
        (
            6,
            stat(
                "Success",
                "Requests that Cloudflare answered as asked, of those in the time that is shown.",
                now(f"{_OK} / {_ALL}"),
                "percentunit",
                ((None, looks.BAD), (0.95, looks.WARNING), (0.99, looks.GOOD)),
            ).shown(looks.NO_NUMBER),
        ),
        (
            6,
            stat(
                "Requests made",
                "Requests in the time that is shown.",
                now(_ALL),
                "short",
                looks.NEUTRAL,
            ).rounded(),
        ),
        (
            6,
            stat(
                "99 % are faster than",
                "How long Cloudflare took to answer, over the time that is shown.",
                now(_quantile(0.99, "$__range")),
                "s",
                looks.below(2.5, 5),
            ).shown(looks.NO_NUMBER),
        ),
        (
            6,
            stat(
                "API budget left",
                "Requests that may be made now. Routine reads stop below 450; raising stops below "
                "100, which are kept for releases.",
                now("min(responder_api_budget_remaining)"),
                "none",
                ((None, looks.BAD), (_FOR_RAISING, looks.WARNING), (_FOR_READS, looks.GOOD)),
            ).rounded(),
        ),
    ),
)


def _rate(title: str, description: str, matcher: str, label: str) -> Panel:
    expression = f"sum by ({label}) (rate({_REQUESTS}{{{matcher}}}[$__rate_interval]))"
    return graph(title, description, "reqps", series(expression, f"{{{{{label}}}}}"))


_RATES = Line(
    8,
    (
        (
            12,
            _rate(
                "Requests by operation",
                "What is asked. Writes happen only when something is switched.",
                "",
                "operation",
            ).stacked(),
        ),
        (
            12,
            _rate(
                "Requests by outcome",
                "How they end. `unreachable`, `timeout`, `server_error`, `unauthorized` and "
                "`rate_limited` count for the circuit; `refused` and `malformed` concern one zone.",
                "",
                "outcome",
            ).stacked(),
        ),
    ),
)

_LATENCY = Line(
    8,
    (
        (
            12,
            graph(
                "Latency",
                "How long Cloudflare took to answer. Calls are given up after "
                "`cloudflare.timeout`.",
                "s",
                *(
                    series(_quantile(share, "$__rate_interval"), name)
                    for share, name in ((0.5, "median"), (0.9, "90 %"), (0.99, "99 %"))
                ),
            ),
        ),
        (
            12,
            graph(
                "Latency by operation",
                "90 % of the calls of each operation were answered faster.",
                "s",
                series(_quantile(0.9, "$__rate_interval", "le, operation"), "{{operation}}"),
            ),
        ),
    ),
)

_CIRCUIT = Line(
    7,
    (
        (
            12,
            timeline(
                "Circuits",
                "Open: calls fail and none is made. Half open: one probe is under way. Reads and "
                "writes are told apart; a read that works says nothing of writes.",
                looks.CIRCUIT,
                series(promql.circuits(), "{{kind}} ({{credential}})", "5s"),
            ),
        ),
        (
            12,
            graph(
                "API budget",
                "Refills with 2 a second up to 600, so that no five minutes see more than 1,200 "
                "requests.",
                "none",
                series("min(responder_api_budget_remaining)", "left"),
            )
            .within(0, _MOST)
            .colored(((None, looks.BAD), (_FOR_RAISING, looks.WARNING), (_FOR_READS, looks.GOOD)))
            .drawn(thresholdsStyle={"mode": "dashed"}),
        ),
    ),
)

DASHBOARD = Dashboard(
    name="cloudflare",
    title="Responder: Cloudflare API",
    description="Requests to Cloudflare, their outcomes and latency, the circuits and the budget.",
    since="6h",
    variables=(),
    rows=(
        Row("In the time that is shown", (_FIGURES,)),
        Row("Requests", (_RATES, _LATENCY)),
        Row("Circuit and budget", (_CIRCUIT,)),
    ),
)
