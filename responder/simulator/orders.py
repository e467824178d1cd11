"""What the modules of the control API share: the shape of an order, and whom it is given to."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from responder.simulator.inventory import Account
from responder.simulator.state import Simulation

__all__ = ["Clock", "Now", "Order", "Simulated", "Span", "account_named"]

Span = Annotated[timedelta, Field(ge=timedelta(0))]


class Order(BaseModel):
    """A body of the control API; a key that it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid")


async def _simulation(request: Request) -> Simulation:
    simulation: Simulation = request.state.simulation
    return simulation


async def _now(request: Request) -> datetime:
    now: datetime = request.state.clock()
    return now


async def _clock(request: Request) -> Callable[[], datetime]:
    clock: Callable[[], datetime] = request.state.clock
    return clock


Simulated = Annotated[Simulation, Depends(_simulation)]
Now = Annotated[datetime, Depends(_now)]
Clock = Annotated[Callable[[], datetime], Depends(_clock)]


def account_named(name: str | None, simulation: Simulation) -> Account:
    """Find the account by name or id, the first one for None; an unknown one is a 404."""
    accounts = simulation.accounts.values()
    found = next((a for a in accounts if name is None or name in {a.id, a.name}), None)
    if found is None:
        raise HTTPException(404, f"no account {name!r}")
    return found
