"""The control API of MNM.

POST /simulator/mnm/rules/{rule}/trigger  the rule, by name or id, sees an attack: with automatic
                                          advertisement it advertises its prefixes, and what has
                                          to rest follows when it may; notifications go out, for
                                          what follows once more
PUT  /simulator/mnm                       `{"go_durations": false}`: answer `1m`, not `1m0s`
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime

from fastapi import APIRouter, HTTPException

from responder.simulator.alerting.delivery import dispatch
from responder.simulator.mnm.rule import Rule
from responder.simulator.mnm.trigger import Outcome, advertise, followed, notices
from responder.simulator.orders import Clock, Now, Order, Simulated
from responder.simulator.state import Simulation

__all__ = ["router"]

router = APIRouter()


class MnmOrder(Order):
    """Body of PUT /mnm."""

    go_durations: bool


@router.post("/mnm/rules/{name_or_id}/trigger")
async def trigger_rule(
    name_or_id: str, simulation: Simulated, now: Now, clock: Clock
) -> dict[str, object]:
    """Let a rule trigger, and tell what came of it."""
    rules = simulation.mnm_rules.values()
    rule = next((each for each in rules if name_or_id in {each.id, each.name}), None)
    if rule is None:
        raise HTTPException(404, f"no rule {name_or_id!r}")
    outcomes = advertise(rule, simulation, now) if rule.automatic_advertisement else {}
    deliveries = [
        delivery
        for notice in notices(rule, outcomes, now)
        for delivery in await dispatch(notice, simulation)
    ]
    for cidr in (cidr for cidr, outcome in outcomes.items() if outcome is Outcome.DELAYED):
        _tell_later(rule, cidr, simulation, clock)
    return {
        "advertise_status": outcomes,
        "deliveries": [asdict(delivery) for delivery in deliveries],
    }


@router.put("/mnm")
async def change_mnm(order: MnmOrder, simulation: Simulated) -> dict[str, object]:
    """Set how durations are spelled."""
    simulation.mnm = replace(simulation.mnm, **order.model_dump())
    return {"go_durations": simulation.mnm.go_durations}


def _tell_later(
    rule: Rule, cidr: str, simulation: Simulation, clock: Callable[[], datetime]
) -> None:
    """Send the second notification when the prefix may be advertised."""
    part = simulation.find_bgp_prefix(cidr)
    loop = asyncio.get_running_loop()

    def tell() -> None:
        notice = followed(rule, cidr, simulation, clock())
        if notice is not None:
            task = loop.create_task(dispatch(notice, simulation))
            simulation.telling.add(task)
            task.add_done_callback(simulation.telling.discard)

    if part is not None:
        loop.call_later((part.requested.at - clock()).total_seconds(), tell)
