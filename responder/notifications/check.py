"""Looking whether notifications can arrive: the webhook, its last test, a policy for each type."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from responder.cloudflare.notifications import Destination
from responder.notifications.setup import Account, Wish

__all__ = ["Point", "Status", "checked"]

_SET_UP = "run `responder notifications setup`"


class Status(StrEnum):
    """How one point is."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that was looked at."""

    subject: str
    status: Status
    seen: str
    advice: str = ""


async def checked(account: Account, wish: Wish) -> list[Point]:
    """Return what there is of what is wished; an empty URL is not compared.

    Raises ProviderError.
    """
    webhooks, policies = await account.webhooks(), await account.policies()
    available = await account.available()
    webhook = next((one for one in webhooks if one.name == wish.name), None)
    if webhook is None:
        seen = "there is none of this name"
        return [Point(f"webhook {wish.name}", Status.FAILURE, seen, _SET_UP)]
    sending = {one.alert_type for one in policies if one.enabled and webhook.id in one.webhooks}
    missing = [one for one in wish.types if one in available and one not in sending]
    points = list(_of_webhook(webhook, wish))
    points += [
        Point(f"policy {one}", Status.FAILURE, "none sends it to the webhook", _SET_UP)
        for one in missing
    ]
    points += [
        Point(f"policy {one}", Status.OK, "sends to the webhook")
        for one in wish.types
        if one in sending
    ]
    points += [
        Point(f"policy {one}", Status.WARNING, "this account cannot have the type")
        for one in wish.types
        if one not in available
    ]
    return points


def _of_webhook(webhook: Destination, wish: Wish) -> Iterator[Point]:
    subject = f"webhook {webhook.name}"
    if wish.url and webhook.url != wish.url:
        yield Point(subject, Status.FAILURE, f"goes to {webhook.url}", _SET_UP)
    else:
        yield Point(subject, Status.OK, f"goes to {webhook.url}")
    worked, failed = webhook.last_success, webhook.last_failure
    if worked is None:
        advice = f"{_SET_UP}; a wrong secret is counted as code 401 of the source cloudflare"
        yield Point("last delivery", Status.FAILURE, "none has ever worked", advice)
    elif failed is not None and failed > worked:
        seen = f"failed at {failed:%Y-%m-%dT%H:%M:%SZ}, worked last at {worked:%Y-%m-%dT%H:%M:%SZ}"
        advice = f"is the service up, and the secret the same? {_SET_UP}, which tests it"
        yield Point("last delivery", Status.FAILURE, seen, advice)
    else:
        yield Point("last delivery", Status.OK, f"worked at {worked:%Y-%m-%dT%H:%M:%SZ}")
