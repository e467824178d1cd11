"""What the edge sensor tells of prefixes: traffic, attacks, tunnels, and what proves calm."""

from grafana.generator import looks
from grafana.generator.dashboard import Line, Row
from grafana.generator.panels import Panel, bars, graph, now, series, timeline

__all__ = ["ATTACKS", "CARRIES", "ROWS", "TUNNELS"]

_STEP = "5s"

CARRIES = 0.5
"""The least mean state of a tunnel that carries traffic, as the responder judges it."""


def _edge(name: str, *labels: str) -> str:
    """Return what the sensor says of the prefixes that are chosen."""
    by = ", ".join(("site", "prefix", *labels))
    watched = 'responder_edge_prefix{target=~"$target"}'
    return (
        f'max by ({by}) (\n  responder_edge_{name}{{site=~"$site"}}\n'
        f"  and on (site, prefix) {watched}\n)"
    )


ATTACKS = _edge("attacks")
TUNNELS = "avg by (tunnel) (max by (tunnel, colo) (responder_edge_tunnel_state))"

_DATASETS = looks.words(
    {0: ("not available", looks.QUIET), 1: ("no proof", looks.BAD), 2: ("complete", looks.GOOD)}
)
_TUNNEL: looks.Steps = ((None, looks.BAD), (CARRIES, looks.WARNING), (0.9, looks.GOOD))


def _traffic(title: str, description: str, unit: str, name: str, label: str) -> tuple[int, Panel]:
    query = series(_edge(name, label), f"{{{{prefix}}}} {{{{{label}}}}}", _STEP)
    return 12, graph(title, description, unit, query)


def _flows(title: str, description: str, unit: str, name: str) -> tuple[int, Panel]:
    query = series(f"max by (protocol) (responder_edge_flow_{name})", "{{protocol}}", _STEP)
    return 12, graph(title, description, unit, query).stacked()


_TRAFFIC = (
    Line(
        8,
        (
            _traffic(
                "Stopped and passed, bits",
                "What Cloudflare stopped and let pass, by prefix. Nought is proven; a gap is a "
                "sample that proves nothing. Minutes late, as Cloudflare's data are.",
                "bps",
                "bits_per_second",
                "outcome",
            ),
            _traffic(
                "Stopped and passed, packets",
                "The same in packets.",
                "pps",
                "packets_per_second",
                "outcome",
            ),
        ),
    ),
    Line(
        8,
        (
            _traffic(
                "Stopped by vector, bits",
                "What was stopped, by the largest attack vectors of each prefix; the rest is "
                "`other`.",
                "bps",
                "vector_bits_per_second",
                "vector",
            ),
            _traffic(
                "Stopped by vector, packets",
                "The same in packets.",
                "pps",
                "vector_packets_per_second",
                "vector",
            ),
        ),
    ),
    Line(
        8,
        (
            _flows(
                "Flows by protocol, bits",
                "What your own routers export to Magic Network Monitoring, over the whole account.",
                "bps",
                "bits_per_second",
            ),
            _flows(
                "Flows by protocol, packets",
                "The same in packets.",
                "pps",
                "packets_per_second",
            ),
        ),
    ),
)

_ATTACKS = graph(
    "Attacks on each prefix",
    "How many attacks Cloudflare counts that have not ended.",
    "none",
    series(ATTACKS, "{{prefix}}", _STEP),
)

_TUNNEL_HEALTH = Line(
    9,
    (
        (
            16,
            timeline(
                "Tunnel health by data centre",
                "Mean of the health checks over five minutes: 0 % down, 50 % degraded, 100 % "
                "healthy. The data centres with most checks have a band of their own, the rest is "
                "`other`.",
                [],
                series(
                    "max by (tunnel, colo) (responder_edge_tunnel_state)",
                    "{{tunnel}} {{colo}}",
                    _STEP,
                ),
            )
            .measured("percentunit")
            .colored(_TUNNEL),
        ),
        (
            8,
            bars(
                "Tunnels now",
                "The mean over the data centres.",
                now(TUNNELS, "{{tunnel}}"),
                "percentunit",
            )
            .within(0, 1)
            .colored(_TUNNEL),
        ),
    ),
)

_SENSOR = Line(
    8,
    (
        (
            8,
            timeline(
                "Datasets",
                "Whether the last sample of each dataset is complete and fresh. Only `traffic` "
                "decides on calm.",
                _DATASETS,
                series(
                    "max by (dataset) (\n"
                    "  responder_edge_complete + responder_edge_dataset_available\n)",
                    "{{dataset}}",
                    _STEP,
                ),
            ),
        ),
        (
            8,
            graph(
                "Complete samples",
                "Of those expected in ten minutes. Under 80 % of `traffic` a prefix that is "
                "advertised is kept.",
                "percentunit",
                series(
                    "max by (dataset) (dataset:edge_samples_complete:ratio10m)",
                    "{{dataset}}",
                    _STEP,
                ),
            ).drawn(axisSoftMax=1),
        ),
        (
            8,
            graph(
                "Age of the data",
                "Age of the newest minute of data. 150 to 240 seconds are ordinary; beyond "
                "`sensor.delay` and a minute samples prove nothing.",
                "s",
                series("max by (dataset) (responder_edge_lag_seconds)", "{{dataset}}", _STEP),
            ),
        ),
    ),
)

ROWS = (
    Row("Traffic, as Cloudflare sees it", (*_TRAFFIC, Line(6, ((24, _ATTACKS),)))),
    Row("Tunnels of the account", (_TUNNEL_HEALTH,)),
    Row("Proof", (_SENSOR,)),
)
