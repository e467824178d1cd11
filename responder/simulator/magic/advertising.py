"""Whether an advertisement may be changed now, and how Cloudflare says that it may not.

Only the answer to a change that comes too soon is known, from the field. Which status and code a
prefix gets that may not be changed at all is assumed.
"""

from datetime import datetime
from enum import StrEnum

from responder.simulator.auth import Caller
from responder.simulator.envelope import ApiError
from responder.simulator.magic.prefix import BgpPrefix, Pace
from responder.simulator.state import Simulation

__all__ = ["Obstacle", "change", "obstacle"]


class Obstacle(StrEnum):
    """Why an advertisement cannot be changed through the API."""

    NOT_APPROVED = "not_approved"
    NOT_ON_DEMAND = "not_on_demand"
    LOCKED = "locked"
    BGP_CONTROLLED = "bgp_controlled"
    TOO_SOON = "too_soon"


_WORDS = {
    Obstacle.NOT_APPROVED: (1003, "Prefix has not been approved yet"),
    Obstacle.NOT_ON_DEMAND: (1004, "On-demand advertisement is not enabled for this prefix"),
    Obstacle.LOCKED: (1005, "The on-demand advertisement status of this prefix is locked"),
    Obstacle.BGP_CONTROLLED: (1006, "Advertisement of this prefix is controlled by BGP signals"),
}


def obstacle(
    prefix: BgpPrefix, simulation: Simulation, now: datetime, *, advertise: bool
) -> Obstacle | None:
    """Say what stands against the change; None when nothing does, or when it changes nothing."""
    standing = {
        Obstacle.NOT_APPROVED: not simulation.prefixes[prefix.parent_id].approved,
        Obstacle.NOT_ON_DEMAND: not prefix.on_demand,
        Obstacle.LOCKED: prefix.locked,
        Obstacle.BGP_CONTROLLED: prefix.bgp_controlled,
        Obstacle.TOO_SOON: _too_soon(prefix, simulation.pace, now, advertise=advertise),
    }
    return next((each for each, stands in standing.items() if stands), None)


def change(prefix: BgpPrefix, caller: Caller, *, advertise: bool) -> BgpPrefix:
    """Take a client's change in, or refuse it as the API does."""
    simulation, now = caller.simulation, caller.now
    found = obstacle(prefix, simulation, now, advertise=advertise)
    if found is Obstacle.TOO_SOON:
        raise _refused_for_now(caller, simulation.pace, advertise=advertise)
    if found is not None:
        raise caller.error(400, *_WORDS[found])
    return prefix.turned(now, simulation.pace, advertise=advertise)


def _too_soon(prefix: BgpPrefix, pace: Pace, now: datetime, *, advertise: bool) -> bool:
    last = prefix.requested
    return last.advertised is not advertise and now - last.at < pace.rest(advertise=advertise)


def _refused_for_now(caller: Caller, pace: Pace, *, advertise: bool) -> ApiError:
    done = "withdrawn" if advertise else "advertised"
    minutes = pace.rest(advertise=advertise).total_seconds() / 60
    return caller.error(429, 1002, f"Prefix was {done} less than {minutes:g} minutes ago")
