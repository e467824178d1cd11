"""A rule of MNM, the account's configuration, and how a duration is spelled."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from responder.simulator.inventory import Account

__all__ = ["Match", "Mnm", "Rule", "RuleType", "minutes", "spelled"]

_MINUTES = frozenset({1, 5, 10, 15, 20, 30, 45, 60})
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


class RuleType(StrEnum):
    """What a rule watches for."""

    THRESHOLD = "threshold"
    ZSCORE = "zscore"
    ADVANCED_DDOS = "advanced_ddos"


class Match(StrEnum):
    """Which of the account's prefixes a rule's prefix means; a subnet lies in what is advertised.

    Both `subnet` and `supernet` mean the same prefix too (assumed).
    """

    EXACT = "exact"
    SUBNET = "subnet"
    SUPERNET = "supernet"


@dataclass(frozen=True, slots=True)
class Mnm:
    """The account's configuration; `go_durations` answers `1m0s` where the schema says `1m`."""

    name: str = "Simulated account"
    default_sampling: float = 1
    router_ips: tuple[str, ...] = ()
    go_durations: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; what does not belong to its type is None."""

    id: str
    name: str
    type: RuleType
    prefixes: tuple[str, ...]
    automatic_advertisement: bool | None = None
    bandwidth_threshold: float | None = None
    packet_threshold: float | None = None
    duration: int | None = None  # minutes
    prefix_match: Match | None = None
    zscore_sensitivity: str | None = None
    zscore_target: str | None = None
    account: Account = field(default_factory=Account)


def minutes(duration: str) -> int:
    """Read `5m`, `5m0s` or `1h`; ValueError for what is none of the eight that are allowed."""
    match = _DURATION.fullmatch(duration)
    hours, whole, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    total = hours * 60 + whole
    if seconds or total not in _MINUTES:
        allowed = ", ".join(f"{each}m" for each in sorted(_MINUTES))
        raise ValueError(f"{duration!r} is none of {allowed}")
    return total


def spelled(duration: int, *, go: bool) -> str:
    """Spell minutes as Go does, or as the schema has them."""
    if not go:
        return f"{duration}m"
    hours, rest = divmod(duration, 60)
    return f"{hours}h{rest}m0s" if hours else f"{rest}m0s"
