"""How many tunnels work, as the health checks of Cloudflare's data centres tell it."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from responder.cloudflare.answers import Operation
from responder.cloudflare.client import CloudflareClient
from responder.cloudflare.graphql import rows

__all__ = ["TunnelHealth", "Tunnels"]

KEEP = timedelta(seconds=60)
"""The checks are minutes old when they can be read: to ask more often tells nothing new."""

WINDOW = timedelta(minutes=5)
"""Long enough for checks to be there although they are two or three minutes late."""

HEALTHY = 0.5
"""The least mean state of a tunnel (0 down, 0.5 degraded, 1 healthy) that carries traffic."""

_DATASET = "magicTransitTunnelHealthChecksAdaptiveGroups"
_READ = Operation("read_tunnel_health", "Account Analytics Read")
_QUERY = f"""
query ($account: string!, $since: Time!, $until: Time!) {{
  viewer {{ accounts(filter: {{accountTag: $account}}) {{
    {_DATASET}(limit: 10000, filter: {{datetime_geq: $since, datetime_lt: $until}}) {{
      count
      avg {{ tunnelState }}
      dimensions {{ tunnelName }}
    }}
  }} }}
}}
"""


@dataclass(frozen=True, slots=True)
class TunnelHealth:
    """The mean state of each tunnel that was checked, by its name."""

    states: Mapping[str, float]

    @property
    def working(self) -> int:
        """How many carry traffic."""
        return sum(state >= HEALTHY for state in self.states.values())


class Tunnels:
    """The tunnels of one account, remembered for a while."""

    def __init__(
        self, client: CloudflareClient, account_id: str, now: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._account_id = account_id
        self._now = now
        self._known: tuple[datetime, TunnelHealth] | None = None

    async def health(self) -> TunnelHealth:
        """Return how the tunnels were in the last minutes; raises ProviderError."""
        now = self._now()
        if self._known is None or not now - KEEP < self._known[0] <= now:
            self._known = (now, await self._read(now))
        return self._known[1]

    async def _read(self, now: datetime) -> TunnelHealth:
        variables = {
            "account": self._account_id,
            "since": _instant(now - WINDOW),
            "until": _instant(now),
        }
        data = await self._client.query(_QUERY, variables, _READ)
        checks: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for row in rows(data, _DATASET, _READ):
            name, state = _part(row, "dimensions", "tunnelName"), _part(row, "avg", "tunnelState")
            count = row.get("count")
            if isinstance(name, str) and isinstance(state, int | float):
                checks[name].append((state, count if isinstance(count, int) else 1))
        return TunnelHealth({name: _mean(parts) for name, parts in checks.items()})


def _mean(parts: list[tuple[float, float]]) -> float:
    total = sum(count for _, count in parts)
    return sum(state * count for state, count in parts) / total if total else 0.0


def _part(row: Mapping[str, object], group: str, name: str) -> object:
    found = row.get(group)
    return found.get(name) if isinstance(found, dict) else None


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
