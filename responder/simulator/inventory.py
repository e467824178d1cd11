"""What a simulated account holds: zones with their security level, and the tokens that reach them.

Ids are 32 hex digits derived from names, so that the same seed gives the same ids on every run.
"""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

__all__ = [
    "BORN",
    "Account",
    "Level",
    "Plan",
    "Token",
    "TokenKind",
    "TokenStatus",
    "Zone",
    "ZoneStatus",
    "identifier",
]

# Everything seeded was created at one fixed moment: two runs must not differ by their start.
BORN = datetime(2024, 1, 1, tzinfo=UTC)


class Level(StrEnum):
    """Security levels the API accepts, from no protection to Under Attack Mode."""

    OFF = "off"
    ESSENTIALLY_OFF = "essentially_off"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    UNDER_ATTACK = "under_attack"


class ZoneStatus(StrEnum):
    """How far a zone's delegation has come; only `active` zones are protected."""

    INITIALIZING = "initializing"
    PENDING = "pending"
    ACTIVE = "active"
    MOVED = "moved"


class Plan(StrEnum):
    """Subscription of a zone; `enterprise` alone may set the level `off`."""

    FREE = "free"
    PRO = "pro"
    BUSINESS = "business"
    ENTERPRISE = "enterprise"


class TokenKind(StrEnum):
    """Who owns a credential; `key` is a user's Global API Key, presented with an e-mail address."""

    USER = "user"
    ACCOUNT = "account"
    KEY = "key"


class TokenStatus(StrEnum):
    """What token verification reports."""

    ACTIVE = "active"
    DISABLED = "disabled"
    EXPIRED = "expired"


def identifier(kind: str, name: str) -> str:
    """Derive the 32 hex digits that name an object of this kind for ever."""
    return hashlib.sha256(f"{kind}:{name}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Account:
    """Owner of zones and of account tokens."""

    name: str = "Simulated account"

    @property
    def id(self) -> str:
        """Derived from the name, like every id here."""
        return identifier("account", self.name)


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone; `editable` and `level_modified_on` belong to its security level.

    `level_modified_on` is None until the level is written for the first time, as on a new zone.
    """

    name: str
    level: Level = Level.MEDIUM
    paused: bool = False
    status: ZoneStatus = ZoneStatus.ACTIVE
    plan: Plan = Plan.FREE
    editable: bool = True
    level_modified_on: datetime | None = None
    modified_on: datetime = BORN
    account: Account = field(default_factory=Account)

    @property
    def id(self) -> str:
        """The same on every run, whatever else changes."""
        return identifier("zone", self.name)

    def with_level(self, level: Level, now: datetime) -> Self:
        """Write the level; the same value again also moves `level_modified_on` (assumed)."""
        return replace(self, level=level, level_modified_on=now)


@dataclass(frozen=True, slots=True)
class Token:
    """A credential: what it may do (`permissions`, group names) and which zone ids it sees.

    `zones` None means all. `email` is needed for the kind `key` only, `account` limits the kind
    `account` only. The value is a secret of the caller and never leaves in a log or an answer.
    """

    name: str
    value: str = field(repr=False)
    kind: TokenKind = TokenKind.USER
    permissions: frozenset[str] = frozenset()
    zones: frozenset[str] | None = None
    status: TokenStatus = TokenStatus.ACTIVE
    expires_on: datetime | None = None
    email: str | None = None
    account: Account = field(default_factory=Account)

    @property
    def id(self) -> str:
        """The same on every run, whatever else changes."""
        return identifier("token", self.name)

    def standing(self, now: datetime) -> TokenStatus:
        """Judge the token at this moment: an active one expires by itself."""
        over = self.expires_on is not None and self.expires_on <= now
        return TokenStatus.EXPIRED if over and self.status is TokenStatus.ACTIVE else self.status

    def sees(self, zone: Zone) -> bool:
        """Tell whether the zone is among this token's resources."""
        return self.reaches(zone.account) and (self.zones is None or zone.id in self.zones)

    def reaches(self, account: Account) -> bool:
        """Tell whether the account is among this token's resources."""
        return self.kind is not TokenKind.ACCOUNT or account == self.account
