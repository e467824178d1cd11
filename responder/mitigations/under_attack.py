"""Under Attack Mode: the security level at which a zone challenges every visitor."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from responder.cloudflare.client import CloudflareClient
from responder.cloudflare.security_level import SecurityLevel, SecurityLevels
from responder.cloudflare.tokens import blamed
from responder.cloudflare.zones import Zone, Zones
from responder.domain.clock import ZERO
from responder.domain.memory import Actual, Reading
from responder.domain.targets import Target
from responder.errors import ProviderError
from responder.mitigations.provider import Provider
from responder.ports import MitigationKind

__all__ = ["KIND", "UnderAttack", "UnderAttackOptions", "build"]

_ON = "under_attack"

_Answer = TypeVar("_Answer")


class UnderAttackOptions(BaseModel):
    """The `options` of a policy for Under Attack Mode."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    fallback_level: Literal["off", "essentially_off", "low", "medium", "high"] = "medium"
    """The security level to release to when the level from before is not known.

    Default `medium`, Cloudflare's own. Change it when your zones normally have another one.
    """


KIND = MitigationKind(name=_ON, resource="zone", options=UnderAttackOptions)


class UnderAttack:
    """Switches the security level of a zone."""

    name = KIND.name

    def __init__(
        self, client: CloudflareClient, zones: Zones, fallback: Callable[[Target], str]
    ) -> None:
        self._client = client
        self._zones = zones
        self._levels = SecurityLevels(client)
        self._fallback = fallback

    def call_of(self, resource: str) -> str | None:
        """Return None: each zone is asked about on its own."""
        del resource
        return None

    async def read(self, target: Target, within: timedelta = ZERO) -> Reading:
        """Ask for the zone's level, and whether it can be switched."""
        del within
        return await self._judged(self._read(target))

    async def _read(self, target: Target) -> Reading:
        zone = await self._zones.find(target.resource)
        level = await self._levels.read(zone.id)
        return Reading(
            actual=Actual.ON if level.value == _ON else Actual.OFF,
            value=level.value,
            changed_at=level.modified_on,
            ineligible=_ineligible(zone, level),
        )

    async def engage(self, target: Target) -> str:
        """Set the level to under_attack."""
        return await self._judged(self._write(target, _ON))

    async def release(self, target: Target, previous: str | None) -> str:
        """Set the level from before, or the fallback when that one is not known."""
        if previous is None or previous == _ON:
            previous = self._fallback(target)
        return await self._judged(self._write(target, previous))

    async def _write(self, target: Target, value: str) -> str:
        await self._levels.write(await self._zones.id_of(target.resource), value)
        return value

    async def _judged(self, call: Awaitable[_Answer]) -> _Answer:
        """Tell a zone that refuses us from a token that everything refuses."""
        try:
            return await call
        except ProviderError as error:
            verdict = await blamed(self._client, error)
            if verdict is error:
                raise
            raise verdict from error


def build(provider: Provider) -> UnderAttack:
    """Build the mitigation; its fallback level is that of each target's own policy."""

    def fallback(target: Target) -> str:
        options = provider.options(target)
        if not isinstance(options, UnderAttackOptions):
            options = UnderAttackOptions()
        return options.fallback_level

    return UnderAttack(provider.client, provider.zones, fallback)


def _ineligible(zone: Zone, level: SecurityLevel) -> str | None:
    """Return why the level protects nothing, or cannot be set."""
    if zone.paused:
        return "zone is paused"
    if zone.status != "active":
        return f"zone status is {zone.status or 'unknown'}"
    if not level.editable:
        return "security_level is not editable on this plan"
    return None
