"""Analytics of zones: what the edge did with requests, by host and action."""

from collections.abc import Mapping, Sequence

from responder.cloudflare.analytics import PAGE, Listed
from responder.cloudflare.analytics_rows import Row, Window
from responder.cloudflare.answers import Operation, malformed
from responder.cloudflare.client import CloudflareClient

__all__ = ["AT_ONCE", "zone_requests"]

AT_ONCE = 10
"""How many zones one query may ask about."""

_READ = Operation("read_edge_requests", "Analytics Read")
_QUERY = f"""
query ($zones: [string!], $since: Time!, $until: Time!) {{
  viewer {{ zones(filter: {{zoneTag_in: $zones}}) {{
    zoneTag
    requests: httpRequestsAdaptiveGroups(
      limit: {PAGE}, filter: {{datetime_geq: $since, datetime_lt: $until}}, orderBy: [count_DESC]
    ) {{ count dimensions {{ clientRequestHTTPHost securityAction }} }}
  }} }}
}}
"""


async def zone_requests(
    client: CloudflareClient, zone_ids: Sequence[str], window: Window
) -> Mapping[str, Listed]:
    """Return the requests to at most ten zones, by the zone's id; raises ProviderError.

    A zone that the answer leaves out is an error: it would look like calm.
    """
    variables = {
        "zones": list(zone_ids),
        "since": f"{window.start:%Y-%m-%dT%H:%M:%SZ}",
        "until": f"{window.end:%Y-%m-%dT%H:%M:%SZ}",
    }
    data = await client.query(_QUERY, variables, _READ)
    viewer = data.get("viewer")
    zones = viewer.get("zones") if isinstance(viewer, dict) else None
    found = {}
    for zone in zones if isinstance(zones, list) else []:
        groups = zone.get("requests") if isinstance(zone, dict) else None
        if not isinstance(groups, list) or not all(isinstance(row, dict) for row in groups):
            raise malformed(_READ, "a zone without a list of requests")
        listed = Listed(tuple(Row(row, _READ) for row in groups), len(groups) >= PAGE)
        found[str(zone.get("zoneTag"))] = listed
    if set(found) != set(zone_ids):
        raise malformed(_READ, "not the zones that were asked for")
    return found
