"""The simulation as a whole: the account's inventory, armed faults, rate limit and request log."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from responder.simulator.faults import Faults
from responder.simulator.inventory import Account, Level, Token, Zone, identifier
from responder.simulator.limits import Limiter, RateLimit
from responder.simulator.requestlog import RequestLog

__all__ = ["Simulation", "default_token", "seed"]


@dataclass(slots=True)
class Simulation:
    """Everything one simulator knows; `zones` and `tokens` are keyed by id and hold frozen values.

    A family added later brings one more mapping of frozen values, copied in `scratch`.
    """

    zones: dict[str, Zone] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    limiter: Limiter = field(default_factory=lambda: Limiter(RateLimit()))
    requests: RequestLog = field(default_factory=RequestLog)

    def find_zone(self, name_or_id: str) -> Zone | None:
        """Look a zone up by name or id."""
        return self.zones.get(name_or_id) or self.zones.get(identifier("zone", name_or_id))

    def find_token(self, name_or_id: str) -> Token | None:
        """Look a token up by name or id, not by its value."""
        return next((t for t in self.tokens.values() if name_or_id in {t.id, t.name}), None)

    def put_zone(self, zone: Zone) -> None:
        """Add the zone or replace what was known of it."""
        self.zones[zone.id] = zone

    def put_token(self, token: Token) -> None:
        """Add the token or replace what was known of it."""
        self.tokens[token.id] = token

    def scratch(self) -> Self:
        """Copy the inventory, so that a request can be answered without any lasting effect."""
        return replace(self, zones=dict(self.zones), tokens=dict(self.tokens))


def default_token() -> Token:
    """Build the token of a simulation given none: `simulator-token`, allowed everything."""
    groups = frozenset({"Zone Read", "Zone Settings Read", "Zone Settings Write"})
    return Token(name="default", value="simulator-token", permissions=groups)


def seed(
    zones: Mapping[str, str],
    *,
    tokens: Iterable[Token] | None = None,
    rate_limit: RateLimit | None = None,
    account: Account | None = None,
) -> Simulation:
    """Build a simulation from zone names and their levels, such as `{"example.com": "high"}`.

    Without `tokens` there is the default token. Raise ValueError for a level that does not exist.
    """
    owner = account or Account()
    simulation = Simulation(limiter=Limiter(rate_limit or RateLimit()))
    for name, level in zones.items():
        simulation.put_zone(Zone(name=name, level=Level(level), account=owner))
    for token in [default_token()] if tokens is None else tokens:
        simulation.put_token(token)
    return simulation
