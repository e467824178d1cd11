"""Magic Transit on demand: whether Cloudflare advertises a prefix and cleans its traffic."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from responder.cloudflare.prefix_lists import BgpPrefix
from responder.cloudflare.prefixes import Prefixes
from responder.cloudflare.tunnels import Tunnels
from responder.domain.clock import ZERO
from responder.domain.memory import Actual, Reading
from responder.domain.targets import Target
from responder.errors import ProviderError
from responder.mitigations.prefix_hook import HookOptions, PrefixHook, rule_of
from responder.mitigations.provider import Provider
from responder.ports import Clock, MitigationKind
from responder.settings.fields import CountOrNone, Duration

__all__ = ["KIND", "PrefixAdvertisement", "PrefixOptions", "build", "build_hook"]

_ADVERTISED, _WITHDRAWN = "advertised", "withdrawn"
_AGO = re.compile(r"less than (\d{1,4}) minutes? ago", re.IGNORECASE)


class PrefixOptions(BaseModel):
    """The `options` of a policy for prefixes."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    advertise_after_withdraw: Duration = timedelta(minutes=15)
    """How old a withdrawal must be before the prefix is advertised again: Cloudflare refuses it
    earlier. Change it only when Cloudflare has told you another one."""
    withdraw_after_advertise: Duration = timedelta(minutes=15)
    """The same for a withdrawal after an advertisement."""
    min_working_tunnels: CountOrNone = 1
    """Tunnels that must carry traffic before a prefix is advertised: without any, advertising
    takes it off the internet. 0 does not ask. Health that cannot be read holds nothing."""
    hook: HookOptions | None = None
    """What your own routers are told before an advertisement and after a withdrawal. Left out:
    nothing."""


KIND = MitigationKind(
    name="prefix_advertisement",
    resource="prefix",
    options=PrefixOptions,
    sustain_expires=False,
    adopt=True,
    guards={"calm_period": "15m", "minimum_duration": "15m"},
    hook=lambda options: rule_of(options.hook),
)


class PrefixAdvertisement:
    """Advertises and withdraws prefixes of one account."""

    name = KIND.name

    def __init__(
        self,
        prefixes: Prefixes,
        tunnels: Tunnels,
        options: Callable[[Target], PrefixOptions],
        now: Callable[[], datetime],
    ) -> None:
        self._prefixes = prefixes
        self._tunnels = tunnels
        self._options = options
        self._now = now
        self._changed: dict[str, datetime] = {}

    def call_of(self, resource: str) -> str | None:
        """Name the list that the prefix stands in, or itself as long as that is not known."""
        return self._prefixes.call_of(resource)

    async def read(self, target: Target, within: timedelta = ZERO) -> Reading:
        """Ask whether it is advertised, may be changed now, and has tunnels to come through."""
        part = await self._prefixes.read(target.resource, within)
        if part.changed_at is not None:
            self._changed[target.resource] = part.changed_at
        options = self._options(target)
        return Reading(
            actual=_actual(part),
            value=None if part.advertised is None else _word(advertised=part.advertised),
            changed_at=part.changed_at,
            ineligible=_ineligible(part),
            constrained_for=self._constraint(part, options),
            unprepared=None if part.advertised else await self._unprepared(options),
            age=part.age,
        )

    async def engage(self, target: Target) -> str:
        """Advertise it."""
        return await self._write(target, advertised=True)

    async def release(self, target: Target, previous: str | None) -> str:
        """Withdraw it: that is what was there before, whatever is remembered."""
        del previous
        return await self._write(target, advertised=False)

    async def _write(self, target: Target, *, advertised: bool) -> str:
        try:
            await self._prefixes.advertise(target.resource, advertised=advertised)
        except ProviderError as error:
            if error.retry_after is None:
                error.retry_after = self._rest(target, str(error))
            raise
        return _word(advertised=advertised)

    def _constraint(self, part: BgpPrefix, options: PrefixOptions) -> timedelta:
        """Return how long Cloudflare still refuses the next change, whatever our clock says."""
        if part.changed_at is None:
            return ZERO
        wait = options.withdraw_after_advertise
        if not part.advertised:
            wait = options.advertise_after_withdraw
        return min(max(part.changed_at + wait - self._now(), ZERO), wait)

    def _rest(self, target: Target, said: str) -> timedelta | None:
        """Return how long a refusal that speaks of time will stand; None for any other."""
        found, changed_at = _AGO.search(said), self._changed.get(target.resource)
        if found is None or changed_at is None:
            return None
        wait = timedelta(minutes=int(found[1]))
        return min(max(changed_at + wait - self._now(), ZERO), wait)

    async def _unprepared(self, options: PrefixOptions) -> str | None:
        """Return why it must not be advertised now; what cannot be known holds nothing."""
        if not options.min_working_tunnels:
            return None
        try:
            health = await self._tunnels.health()
        except ProviderError:
            return None
        if not health.states or health.working >= options.min_working_tunnels:
            return None
        return (
            f"{health.working} of {len(health.states)} tunnels carry traffic, and "
            f"{options.min_working_tunnels} must: what is advertised would not reach you"
        )


def build(provider: Provider) -> PrefixAdvertisement:
    """Build the mitigation; its waits are those of each target's own policy."""
    return PrefixAdvertisement(
        Prefixes(provider.client, provider.account_id),
        Tunnels(provider.client, provider.account_id, provider.now),
        lambda target: _options(provider, target),
        provider.now,
    )


def build_hook(provider: Provider, clock: Clock, observe: Callable[[str, str], None]) -> PrefixHook:
    """Build the way to the operator's own routers, those of each target's own policy."""
    return PrefixHook(lambda target: _options(provider, target).hook, clock, observe)


def _options(provider: Provider, target: Target) -> PrefixOptions:
    found = provider.options(target)
    return found if isinstance(found, PrefixOptions) else PrefixOptions()


def _actual(part: BgpPrefix) -> Actual:
    if part.advertised is None:
        return Actual.UNKNOWN
    return Actual.ON if part.advertised else Actual.OFF


def _word(*, advertised: bool) -> str:
    return _ADVERTISED if advertised else _WITHDRAWN


def _ineligible(part: BgpPrefix) -> str | None:
    """Return why it cannot be switched through the API."""
    if not part.on_demand or part.advertised is None:
        return "the prefix is not on demand: Cloudflare's account team enables that"
    if part.locked:
        return "the prefix is locked: Cloudflare's account team unlocks it after its checks"
    if part.bgp_controlled:
        return "the prefix is advertised by BGP signals, and cannot be switched through the API"
    return None
