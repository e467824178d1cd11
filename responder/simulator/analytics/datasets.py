"""The datasets: what each is about, its fields, how far back it goes and how it is made.

Sampling rates and the page size are documented; where no figure for time is published, the one
here is assumed. Ask a dataset's settings, as a client of the real API has to.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from responder.simulator.analytics import records
from responder.simulator.analytics.traffic import Flow, Outcome
from responder.simulator.analytics.windows import TIMES, Record, Window
from responder.simulator.state import Simulation

__all__ = ["DATASETS", "MAX_FIELDS", "MAX_PAGE", "Dataset"]

MAX_PAGE = 10_000
MAX_FIELDS = 40

_Source = Callable[[Simulation, str, Window], Iterator[Record]]
_Tell = Callable[[Flow, Simulation, Window, int], Iterator[Record]]


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset of an account or of a zone; `source` is asked with the id of that."""

    name: str
    scope: str  # accounts or zones
    source: _Source
    dimensions: tuple[str, ...]
    sums: tuple[str, ...] = ("bits", "packets")
    averages: tuple[str, ...] = ("sampleInterval",)
    timed: bool = True  # whether it has dimensions of time to filter by
    max_duration: timedelta = timedelta(days=7)
    not_older_than: timedelta = timedelta(seconds=2_678_400)

    @property
    def fields(self) -> list[str]:
        """Name everything that can be selected."""
        dimensions = [*self.dimensions, *(TIMES if self.timed else ())]
        return [
            "count",
            *(f"dimensions_{name}" for name in dimensions),
            *(f"sum_{name}" for name in self.sums),
            *(f"avg_{name}" for name in self.averages),
        ]


def _flows(tell: _Tell, per: int, wanted: Callable[[Flow], bool]) -> _Source:
    def source(simulation: Simulation, account_id: str, window: Window) -> Iterator[Record]:
        for flow in simulation.flows.values():
            if flow.account_id == account_id and wanted(flow):
                yield from tell(flow, simulation, window, per)

    return source


def _system(name: str) -> Callable[[Flow], bool]:
    return lambda flow: flow.system == name


def _is_attack(flow: Flow) -> bool:
    return flow.outcome is Outcome.DROPPED and flow.system == "dosd"


def _checks(simulation: Simulation, account_id: str, window: Window) -> Iterator[Record]:
    for tunnel in simulation.tunnels.values():
        if tunnel.account.id == account_id:
            yield from records.checks(tunnel, window)


def _requests(simulation: Simulation, zone_id: str, window: Window) -> Iterator[Record]:
    for shape in simulation.request_shapes.values():
        if shape.zone_id == zone_id:
            yield from records.requests(shape, window)


def _events(simulation: Simulation, zone_id: str, window: Window) -> Iterator[Record]:
    for shape in simulation.request_shapes.values():
        if shape.zone_id == zone_id and shape.action != "unknown":
            yield from records.requests(shape, window)


_PLACES = ("coloCode", "coloCity", "coloCountry", "sourceAsn", "sourceAsnName", "sourceCountry")
_ENDS = (
    "ipSourceAddress",
    "ipDestinationAddress",
    "ipDestinationSubnet",
    "sourcePort",
    "destinationPort",
    "ipProtocol",
    "ipProtocolName",
    "tcpFlags",
    "tcpFlagsString",
)
_NETWORK = (*_PLACES, *_ENDS, "outcome", "verdict", "mitigationSystem", "mitigationReason")
_ATTACK = ("attackId", "attackVector", "ruleId", "ruleName")
_HTTP = (
    "clientRequestHTTPHost",
    "clientIP",
    "clientCountryName",
    "clientAsn",
    "edgeResponseStatus",
    "securityAction",
    "securitySource",
    "coloCode",
)


def _network(name: str, wanted: Callable[[Flow], bool], per: int, *more: str) -> Dataset:
    source = _flows(records.packets, per, wanted)
    return Dataset(name, "accounts", source, (*_NETWORK, *more))


_ALL = (
    _network("magicTransitNetworkAnalyticsAdaptiveGroups", lambda _: True, 10_000),
    _network("dosdNetworkAnalyticsAdaptiveGroups", _system("dosd"), 10_000, *_ATTACK),
    _network("advancedTcpProtectionNetworkAnalyticsAdaptiveGroups", _system("flowtrackd"), 1000),
    _network(
        "advancedDnsProtectionNetworkAnalyticsAdaptiveGroups",
        _system("advanced-dns-protection"),
        1000,
    ),
    _network("magicFirewallNetworkAnalyticsAdaptiveGroups", _system("magic-firewall"), 10_000),
    Dataset(
        "dosdAttackAnalyticsGroups",
        "accounts",
        _flows(
            records.attack, 10_000, lambda f: f.outcome is Outcome.DROPPED and f.system == "dosd"
        ),
        (
            "attackId",
            "attackType",
            "mitigationType",
            "startDatetime",
            "endDatetime",
            "sourceIp",
            "destinationIp",
            "sourcePort",
            "destinationPort",
            "ipProtocol",
            "tcpFlags",
        ),
        averages=(),
        timed=False,
    ),
    Dataset(
        "mnmFlowDataAdaptiveGroups",
        "accounts",
        _flows(records.exported, 1, lambda _: True),
        (
            "protocolString",
            "sourceAddress",
            "destinationAddress",
            "routerAddress",
            "tcpFlagsString",
        ),
    ),
    Dataset(
        "magicTransitTunnelHealthChecksAdaptiveGroups",
        "accounts",
        _checks,
        ("tunnelName", "edgeColoName", "resultStatus"),
        sums=(),
        averages=("tunnelState",),
        not_older_than=timedelta(days=90),
    ),
    Dataset(
        "httpRequestsAdaptiveGroups",
        "zones",
        _requests,
        _HTTP,
        sums=("edgeResponseBytes", "visits"),
    ),
    Dataset(
        "firewallEventsAdaptiveGroups",
        "zones",
        _events,
        ("action", "source", "ruleId", "clientRequestHTTPHost", "clientCountryName", "clientIP"),
        sums=(),
        averages=("sampleInterval",),
        max_duration=timedelta(seconds=259_200),
    ),
)
DATASETS = {dataset.name: dataset for dataset in _ALL}
