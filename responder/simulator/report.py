"""What the control API shows of the simulation: plain values for JSON, without secrets."""

from datetime import datetime

from responder.simulator.analytics.report import analytics_state
from responder.simulator.envelope import moment
from responder.simulator.faults import ArmedFault
from responder.simulator.inventory import Token, Zone
from responder.simulator.limits import rate_limit
from responder.simulator.magic.report import magic_state
from responder.simulator.requestlog import LoggedRequest
from responder.simulator.state import Simulation

__all__ = ["fault", "request", "state", "token", "zone"]


def state(simulation: Simulation, now: datetime) -> dict[str, object]:
    """Show everything but the single requests."""
    log = simulation.requests
    return {
        "zones": [zone(z) for z in sorted(simulation.zones.values(), key=lambda z: z.name)],
        "tokens": [token(t, now) for t in simulation.tokens.values()],
        "accounts": [{"id": a.id, "name": a.name} for a in simulation.accounts.values()],
        **magic_state(simulation, now),
        **analytics_state(simulation),
        "faults": [fault(armed) for armed in simulation.faults],
        "rate_limit": rate_limit(simulation.limiter.limit),
        "requests": {
            "total": log.total,
            "by_method": dict(log.by_method),
            "by_status": {str(status): count for status, count in log.by_status.items()},
        },
    }


def zone(zone: Zone) -> dict[str, object]:
    """Show a zone; `modified_on` is that of its level."""
    return {
        "id": zone.id,
        "name": zone.name,
        "level": zone.level,
        "modified_on": moment(zone.level_modified_on),
        "paused": zone.paused,
        "status": zone.status,
        "plan": zone.plan,
        "editable": zone.editable,
    }


def token(token: Token, now: datetime) -> dict[str, object]:
    """Show a token without its value."""
    return {
        "id": token.id,
        "name": token.name,
        "kind": token.kind,
        "status": token.standing(now),
        "expires_on": moment(token.expires_on),
        "permissions": sorted(token.permissions),
        "zones": None if token.zones is None else sorted(token.zones),
    }


def fault(armed: ArmedFault) -> dict[str, object]:
    """Show an armed fault; `remaining` null means until cleared."""
    return {
        "id": armed.id,
        "kind": armed.fault.kind,
        "method": armed.fault.method,
        "zone": armed.fault.zone,
        "prefix": armed.fault.prefix,
        "path": armed.fault.path,
        "delay": armed.fault.delay.total_seconds(),
        "retry_after": armed.fault.retry_after,
        "remaining": armed.remaining,
    }


def request(entry: LoggedRequest) -> dict[str, object]:
    """Show one logged request."""
    return {
        "at": moment(entry.at),
        "method": entry.method,
        "path": entry.path,
        "query": entry.query,
        "status": entry.status,
        "answered_at": moment(entry.answered_at),
        "body": entry.body,
        "level": entry.level,
        "token": entry.token,
        "fault": entry.fault,
    }
