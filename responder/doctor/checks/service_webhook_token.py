"""Whether the running service takes the configured webhook token, and nothing else."""

from collections.abc import Sequence
from http import HTTPStatus

from responder.doctor.context import Context
from responder.doctor.finding import Finding, failure, ok

__all__ = ["judge", "look"]


async def look(context: Context) -> Sequence[Finding]:
    """Knock at the webhooks' door with the token and without one.

    What is asked for does not exist: nothing is heard, stored or counted.
    """
    secret = context.settings.server.webhook_token
    without = await context.service.knock(None)
    within = await context.service.knock(secret.value()) if secret else None
    return [judge(without, within)]


def judge(without: int, within: int | None) -> Finding:
    """Judge the answers to no token, and to the configured one (None: there is none)."""
    if within is None:
        if without == HTTPStatus.NOT_FOUND:
            return ok("no token is configured: whoever reaches its address may send webhooks")
        return failure(
            f"no token is configured, but the service answers {without} without one",
            "restart the service with this configuration",
        )
    if without == HTTPStatus.NOT_FOUND:
        return failure(
            "the service lets in whoever brings no token, though one is configured",
            "restart the service with this configuration",
        )
    if within == HTTPStatus.NOT_FOUND:
        return ok("the configured token is taken, and without it nobody is let in")
    return failure(
        f"the service answers {within} to the configured token",
        "restart the service with this configuration; its log says whether it can read the file",
    )
