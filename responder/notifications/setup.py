"""Setting up at Cloudflare: one webhook, and a policy for each alert type, known by their names.

To do it again changes nothing but what differs; the webhook alone is saved anew, because Cloudflare
then tests it with the secret of now, and never tells the one that it has.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from responder.cloudflare.notifications import Destination, NotificationPolicy
from responder.domain.breaker import Failure
from responder.domain.notification_types import TYPES
from responder.errors import ProviderError

__all__ = ["Account", "Step", "Wish", "policy_name", "set_up"]

NOT_MADE_YET = "(id of the new webhook)"


class Account(Protocol):
    """Notifications of an account; every failure is a ProviderError."""

    async def webhooks(self) -> list[Destination]:
        """Return the account's webhooks."""
        ...

    async def policies(self) -> list[NotificationPolicy]:
        """Return the account's policies."""
        ...

    async def available(self) -> frozenset[str]:
        """Return the alert types that the account can have."""
        ...

    def path_of(self, resource: str) -> str:
        """Return the path of a resource such as `policies`."""
        ...

    async def write(self, method: str, path: str, body: Mapping[str, object]) -> str:
        """Create or change a webhook or a policy; return its id."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What there should be."""

    name: str
    """Of the webhook; the policies' names begin with it."""
    url: str
    types: Collection[str] = tuple(TYPES)


@dataclass(frozen=True, slots=True)
class Step:
    """One request, or the reason why there is none to make."""

    subject: str
    done: str
    """`create`, `change`, `test`, `keep` or `skip`."""
    method: str = ""
    path: str = ""
    body: Mapping[str, object] | None = None
    """Without its secret."""
    problem: str = ""
    """Why Cloudflare refused it."""


def policy_name(wish: Wish, alert_type: str) -> str:
    """Return the name under which a policy is found again."""
    return f"{wish.name}: {alert_type}"


async def set_up(account: Account, wish: Wish, secret: str, *, dry: bool) -> list[Step]:
    """Bring the account to what is wished, and return every step; `dry` makes none of them.

    Raises ProviderError; what was done until then stays, and the next time goes on from there.
    """
    webhooks, policies = await account.webhooks(), await account.policies()
    available = await account.available()
    known = next((one for one in webhooks if one.name == wish.name), None)
    step = _webhook_step(known, wish, account.path_of("destinations/webhooks"))
    saved = known.id if known else NOT_MADE_YET
    if not dry and step.body is not None:
        saved = await account.write(step.method, step.path, {**step.body, "secret": secret})
    steps = [step]
    for one in wish.types:
        planned = Step(f"policy {policy_name(wish, one)}", "skip")
        if one in available:
            path = account.path_of("policies")
            planned = _policy_step(policies, _policy(wish, one, saved), path)
        steps.append(planned if dry else await _made(account, planned))
    return steps


async def _made(account: Account, step: Step) -> Step:
    """Make the request of a step; one policy that is refused keeps no other from being made."""
    if step.body is not None:
        try:
            await account.write(step.method, step.path, step.body)
        except ProviderError as error:
            if error.failure is not Failure.REFUSED:
                raise
            return replace(step, problem=str(error))
    return step


def _webhook_step(known: Destination | None, wish: Wish, path: str) -> Step:
    body = {"name": wish.name, "url": wish.url}
    subject = f"webhook {wish.name}"
    if known is None:
        return Step(subject, "create", "POST", path, body)
    done = "test" if known.url == wish.url else "change"
    return Step(subject, done, "PUT", f"{path}/{known.id}", body)


def _policy(wish: Wish, alert_type: str, webhook: str) -> dict[str, Any]:
    return {
        "name": policy_name(wish, alert_type),
        "alert_type": alert_type,
        "enabled": True,
        "mechanisms": {"webhooks": [{"id": webhook}]},
    }


def _policy_step(
    policies: Sequence[NotificationPolicy], wanted: Mapping[str, Any], path: str
) -> Step:
    """Create a policy or change it; one that is there goes on telling whoever else it tells."""
    subject = f"policy {wanted['name']}"
    known = next((one for one in policies if one.name == wanted["name"]), None)
    if known is None:
        return Step(subject, "create", "POST", path, {**wanted, "filters": {}})
    listed = known.mechanisms.get("webhooks")
    webhooks = listed if isinstance(listed, list) else []
    mine = wanted["mechanisms"]["webhooks"]
    there = all(one in webhooks for one in mine)
    if there and known.enabled and known.alert_type == wanted["alert_type"]:
        return Step(subject, "keep")
    mechanisms = {**known.mechanisms, "webhooks": [*webhooks, *([] if there else mine)]}
    body = {**wanted, "mechanisms": mechanisms}
    return Step(subject, "change", "PUT", f"{path}/{known.id}", body)
