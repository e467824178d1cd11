"""Analytics of an account: what Cloudflare measured of its prefixes, tunnels and flows.

One query asks for all prefixes at once. Every list has a limit; one that is reached may have cut
something off, so the answer says whether it is whole.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from responder.cloudflare.analytics_rows import Row, Window
from responder.cloudflare.answers import Operation, malformed, moment
from responder.cloudflare.client import CloudflareClient
from responder.cloudflare.graphql import rows
from responder.domain.breaker import Failure
from responder.errors import ProviderError

__all__ = ["PAGE", "AccountAnalytics", "Listed", "Traffic", "is_depleted", "is_unavailable"]

PAGE = 10_000
"""Cloudflare's own limit of groups in one list."""

TOP = 10
"""How many of a ranking are asked for."""

NEWEST = 1000
"""How many attacks are asked for; those that run are among the newest."""

_PERMISSION = "Account Analytics Read"
_TRAFFIC = Operation("read_edge_traffic", _PERMISSION)
_MITIGATIONS = Operation("read_edge_mitigations", _PERMISSION)
_TUNNELS = Operation("read_edge_tunnels", _PERMISSION)
_FLOWS = Operation("read_edge_flows", _PERMISSION)
_ATTACKS = Operation("read_edge_attacks", _PERMISSION)

_NETWORK = "magicTransitNetworkAnalyticsAdaptiveGroups"
_DOSD = "dosdNetworkAnalyticsAdaptiveGroups"
_CHECKS = "magicTransitTunnelHealthChecksAdaptiveGroups"
_FLOW = "mnmFlowDataAdaptiveGroups"
_RUNS = "dosdAttackAnalyticsGroups"

_SPAN = "datetime_geq: $since, datetime_lt: $until"
_SUMS = "sum { bits packets }"
_MOST = f"limit: {TOP}, orderBy: [sum_packets_DESC]"

_UNAVAILABLE = re.compile(r"does not have access|not authorized for that", re.IGNORECASE)
_DEPLETED = re.compile(r"\banswered 429\b|budget depleted", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Listed:
    """The groups of one list."""

    rows: tuple[Row, ...]
    truncated: bool
    """Whether the limit was reached, so that something may be missing."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Traffic by destination subnet and outcome, and what proves that there are data at all."""

    groups: Listed
    enabled: bool
    """Whether the dataset's settings say that it is recorded."""
    newest: datetime | None
    """The newest minute after the window of which there is any row."""


class AccountAnalytics:
    """Asks for the analytics of one account; every failure is a ProviderError."""

    def __init__(self, client: CloudflareClient, account_id: str, page: int = PAGE) -> None:
        self._client = client
        self._account_id = account_id
        self._page = page

    async def traffic(self, window: Window) -> Traffic:
        """Return what came to every subnet, with the proof that the data reach that far."""
        query = f"""
            settings {{ {_NETWORK} {{ enabled }} }}
            traffic: {_NETWORK}(limit: {self._page}, filter: {{{_SPAN}}}) {{
              {_SUMS} dimensions {{ ipDestinationSubnet outcome }}
            }}
            proof: {_NETWORK}(limit: 1, filter: {{datetime_geq: $until}},
                              orderBy: [datetimeMinute_DESC]) {{
              count dimensions {{ datetimeMinute }}
            }}"""
        data = await self._ask(query, window, _TRAFFIC)
        proof = self._listed(data, "proof", _TRAFFIC).rows
        newest = moment(proof[0].word("datetimeMinute")) if proof else None
        return Traffic(self._listed(data, "traffic", _TRAFFIC), _enabled(data), newest)

    async def mitigations(self, window: Window) -> tuple[Listed, Listed, Listed]:
        """Return what was dropped: by subnet and vector, by top source, by top destination."""
        dropped = f'{_SPAN}, outcome: "drop"'
        query = f"""
            vectors: {_DOSD}(limit: {self._page}, filter: {{{dropped}}}) {{
              {_SUMS} dimensions {{ ipDestinationSubnet attackVector }}
            }}
            sources: {_DOSD}({_MOST}, filter: {{{dropped}}}) {{
              {_SUMS} dimensions {{ ipSourceAddress sourceCountry sourceAsn sourceAsnName }}
            }}
            destinations: {_DOSD}({_MOST}, filter: {{{dropped}}}) {{
              {_SUMS} dimensions {{ ipDestinationAddress }}
            }}"""
        data = await self._ask(query, window, _MITIGATIONS)
        names = ("vectors", "sources", "destinations")
        vectors, sources, destinations = (self._listed(data, n, _MITIGATIONS) for n in names)
        return vectors, sources, destinations

    async def tunnels(self, window: Window) -> Listed:
        """Return the health checks by tunnel and data centre."""
        query = f"""
            checks: {_CHECKS}(limit: {self._page}, filter: {{{_SPAN}}}) {{
              count avg {{ tunnelState }} dimensions {{ tunnelName edgeColoName }}
            }}"""
        return self._listed(await self._ask(query, window, _TUNNELS), "checks", _TUNNELS)

    async def flows(self, window: Window) -> tuple[Listed, Listed]:
        """Return what the network's own routers export: by protocol, and by top router."""
        query = f"""
            protocols: {_FLOW}(limit: {self._page}, filter: {{{_SPAN}}}) {{
              {_SUMS} dimensions {{ protocolString }}
            }}
            routers: {_FLOW}({_MOST}, filter: {{{_SPAN}}}) {{
              {_SUMS} dimensions {{ routerAddress }}
            }}"""
        data = await self._ask(query, window, _FLOWS)
        return self._listed(data, "protocols", _FLOWS), self._listed(data, "routers", _FLOWS)

    async def attacks(self) -> Listed:
        """Return the newest attacks; this dataset cannot be asked for a time."""
        query = f"""query ($account: string!) {{
          viewer {{ accounts(filter: {{accountTag: $account}}) {{
            attacks: {_RUNS}(limit: {NEWEST}, filter: {{}}, orderBy: [startDatetime_DESC]) {{
              dimensions {{ attackId attackType destinationIp startDatetime endDatetime }}
            }}
          }} }}
        }}"""
        data = await self._client.query(query, {"account": self._account_id}, _ATTACKS)
        found = rows(data, "attacks", _ATTACKS)
        return Listed(tuple(Row(one, _ATTACKS) for one in found), len(found) >= NEWEST)

    async def _ask(self, inner: str, window: Window, operation: Operation) -> Mapping[str, object]:
        text = (
            f"query ($account: string!, $since: Time!, $until: Time!) {{\n"
            f"  viewer {{ accounts(filter: {{accountTag: $account}}) {{{inner}\n  }} }}\n}}"
        )
        span = {"since": _instant(window.start), "until": _instant(window.end)}
        variables = {"account": self._account_id, **span}
        return await self._client.query(text, variables, operation)

    def _listed(self, data: Mapping[str, object], name: str, operation: Operation) -> Listed:
        found = rows(data, name, operation)
        return Listed(tuple(Row(one, operation) for one in found), len(found) >= self._page)


def is_unavailable(error: ProviderError) -> bool:
    """Tell whether this account or zone has no such dataset, which asking again does not change."""
    return error.failure is Failure.REFUSED and bool(_UNAVAILABLE.search(str(error)))


def is_depleted(error: ProviderError) -> bool:
    """Tell whether too many queries were made: Cloudflare wants five minutes of rest."""
    return error.failure is Failure.RATE_LIMITED or bool(_DEPLETED.search(str(error)))


def _enabled(data: Mapping[str, object]) -> bool:
    """Tell whether the settings say that the dataset is recorded; raises when they say nothing."""
    viewer = data.get("viewer")
    account = viewer["accounts"][0] if isinstance(viewer, dict) else {}
    settings = account.get("settings")
    dataset = settings.get(_NETWORK) if isinstance(settings, dict) else None
    if not isinstance(dataset, dict) or not isinstance(dataset.get("enabled"), bool):
        raise malformed(_TRAFFIC, "no settings of the dataset")
    return dataset["enabled"] is True


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
