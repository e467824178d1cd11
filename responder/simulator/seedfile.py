"""A simulation described in a file: accounts, zones, tokens, prefixes, tunnels, and their limits.

The entries are those of the control API's orders, so that a file and an order say the same thing
in the same words.
"""

from typing import Annotated

import yaml
from fastapi import HTTPException
from pydantic import Field, ValidationError

from responder.simulator.analytics.orders import AnalyticsOrder, GraphqlLimitOrder
from responder.simulator.analytics.traffic import Analytics
from responder.simulator.control import RateLimitOrder
from responder.simulator.inventory import Account, Level, Plan, Zone, ZoneStatus
from responder.simulator.limits import RateLimit
from responder.simulator.magic.prefix import Pace
from responder.simulator.magic.prefix_orders import PaceOrder, PrefixOrder, add_prefix
from responder.simulator.magic.tunnel_orders import TunnelOrder, add_tunnel
from responder.simulator.orders import Order, account_named
from responder.simulator.state import Simulation
from responder.simulator.token_orders import TokenOrder, token_of

__all__ = ["read_seed"]


class _ZoneEntry(Order):
    name: Annotated[str, Field(min_length=1)]
    level: Level = Level.MEDIUM
    plan: Plan = Plan.FREE
    status: ZoneStatus = ZoneStatus.ACTIVE
    paused: bool = False
    editable: bool = True
    account: str | None = None


class _Seed(Order):
    accounts: list[Annotated[str, Field(min_length=1)]] = Field(default_factory=list)
    zones: list[_ZoneEntry] = Field(default_factory=list)
    tokens: list[TokenOrder] = Field(default_factory=list)
    prefixes: list[PrefixOrder] = Field(default_factory=list)
    tunnels: list[TunnelOrder] = Field(default_factory=list)
    advertising: PaceOrder = Field(default_factory=PaceOrder)
    analytics: AnalyticsOrder = Field(default_factory=AnalyticsOrder)
    rate_limit: RateLimitOrder = Field(default_factory=RateLimitOrder)
    graphql_limit: GraphqlLimitOrder = Field(default_factory=GraphqlLimitOrder)


def read_seed(text: str) -> Simulation:
    """Build the simulation that the YAML describes; ValueError names the places that make no sense.

    The first account is that of everything which names none.
    """
    try:
        seed = _Seed.model_validate(yaml.safe_load(text) or {})
    except yaml.YAMLError as error:
        raise ValueError(f"it is no YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        lines = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in problems]
        raise ValueError("; ".join(lines)) from error
    simulation = Simulation(
        pace=Pace(**seed.advertising.model_dump(exclude_none=True)),
        analytics=Analytics(**seed.analytics.model_dump(exclude_none=True)),
    )
    simulation.limiter.change(RateLimit(**seed.rate_limit.model_dump()))
    simulation.graphql_limiter.change(RateLimit(**seed.graphql_limit.model_dump()))
    if seed.accounts:
        simulation.accounts = {a.id: a for a in map(Account, seed.accounts)}
    _fill(simulation, seed)
    return simulation


def _fill(simulation: Simulation, seed: _Seed) -> None:
    place = ""
    try:
        for number, zone in enumerate(seed.zones):
            place = f"zones.{number}"
            owner = account_named(zone.account, simulation)
            simulation.put_zone(Zone(**zone.model_dump() | {"account": owner}))
        for number, token in enumerate(seed.tokens):
            place = f"tokens.{number}"
            simulation.put_token(token_of(token, simulation))
        for number, prefix in enumerate(seed.prefixes):
            place = f"prefixes.{number}"
            add_prefix(prefix, simulation)
        for number, tunnel in enumerate(seed.tunnels):
            place = f"tunnels.{number}"
            add_tunnel(tunnel, simulation)
    except HTTPException as error:
        raise ValueError(f"{place}: {error.detail}") from error
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error
