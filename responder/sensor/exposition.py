"""The sensor's gauges at a scrape; labels come from the configuration or are few and ranked."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from responder.domain.targets import target_id
from responder.metrics import EDGE_GAUGES
from responder.sensor.board import Board, Dataset
from responder.sensor.samples import Rate

__all__ = ["EdgeCollector"]

OUTCOMES = ("mitigated", "passed")


class EdgeCollector(Collector):
    """Turns the board into gauges; what is stale or unproven is left out, never repeated."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def describe(self) -> Iterator[Metric]:
        """Describe nothing: all is made at the scrape."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Give every family, with whatever is known now."""
        gauges = {
            name: GaugeMetricFamily(f"responder_{name}", text, labels=list(labels))
            for name, (text, labels) in EDGE_GAUGES.items()
        }
        self._sampling(gauges)
        if self._board.complete(Dataset.TRAFFIC):
            self._traffic(gauges)
        if self._board.complete(Dataset.MITIGATIONS):
            self._vectors(gauges)
        self._rest(gauges)
        self._requests(gauges)
        yield from gauges.values()

    def _sampling(self, gauges: dict[str, GaugeMetricFamily]) -> None:
        board = self._board
        for prefix, site in board.scope.prefixes.items():
            target = target_id("prefix_advertisement", prefix)
            gauges["edge_prefix"].add_metric((site, prefix, target), 1.0)
        for dataset, every in board.every.items():
            gauges["edge_interval_seconds"].add_metric((dataset,), every.total_seconds())
            gauges["edge_complete"].add_metric((dataset,), float(board.complete(dataset)))
            available = float(dataset not in board.off)
            gauges["edge_dataset_available"].add_metric((dataset,), available)
        if board.seen.lag is not None:
            seconds = board.seen.lag.total_seconds()
            gauges["edge_lag_seconds"].add_metric((Dataset.TRAFFIC,), seconds)

    def _traffic(self, gauges: dict[str, GaugeMetricFamily]) -> None:
        """Show a nought for what a complete sample has no rows of: that is proven calm."""
        for prefix, site in self._board.scope.prefixes.items():
            rates = self._board.seen.prefixes.get(prefix, {})
            for outcome in OUTCOMES:
                found = rates.get(outcome, Rate())
                gauges["edge_bits_per_second"].add_metric((site, prefix, outcome), found.bits)
                gauges["edge_packets_per_second"].add_metric((site, prefix, outcome), found.packets)

    def _vectors(self, gauges: dict[str, GaugeMetricFamily]) -> None:
        for prefix, vectors in self._board.seen.vectors.items():
            site = self._board.scope.prefixes[prefix]
            for vector, found in vectors.items():
                labels = (site, prefix, vector)
                gauges["edge_vector_bits_per_second"].add_metric(labels, found.bits)
                gauges["edge_vector_packets_per_second"].add_metric(labels, found.packets)

    def _rest(self, gauges: dict[str, GaugeMetricFamily]) -> None:
        board, seen = self._board, self._board.seen
        if board.complete(Dataset.ATTACKS):
            for prefix, site in board.scope.prefixes.items():
                attacks = float(seen.attacks.get(prefix, 0))
                gauges["edge_attacks"].add_metric((site, prefix), attacks)
        if board.complete(Dataset.TUNNELS):
            for labels, state in seen.tunnels.items():
                gauges["edge_tunnel_state"].add_metric(labels, state)
        if board.complete(Dataset.FLOWS):
            for protocol, found in seen.protocols.items():
                gauges["edge_flow_bits_per_second"].add_metric((protocol,), found.bits)
                gauges["edge_flow_packets_per_second"].add_metric((protocol,), found.packets)

    def _requests(self, gauges: dict[str, GaugeMetricFamily]) -> None:
        if not self._board.complete(Dataset.REQUESTS):
            return
        for zone, hosts in self._board.seen.requests.items():
            site = self._board.scope.zones[zone]
            for (host, action), each in hosts.items():
                gauges["edge_requests_per_second"].add_metric((site, zone, host, action), each)
