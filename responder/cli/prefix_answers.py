"""Prefixes as the service answers them, and their lines in tables."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from responder.cli.answers import TargetAnswer
from responder.cli.tables import Column, countdown, moment, print_table
from responder.cli.tools import ShownRequest

__all__ = ["HeldAnswer", "HeldPrefix", "KnownAnswer", "KnownPrefix", "print_held", "print_known"]

_LIST_COLUMNS = (
    Column("PREFIX"),
    Column("WITHIN", spare=4),
    Column("SITE", spare=2),
    Column("ADVERTISED"),
    Column("SINCE", spare=3),
    Column("SWITCHABLE", spare=1),
    Column("DESCRIPTION", spare=5),
)
_STATUS_COLUMNS = (
    Column("PREFIX"),
    Column("SITE", spare=6),
    Column("STATE"),
    Column("VALUE", spare=1),
    Column("SINCE", spare=5),
    Column("DEMAND", spare=4),
    Column("DECISION"),
    Column("CONSTRAINT", spare=2),
    Column("OWNER", spare=3),
    Column("OVERRIDE", spare=7),
)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class _Switches(_Answer):
    advertise: ShownRequest
    withdraw: ShownRequest


class HeldPrefix(_Answer):
    """A prefix of the account, and the requests that switch it."""

    prefix: str
    within: str
    site: str | None = None
    description: str = ""
    approved: bool
    on_demand: bool
    locked: bool
    bgp_controlled: bool
    advertised: bool | None = None
    changed_at: datetime | None = None
    requests: _Switches


class HeldAnswer(_Answer):
    """All prefixes of the account."""

    prefixes: tuple[HeldPrefix, ...]


class KnownPrefix(TargetAnswer):
    """A configured prefix as the service last read it."""

    prefix: str
    value: str | None = None
    changed_at: datetime | None = None
    changeable_at: datetime | None = None
    ineligible: str | None = None
    unprepared: str | None = None


class KnownAnswer(_Answer):
    """All configured prefixes."""

    prefixes: tuple[KnownPrefix, ...]


def print_held(prefixes: Sequence[HeldPrefix]) -> None:
    """Print what the account has."""
    print_table(_LIST_COLUMNS, [_held_row(one) for one in prefixes])


def print_known(prefixes: Sequence[KnownPrefix], now: datetime) -> None:
    """Print what the service knows."""
    print_table(_STATUS_COLUMNS, [_known_row(one, now) for one in prefixes])


def _held_row(one: HeldPrefix) -> tuple[str, ...]:
    return (
        one.prefix,
        one.within if one.within != one.prefix else "",
        one.site or "",
        {True: "yes", False: "no", None: "unknown"}[one.advertised],
        moment(one.changed_at) if one.changed_at else "",
        _switchable(one),
        one.description,
    )


def _switchable(one: HeldPrefix) -> str:
    reasons = {
        "not approved": not one.approved,
        "not on demand": not one.on_demand,
        "locked": one.locked,
        "by BGP": one.bgp_controlled,
    }
    return ", ".join(word for word, holds in reasons.items() if holds) or "yes"


def _known_row(one: KnownPrefix, now: datetime) -> tuple[str, ...]:
    decision, order = one.decision, one.override
    return (
        one.prefix,
        one.site,
        one.state,
        one.value or one.actual,
        moment(one.since) if one.since else "",
        one.demand,
        f"{decision.action} {decision.reason}" if decision else "not judged yet",
        countdown(one.changeable_at, now) if one.changeable_at else "",
        one.owner or "",
        f"{order.state} by {order.by}" if order else "",
    )
