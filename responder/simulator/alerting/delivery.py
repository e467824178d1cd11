"""Send webhooks as Cloudflare does: one POST, the secret in a header as it is, no second try.

Cloudflare sends to public addresses on ports 80 and 443; the simulator sends to loopback alone,
since whoever reaches its control API could make it ask anything anywhere.
"""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from urllib.parse import urlsplit

import httpx

from responder.simulator.addresses import is_loopback
from responder.simulator.alerting.filters import admits
from responder.simulator.alerting.types import Notice, written
from responder.simulator.alerting.values import Destination, Policy, Sent
from responder.simulator.state import Simulation

__all__ = ["Delivery", "dispatch", "noted", "post", "refusal"]

_TIMEOUT_S = 10
_AGENT = "Go-http-client/2.0"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one POST: its status, or why there was none."""

    destination: str
    status: int | None
    error: str | None = None

    @property
    def arrived(self) -> bool:
        """Only 2xx counts."""
        return self.status is not None and httpx.codes.is_success(self.status)


def refusal(url: str) -> str | None:
    """Say why a webhook cannot go there; None when it can."""
    try:
        parts = urlsplit(url)
        scheme, host, _ = parts.scheme, parts.hostname, parts.port
    except ValueError:
        scheme, host = "", None
    if scheme not in {"http", "https"} or not host:
        return "it is no http or https URL"
    if host != "localhost" and not is_loopback(host):
        return "the simulator sends to loopback only"
    return None


async def post(destination: Destination, body: Mapping[str, object]) -> Delivery:
    """Send one webhook and wait for its answer, at most ten seconds."""
    headers = {"content-type": "application/json", "user-agent": _AGENT}
    if destination.secret is not None:
        headers["cf-webhook-auth"] = destination.secret
    content = json.dumps(body).encode()
    try:
        async with httpx.AsyncClient(
            timeout=_TIMEOUT_S, trust_env=False, verify=_authorities()
        ) as client:
            answer = await client.post(destination.url, content=content, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Delivery(destination.name, None, f"{type(error).__name__}: {error}")
    return Delivery(destination.name, answer.status_code)


async def dispatch(
    notice: Notice, simulation: Simulation, *, times: int = 1, lost: bool = False
) -> list[Delivery]:
    """Send the notice wherever a policy wants it, `times` over; KeyError for an unknown type.

    What is sent is in the history; with `lost` it is there though nothing was sent.
    """
    body = written(notice)
    deliveries = []
    for policy, destination in _wanted(notice, body["data"], simulation):
        whole = {"name": destination.name, **body}
        whole |= {"policy_id": policy.id, "policy_name": policy.name}
        for _ in range(times):
            sent = Sent(
                simulation.new_id("sent"), notice.at, policy, destination, json.dumps(whole)
            )
            simulation.remember(sent)
            if lost:
                continue
            delivery = await post(destination, whole)
            noted(simulation, destination.id, notice.at, arrived=delivery.arrived)
            deliveries.append(delivery)
    return deliveries


def noted(simulation: Simulation, webhook: str, now: datetime, *, arrived: bool) -> None:
    """Note how sending went; the destination may have gone meanwhile."""
    found = simulation.webhooks.get(webhook)
    if found is not None:
        told = replace(found, last_success=now) if arrived else replace(found, last_failure=now)
        simulation.webhooks[webhook] = told


def _wanted(
    notice: Notice, data: object, simulation: Simulation
) -> list[tuple[Policy, Destination]]:
    return [
        (policy, simulation.webhooks[webhook])
        for policy in simulation.policies.values()
        if policy.enabled
        and policy.alert_type == notice.alert_type
        and policy.account == notice.account
        and admits(policy, data)
        for webhook in policy.webhooks
        if webhook in simulation.webhooks
    ]


@lru_cache(maxsize=1)
def _authorities() -> ssl.SSLContext:
    # Reading them takes longer than a webhook.
    return ssl.create_default_context()
