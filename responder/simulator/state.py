"""The simulation as a whole: the account's inventory, armed faults, rate limit and request log."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Self

from responder.simulator.alerting.values import Destination, Policy, Sent
from responder.simulator.analytics.traffic import Analytics, Flow, Requests
from responder.simulator.faults import Faults
from responder.simulator.inventory import Account, Level, Token, Zone, identifier
from responder.simulator.limits import Limiter, RateLimit
from responder.simulator.magic.prefix import BgpPrefix, Pace, Prefix, canonical
from responder.simulator.magic.tunnel import Tunnel
from responder.simulator.mnm.rule import Mnm, Rule
from responder.simulator.requestlog import RequestLog
from responder.simulator.rulesets.ruleset import Ruleset

__all__ = ["Simulation", "default_token", "seed"]

_KEPT_NOTIFICATIONS = 10_000
_EVERYTHING = frozenset(
    {
        "Zone Read",
        "Zone Settings Read",
        "Zone Settings Write",
        "IP Prefixes: Read",
        "IP Prefixes: Write",
        "Magic Transit Read",
        "Magic Transit Write",
        "Account Analytics Read",
        "Analytics Read",
        "Magic Network Monitoring Read",
        "Magic Network Monitoring Write",
        "L4 DDoS Managed Ruleset Write",
        "HTTP DDoS Managed Ruleset Write",
        "Notifications Read",
        "Notifications Write",
    }
)


@dataclass(slots=True)
class Simulation:
    """Everything one simulator knows; its mappings are keyed by id and hold frozen values.

    A family added later brings one more such mapping, which `scratch` copies.
    """

    accounts: dict[str, Account] = field(default_factory=lambda: {Account().id: Account()})
    zones: dict[str, Zone] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    prefixes: dict[str, Prefix] = field(default_factory=dict)
    bgp_prefixes: dict[str, BgpPrefix] = field(default_factory=dict)
    tunnels: dict[str, Tunnel] = field(default_factory=dict)
    interconnects_as_observed: bool = False  # in the field, in place of as the schema has them
    pace: Pace = field(default_factory=Pace)
    flows: dict[str, Flow] = field(default_factory=dict)
    request_shapes: dict[str, Requests] = field(default_factory=dict)
    analytics: Analytics = field(default_factory=Analytics)
    mnm_rules: dict[str, Rule] = field(default_factory=dict)
    mnm: Mnm = field(default_factory=Mnm)
    rulesets: dict[str, Ruleset] = field(default_factory=dict)
    webhooks: dict[str, Destination] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    sent: dict[str, Sent] = field(default_factory=dict)
    made: int = 0
    telling: set[asyncio.Task[object]] = field(default_factory=set)
    faults: Faults = field(default_factory=Faults)
    limiter: Limiter = field(default_factory=lambda: Limiter(RateLimit()))
    graphql_limiter: Limiter = field(default_factory=lambda: Limiter(RateLimit(requests=300)))
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
        self.put_account(zone.account)

    def put_account(self, account: Account) -> None:
        """Add the account."""
        self.accounts[account.id] = account

    def put_token(self, token: Token) -> None:
        """Add the token or replace what was known of it."""
        self.tokens[token.id] = token

    def put_prefix(self, prefix: Prefix) -> None:
        """Add the prefix or replace what was known of it; nothing of it is advertised by that."""
        self.prefixes[prefix.id] = prefix
        self.put_account(prefix.account)

    def put_bgp_prefix(self, part: BgpPrefix) -> None:
        """Add the BGP prefix or replace what was known of it.

        If need be its prefix is added too, to the first account.
        """
        self.bgp_prefixes[part.id] = part
        if part.parent_id not in self.prefixes:
            owner = next(iter(self.accounts.values()))
            self.put_prefix(Prefix(part.within, part.asn, account=owner))

    def put_tunnel(self, tunnel: Tunnel) -> None:
        """Add the tunnel or replace what was known of it."""
        self.tunnels[tunnel.id] = tunnel
        self.put_account(tunnel.account)

    def find_bgp_prefix(self, cidr_or_id: str) -> BgpPrefix | None:
        """Look a BGP prefix up by CIDR, however it is spelled, or by id."""
        if cidr_or_id in self.bgp_prefixes:
            return self.bgp_prefixes[cidr_or_id]
        try:
            cidr = canonical(cidr_or_id)
        except ValueError:
            return None
        return self.bgp_prefixes.get(identifier("bgp_prefix", cidr))

    def prefixes_named(self, steps: Iterable[str]) -> frozenset[str]:
        """Collect ids and CIDRs of the prefixes, whole and in part, that a path names by id."""
        known: dict[str, Prefix | BgpPrefix] = {**self.prefixes, **self.bgp_prefixes}
        named = [known[step] for step in steps if step in known]
        return frozenset(name for one in named for name in (one.id, one.cidr))

    def put_traffic(self, shape: Flow | Requests) -> None:
        """Add traffic or replace what was known of it."""
        if isinstance(shape, Flow):
            self.flows[shape.id] = shape
        else:
            self.request_shapes[shape.id] = shape

    def forget_traffic(self, shape_id: str | None = None) -> int:
        """Forget one shape of traffic, or all; return how many there were."""
        shapes: list[dict[str, Flow] | dict[str, Requests]] = [self.flows, self.request_shapes]
        ids = [name for kept in shapes for name in kept if shape_id in {None, name}]
        for name in ids:
            for kept in shapes:
                kept.pop(name, None)
        return len(ids)

    def remember(self, sent: Sent) -> None:
        """Put a notification into the history, which forgets the oldest."""
        self.sent[sent.id] = sent
        if len(self.sent) > _KEPT_NOTIFICATIONS:
            del self.sent[next(iter(self.sent))]

    def new_id(self, kind: str) -> str:
        """Make the id of something that has no name of its own; the same order, the same ids."""
        self.made += 1
        return identifier(kind, str(self.made))

    def scratch(self) -> Self:
        """Copy the inventory, so that a request can be answered without any lasting effect."""
        copy = replace(self)
        for each in fields(self):
            kept = getattr(self, each.name)
            if isinstance(kept, dict):
                setattr(copy, each.name, dict(kept))
        return copy


def default_token() -> Token:
    """Build the token of a simulation given none: `simulator-token`, allowed everything."""
    return Token(name="default", value="simulator-token", permissions=_EVERYTHING)


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
    limiter = Limiter(rate_limit or RateLimit())
    simulation = Simulation(accounts={owner.id: owner}, limiter=limiter)
    for name, level in zones.items():
        simulation.put_zone(Zone(name=name, level=Level(level), account=owner))
    for token in [default_token()] if tokens is None else tokens:
        simulation.put_token(token)
    return simulation
