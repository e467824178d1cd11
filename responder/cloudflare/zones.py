"""Zones: from the name in the configuration to the id, and whether Cloudflare serves it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from responder.cloudflare.answers import Operation, malformed
from responder.cloudflare.client import CloudflareClient
from responder.domain.breaker import Failure
from responder.errors import ProviderError

__all__ = ["Zone", "Zones"]

KEEP = timedelta(seconds=5)
"""Long enough for a read, a write and the read that confirms it; the next look asks anew.

A zone that is paused or moved meanwhile protects nothing, whatever its level says.
"""

_FIND = Operation("find_zone", "Zone Read")
_READ = Operation("read_zone", "Zone Read")
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Zone:
    """What we need to know of a zone before we switch anything on it."""

    id: str
    name: str
    status: str
    paused: bool
    plan: str = ""

    @property
    def serving(self) -> bool:
        """Whether a level set on it protects anything; what does not is asked for each time."""
        return self.status == "active" and not self.paused


class Zones:
    """The zones of one credential, remembered for a while."""

    def __init__(
        self,
        client: CloudflareClient,
        monotonic: Callable[[], timedelta],
        keep: timedelta = KEEP,
    ) -> None:
        self._client = client
        self._monotonic = monotonic
        self._keep = keep
        self._known: dict[str, tuple[Zone, timedelta]] = {}

    async def find(self, resource: str) -> Zone:
        """Return the zone of this name or id, as it was at most `keep` ago."""
        zone, read_at = self._known.get(resource, (None, timedelta(0)))
        if zone is None or not zone.serving or self._monotonic() - read_at >= self._keep:
            zone = await (self._by_id if _ID.fullmatch(resource) else self._by_name)(resource)
            self._known[resource] = (zone, self._monotonic())
        return zone

    async def id_of(self, resource: str) -> str:
        """Return the zone's id, however long ago it was learnt: writes work when reads fail."""
        if _ID.fullmatch(resource):
            return resource
        known = self._known.get(resource)
        return known[0].id if known else (await self.find(resource)).id

    async def _by_id(self, zone_id: str) -> Zone:
        answer = await self._client.request("GET", f"/zones/{zone_id}", _READ)
        zone = _zone(answer.result, _READ)
        if zone.id != zone_id:
            raise malformed(_READ, "another zone")
        return zone

    async def _by_name(self, name: str) -> Zone:
        """Look a zone up; two accounts may hold the name, but only one of them serves it."""
        answer = await self._client.request("GET", "/zones", _FIND, params={"name": name})
        if not isinstance(answer.result, list):
            raise malformed(_FIND, "no list of zones")
        found = [_zone(item, _FIND) for item in answer.result]
        named = [zone for zone in found if zone.name.lower() == name.lower()]
        if not named:
            message = (
                f"zone {name} is not visible to this credential: check the name, and give it the "
                f"permission {_FIND.permission!r} on this zone"
            )
            raise ProviderError(Failure.REFUSED, message)
        return next((zone for zone in named if zone.status == "active"), named[0])


def _zone(item: object, operation: Operation) -> Zone:
    zone = item if isinstance(item, dict) else {}
    zone_id, name = zone.get("id"), zone.get("name")
    if not (isinstance(zone_id, str) and _ID.fullmatch(zone_id) and isinstance(name, str)):
        raise malformed(operation, "a zone without id or name")
    plan = zone.get("plan")
    return Zone(
        id=zone_id,
        name=name,
        status=str(zone.get("status", "")),
        paused=zone.get("paused") is True,
        plan=str(plan.get("name", "")) if isinstance(plan, dict) else "",
    )
