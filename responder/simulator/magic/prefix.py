"""Prefixes and their advertisement: what was asked for, what the API shows, what is routed.

All three are functions of the moment: a change is stored once, with the moments at which it is
seen and at which it is true, and nothing has to happen in between.
"""

import ipaddress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self

from responder.simulator.inventory import BORN, Account, identifier

__all__ = ["BgpPrefix", "Pace", "Prefix", "Turn", "canonical", "covers"]

_KEPT_TURNS = 200


def canonical(cidr: str) -> str:
    """Spell a prefix as Cloudflare does; ValueError for what is none."""
    return str(ipaddress.ip_network(cidr))


def covers(whole: str, part: str) -> bool:
    """Tell whether an address or prefix lies in this prefix; ValueError for what is neither."""
    outer, inner = ipaddress.ip_network(whole), ipaddress.ip_network(part)
    return inner.network_address in outer and inner.prefixlen >= outer.prefixlen


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the account's advertising takes, and how long it must rest between two changes.

    Cloudflare documents 2 to 7 minutes for advertising and up to 15 for withdrawing. The rests are
    known from the field only: the API's answer to a change that comes too soon is a refusal. A
    rest of zero means that there is none.
    """

    advertise_takes: timedelta = timedelta(minutes=4)
    withdraw_takes: timedelta = timedelta(minutes=10)
    visible_after: timedelta = timedelta(0)  # until a read shows the change (assumed: at once)
    advertise_after_withdraw: timedelta = timedelta(minutes=15)
    withdraw_after_advertise: timedelta = timedelta(minutes=15)

    def rest(self, *, advertise: bool) -> timedelta:
        """Say how old the change before must be for this one."""
        return self.advertise_after_withdraw if advertise else self.withdraw_after_advertise


@dataclass(frozen=True, slots=True)
class Turn:
    """One change of the advertisement, and when it was asked for, seen and true."""

    advertised: bool
    at: datetime = BORN
    visible_at: datetime = BORN
    routed_at: datetime = BORN


@dataclass(frozen=True, slots=True)
class Prefix:
    """An IP prefix of an account; `approved` is whether Cloudflare has accepted it."""

    cidr: str
    asn: int = 64500
    description: str = ""
    approved: bool = True
    account: Account = field(default_factory=Account)

    @property
    def id(self) -> str:
        """The same on every run, whatever else changes."""
        return identifier("prefix", self.cidr)


@dataclass(frozen=True, slots=True)
class BgpPrefix:
    """What is advertised of a prefix: all of it, or a more specific part; `within` is the whole.

    `on_demand` says whether it may be turned at all, `locked` that the checks before its first
    advertisement are not finished, `bgp_controlled` that BGP sessions turn it and not the API.
    """

    cidr: str
    within: str = ""
    on_demand: bool = True
    locked: bool = False
    bgp_controlled: bool = False
    asn: int = 64500
    prepend: int = 0
    follows_routes: bool = False  # `auto_advertise_withdraw`
    modified_on: datetime = BORN
    turns: tuple[Turn, ...] = (Turn(advertised=False),)

    def __post_init__(self) -> None:
        """Refuse what is no prefix, in the words of `ipaddress`, and spell it in the usual way."""
        cidr = canonical(self.cidr)
        within = canonical(self.within) if self.within else cidr
        if not covers(within, cidr):
            raise ValueError(f"{cidr} is not a part of {within}")
        object.__setattr__(self, "cidr", cidr)
        object.__setattr__(self, "within", within)

    @property
    def id(self) -> str:
        """The same on every run, whatever else changes."""
        return identifier("bgp_prefix", self.cidr)

    @property
    def parent_id(self) -> str:
        """Id of the prefix it belongs to."""
        return identifier("prefix", self.within)

    @property
    def requested(self) -> Turn:
        """The newest change, however far it has come."""
        return self.turns[-1]

    def visible(self, now: datetime) -> Turn:
        """Find the change that a read of the API shows at this moment."""
        return next((t for t in reversed(self.turns) if t.visible_at <= now), self.turns[0])

    def routed(self, now: datetime) -> Turn:
        """Find the change that the Internet's routers have followed at this moment."""
        return next((t for t in reversed(self.turns) if t.routed_at <= now), self.turns[0])

    def turned(self, now: datetime, pace: Pace, *, advertise: bool) -> Self:
        """Take a change in; the same state again is no change and moves no moment (assumed)."""
        if self.requested.advertised is advertise:
            return self
        takes = pace.advertise_takes if advertise else pace.withdraw_takes
        turn = Turn(advertise, now, now + pace.visible_after, now + takes)
        kept = (*self.turns, turn)[-_KEPT_TURNS:]
        return replace(self, turns=kept, modified_on=now)

    def set_up(self, now: datetime, *, prepend: int | None, follows_routes: bool | None) -> Self:
        """Write what goes with the advertisement; None leaves it as it is."""
        if prepend is None and follows_routes is None:
            return self
        return replace(
            self,
            prepend=self.prepend if prepend is None else prepend,
            follows_routes=self.follows_routes if follows_routes is None else follows_routes,
            modified_on=now,
        )
