"""What the edge does with requests to the zones, ten zones to a query; one bad zone hides none."""

from collections.abc import Callable, Mapping, Sequence

import structlog

from responder.cloudflare.analytics import Listed, is_unavailable
from responder.cloudflare.analytics_rows import Window
from responder.cloudflare.analytics_zones import AT_ONCE, zone_requests
from responder.cloudflare.client import CloudflareClient
from responder.cloudflare.zones import Zone, Zones
from responder.errors import ProviderError
from responder.sensor.samples import by_host

__all__ = ["ZoneRequests", "queries"]

_Requests = Mapping[str, Mapping[tuple[str, str], float]]

_log = structlog.get_logger("responder.sensor")


class ZoneRequests:
    """Asks for the requests of the configured zones; their ids are looked up once.

    A zone that cannot be found, or that gives no data, has no figures, and others have theirs.
    """

    def __init__(self, client: CloudflareClient, zones: Zones, resources: Sequence[str]) -> None:
        self._client = client
        self._zones = zones
        self._resources = tuple(resources)
        self._known: dict[str, Zone] = {}
        self._without: dict[str, ProviderError] = {}

    async def ask(self, window: Window, may: Callable[[], bool]) -> tuple[_Requests, bool]:
        """Return requests per second by zone, host class and action; raises ProviderError.

        The second value tells whether they are all there. One query is paid for already; `may`
        tells whether another one may be made. It raises when not one zone gives anything.
        """
        zones = await self._found()
        found: dict[str, Listed] = {}
        for start in range(0, len(zones), AT_ONCE):
            if start and not may():
                return self._rates(found, window), False
            found |= await self._asked(zones[start : start + AT_ONCE], window, may)
        if self._resources and len(self._without) == len(self._resources):
            raise next(iter(self._without.values()))
        whole = not any(listed.truncated for listed in found.values())
        return self._rates(found, window), whole

    async def _found(self) -> list[str]:
        """Return the zones that can be asked about; raises the error when none can be found."""
        problem: ProviderError | None = None
        for resource in self._resources:
            if resource not in self._known:
                try:
                    self._known[resource] = await self._zones.find(resource)
                except ProviderError as error:
                    problem = error
        if problem is not None and not self._known:
            raise problem
        return [one for one in self._resources if one in self._known and one not in self._without]

    async def _asked(
        self, zones: Sequence[str], window: Window, may: Callable[[], bool]
    ) -> Mapping[str, Listed]:
        """Ask about some zones; when one of them gives no data, about each alone, to find it."""
        ids = {self._known[zone].id: zone for zone in zones}
        try:
            listed = await zone_requests(self._client, list(ids), window)
        except ProviderError as error:
            if not is_unavailable(error):
                raise
            if len(zones) == 1:
                self._without[zones[0]] = error
                _log.warning("a zone gives no analytics", zone=zones[0], why=str(error))
                return {}
        else:
            return {ids[zone_id]: found for zone_id, found in listed.items()}
        alone: dict[str, Listed] = {}
        for zone in zones:
            if may():
                alone |= await self._asked([zone], window, may)
        return alone

    def _rates(self, found: Mapping[str, Listed], window: Window) -> _Requests:
        return {
            zone: by_host(listed, self._known[zone].name, window) for zone, listed in found.items()
        }


def queries(zones: int) -> int:
    """Return how many queries so many zones take."""
    return -(-zones // AT_ONCE)
