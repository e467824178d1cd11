"""The control API of traffic and analytics. Spans are numbers of seconds.

POST   /simulator/traffic       packets to a prefix: `{"prefix": "203.0.113.0/24", "bits": 2e9,
                                "packets": 5e5, "lasts": 600}`, rates per second; any of `address`
                                in it, `outcome` (drop, pass), `vector`, `system` (dosd, flowtrackd,
                                advanced-dns-protection, magic-firewall), `protocol`, `port`,
                                `source`, `country`, `asn`, `colo`, `router`; or
                                requests to a zone: `{"zone": "example.com", "requests": 5000,
                                "action": "block"}`; any of `host`, `by` (what acted), `rule`,
                                `status`, `size` (bytes), `client`, `country`, `asn`, `colo`;
                                both with `starts` (a moment, or seconds from now: -60 was a
                                minute ago) and `lasts` (without it, until it is ended)
PATCH  /simulator/traffic/{id}  `{"ends": 0}`: it ends now, or at that moment
DELETE /simulator/traffic       forget all; /simulator/traffic/{id} forgets one
PUT    /simulator/analytics     any of `{"lag": 150, "disabled": ["<dataset>"]}`
PUT    /simulator/graphql-limit `{"requests": 300, "window": 300, "block": 300}`
"""

from dataclasses import replace
from datetime import timedelta

from fastapi import APIRouter, HTTPException
from pydantic import PositiveInt

from responder.simulator.analytics import report
from responder.simulator.analytics.datasets import DATASETS
from responder.simulator.analytics.shapes import TrafficOrder, When, moment_of, shaped
from responder.simulator.analytics.traffic import Flow, Requests
from responder.simulator.analytics.traffic import Span as Stretch
from responder.simulator.limits import RateLimit, rate_limit
from responder.simulator.orders import Now, Order, Simulated, Span
from responder.simulator.state import Simulation

__all__ = ["router"]

router = APIRouter()


class TrafficChange(Order):
    """Body of PATCH /traffic."""

    ends: When = 0


class AnalyticsOrder(Order):
    """Body of PUT /analytics; what is left out stays."""

    lag: Span | None = None
    disabled: frozenset[str] | None = None


class GraphqlLimitOrder(Order):
    """Body of PUT /graphql-limit."""

    requests: PositiveInt = 300
    window: Span = timedelta(seconds=300)
    block: Span = timedelta(seconds=300)


@router.post("/traffic", status_code=201)
async def add_traffic(order: TrafficOrder, simulation: Simulated, now: Now) -> dict[str, object]:
    """Let traffic flow, from a moment on that may lie in the past."""
    shape = shaped(order, simulation, now)
    simulation.put_traffic(shape)
    return report.shape(shape)


@router.patch("/traffic/{shape_id}")
async def end_traffic(
    shape_id: str, change: TrafficChange, simulation: Simulated, now: Now
) -> dict[str, object]:
    """Let traffic end."""
    shape = _found(shape_id, simulation)
    ended = replace(shape, span=Stretch(shape.span.start, moment_of(change.ends, now)))
    simulation.put_traffic(ended)
    return report.shape(ended)


@router.delete("/traffic")
async def forget_all_traffic(simulation: Simulated) -> dict[str, int]:
    """Forget all traffic, as if it had never been."""
    return {"forgotten": simulation.forget_traffic()}


@router.delete("/traffic/{shape_id}")
async def forget_traffic(shape_id: str, simulation: Simulated) -> dict[str, object]:
    """Forget one shape of traffic."""
    shape = _found(shape_id, simulation)
    simulation.forget_traffic(shape_id)
    return report.shape(shape)


@router.put("/analytics")
async def change_analytics(order: AnalyticsOrder, simulation: Simulated) -> dict[str, object]:
    """Set how late analytics are, and which datasets this account has not."""
    unknown = sorted((order.disabled or frozenset()) - set(DATASETS))
    if unknown:
        raise HTTPException(400, f"body.disabled: no dataset {', '.join(unknown)}")
    fields = order.model_dump(exclude_none=True)
    simulation.analytics = replace(simulation.analytics, **fields)
    return report.analytics(simulation.analytics)


@router.put("/graphql-limit")
async def change_graphql_limit(
    order: GraphqlLimitOrder, simulation: Simulated
) -> dict[str, object]:
    """Set the limit of GraphQL queries, forgetting all counts and blocks."""
    simulation.graphql_limiter.change(RateLimit(**order.model_dump()))
    return rate_limit(simulation.graphql_limiter.limit)


def _found(shape_id: str, simulation: Simulation) -> Flow | Requests:
    shape = simulation.flows.get(shape_id) or simulation.request_shapes.get(shape_id)
    if shape is None:
        raise HTTPException(404, f"no traffic {shape_id!r}")
    return shape
