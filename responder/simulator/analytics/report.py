"""What the control API shows of traffic and analytics: plain values for JSON."""

from responder.simulator.analytics.traffic import Analytics, Flow, Requests
from responder.simulator.envelope import moment
from responder.simulator.limits import rate_limit
from responder.simulator.state import Simulation

__all__ = ["analytics", "analytics_state", "shape"]


def analytics_state(simulation: Simulation) -> dict[str, object]:
    """Show all traffic, and how analytics behave."""
    shapes: list[Flow | Requests] = [
        *simulation.flows.values(),
        *simulation.request_shapes.values(),
    ]
    return {
        "traffic": [shape(each) for each in shapes],
        "analytics": analytics(simulation.analytics),
        "graphql_limit": rate_limit(simulation.graphql_limiter.limit),
    }


def shape(shape: Flow | Requests) -> dict[str, object]:
    """Show traffic by what it is, and when."""
    told: dict[str, object] = {
        "id": shape.id,
        "starts": moment(shape.span.start),
        "ends": moment(shape.span.end),
    }
    if isinstance(shape, Requests):
        facts = {"host": shape.host, "requests": shape.per_second, "action": shape.action}
        return {**told, "zone_id": shape.zone_id, **facts}
    rates = {"bits": shape.bits, "packets": shape.packets}
    facts = {"outcome": shape.outcome, "system": shape.system, "vector": shape.vector}
    return {**told, "prefix": shape.prefix, "address": shape.address, **rates, **facts}


def analytics(analytics: Analytics) -> dict[str, object]:
    """Show the lag in seconds, and what is disabled."""
    return {"lag": analytics.lag.total_seconds(), "disabled": sorted(analytics.disabled)}
