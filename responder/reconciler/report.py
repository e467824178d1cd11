"""How the service is, by its parts: what `/health` and `/ready` say."""

from collections.abc import Mapping, Sequence

from responder.domain.breaker import Circuit
from responder.domain.credential import Credential
from responder.ports import Component, ComponentStatus, Health

__all__ = ["alertmanagers_of", "health_of"]


def health_of(
    store_problem: str,
    alertmanagers: Sequence[Component],
    credential: Credential,
    unreadable: Sequence[str],
    *,
    judged: bool,
) -> Health:
    """Return the health of a replica that acts.

    Nothing outside makes it fail, not even the store: without it webhooks are refused and nothing
    is switched, but what is on is watched and shown on. Only readiness is lost.
    """
    store = Component(
        "store", ComponentStatus.DEGRADED if store_problem else ComponentStatus.OK, store_problem
    )
    components = [store, *alertmanagers, _cloudflare(credential, unreadable)]
    if not judged:
        detail = "the first pass is not done"
        components.append(Component("reconciler", ComponentStatus.DEGRADED, detail))
    return Health(judged and not store_problem, tuple(components))


def alertmanagers_of(problems: Mapping[str, str], *, degraded: bool) -> list[Component]:
    """Return a line for each Alertmanager, and one for heartbeats that nothing tells apart."""
    if degraded:
        detail = "several Prometheus servers report; set alertmanager.heartbeat_labels"
        heartbeat = Component("heartbeat", ComponentStatus.DEGRADED, detail)
        return [*alertmanagers_of(problems, degraded=False), heartbeat]
    if not problems:
        detail = "webhooks only: no Alertmanager is polled, so silences cannot be seen"
        return [Component("alertmanager", ComponentStatus.DEGRADED, detail)]
    return [
        Component(
            f"alertmanager {url}",
            ComponentStatus.DEGRADED if problem else ComponentStatus.OK,
            problem,
        )
        for url, problem in problems.items()
    ]


def _cloudflare(credential: Credential, unreadable: Sequence[str]) -> Component:
    failing = [
        kind
        for kind, breaker in (("reads", credential.reads), ("writes", credential.writes))
        if breaker.circuit is not Circuit.CLOSED
    ]
    if not failing and unreadable:
        more = f" and {len(unreadable) - 1} more" if len(unreadable) > 1 else ""
        detail = f"cannot be read: {unreadable[0]}{more}; `responder explain` says why"
        return Component("cloudflare", ComponentStatus.DEGRADED, detail)
    if not failing:
        return Component("cloudflare", ComponentStatus.OK)
    detail = f"{' and '.join(failing)} fail; tried again by and by"
    return Component("cloudflare", ComponentStatus.DEGRADED, detail)
