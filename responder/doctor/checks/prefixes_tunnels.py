"""Whether enough tunnels carry traffic for what is advertised to reach its owner."""

from collections.abc import Sequence

from responder.cloudflare.client import CloudflareClient
from responder.cloudflare.tunnels import HEALTHY, WINDOW, TunnelHealth, Tunnels
from responder.doctor.checks.prefixes_provisioned import NO_PREFIXES, ask_account, configured
from responder.doctor.context import Context
from responder.doctor.finding import Finding, failure, ok, skipped, warning
from responder.domain.breaker import Failure
from responder.domain.targets import Mode
from responder.errors import ProviderError
from responder.mitigations.prefix_advertisement import KIND, PrefixOptions

__all__ = ["judge", "look"]

_BLIND = "prefixes are advertised without knowing whether their traffic arrives"
_SHOWN = 5


async def look(context: Context) -> Sequence[Finding]:
    """Ask for the health of all tunnels of the account."""
    if not configured(context):
        return [ok(NO_PREFIXES)]
    needed = _needed(context)
    if not needed:
        return [ok("min_working_tunnels is 0: no tunnel is asked for")]

    async def ask(client: CloudflareClient, account: str) -> TunnelHealth:
        return await Tunnels(client, account, context.clock.now).health()

    try:
        return [judge(await ask_account(context, ask), needed)]
    except ProviderError as error:
        if error.failure is not Failure.REFUSED:
            return [skipped(str(error), "ask again")]
        return [warning(f"{error}: {_BLIND}", "give the token Account Analytics Read")]


def judge(health: TunnelHealth, needed: int) -> Finding:
    """Judge the tunnels by how many must carry traffic before a prefix is advertised."""
    total, working = len(health.states), health.working
    if not total:
        minutes = WINDOW.total_seconds() / 60
        seen = f"no tunnel was checked in the last {minutes:.0f} minutes: {_BLIND}"
        return warning(seen, "set up tunnels and their health checks, or correct account_id")
    seen = f"{working} of {total} tunnels carry traffic"
    if working < needed:
        advice = f"repair {_dead(health)}" if working < total else "lower min_working_tunnels"
        return failure(f"{seen}, and {needed} must: no prefix would be advertised", advice)
    if working < total:
        return warning(f"{seen}, and {needed} must", f"repair {_dead(health)}")
    return ok(f"{seen}, and {needed} must")


def _dead(health: TunnelHealth) -> str:
    dead = sorted(name for name, state in health.states.items() if state < HEALTHY)
    more = f" and {len(dead) - _SHOWN} more" if len(dead) > _SHOWN else ""
    return f"{', '.join(dead[:_SHOWN])}{more}"


def _needed(context: Context) -> int:
    """Return the most that any policy for prefixes asks for."""
    acting = [
        policy.name
        for policy in context.inventory.policies
        if policy.mitigation == KIND.name and policy.mode is not Mode.OFF
    ]
    options = [context.settings.options_for(KIND.name, name) for name in acting]
    known = [one.min_working_tunnels for one in options if isinstance(one, PrefixOptions)]
    return max(known, default=0)
