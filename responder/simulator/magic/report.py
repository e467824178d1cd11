"""What the control API shows of Magic Transit: plain values for JSON."""

from datetime import datetime

from responder.simulator.envelope import moment
from responder.simulator.magic.prefix import BgpPrefix, Pace
from responder.simulator.magic.tunnel import Tunnel
from responder.simulator.state import Simulation

__all__ = ["bgp_prefix", "magic_state", "pace", "tunnel"]


def magic_state(simulation: Simulation, now: datetime) -> dict[str, object]:
    """Show all prefixes, how fast they turn, and all tunnels."""
    return {
        "prefixes": [bgp_prefix(part, now) for part in simulation.bgp_prefixes.values()],
        "advertising": pace(simulation.pace),
        "tunnels": [tunnel(each) for each in simulation.tunnels.values()],
    }


def bgp_prefix(part: BgpPrefix, now: datetime) -> dict[str, object]:
    """Show a BGP prefix; `state` is how far its last change has come.

    `advertised` is what a read of the API shows, `routed` what the Internet does.
    """
    last = part.requested
    return {
        "id": part.id,
        "cidr": part.cidr,
        "prefix": part.within,
        "prefix_id": part.parent_id,
        "state": "confirmed" if last.routed_at <= now else "requested",
        "requested": last.advertised,
        "requested_at": moment(last.at),
        "confirmed_at": moment(last.routed_at),
        "advertised": part.visible(now).advertised,
        "routed": part.routed(now).advertised,
        "on_demand": part.on_demand,
        "locked": part.locked,
        "bgp_controlled": part.bgp_controlled,
    }


def pace(pace: Pace) -> dict[str, object]:
    """Show the pace in seconds."""
    return {
        "advertise_takes": pace.advertise_takes.total_seconds(),
        "withdraw_takes": pace.withdraw_takes.total_seconds(),
        "visible_after": pace.visible_after.total_seconds(),
        "advertise_after_withdraw": pace.advertise_after_withdraw.total_seconds(),
        "withdraw_after_advertise": pace.withdraw_after_advertise.total_seconds(),
    }


def tunnel(tunnel: Tunnel) -> dict[str, object]:
    """Show a tunnel, and since when it is as healthy as it is."""
    return {
        "id": tunnel.id,
        "name": tunnel.name,
        "kind": tunnel.kind,
        "health": tunnel.health,
        "since": moment(tunnel.turns[-1].at),
        "line": tunnel.line.state,
    }
