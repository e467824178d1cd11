"""How the service is, by its parts: what `/health` and `/ready` say."""

from collections.abc import Iterable, Mapping, Sequence

from responder.domain.breaker import Circuit
from responder.domain.credential import Credential
from responder.domain.memory import Memory
from responder.domain.service_notices import last_failure
from responder.ports import Component, ComponentStatus, Health

__all__ = ["alertmanagers_of", "cloudflare_of", "health_of", "judged"]


def health_of(
    store_problem: str,
    alertmanagers: Sequence[Component],
    cloudflare: Component,
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
    components = [store, *alertmanagers, cloudflare]
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


def judged(memory: Memory) -> bool:
    """Tell whether it is known how the target is, or known that it cannot be known."""
    return memory.reading is not None or memory.unread_mark is not None


def cloudflare_of(credential: Credential, memories: Iterable[Memory]) -> Component:
    """Return the line for the provider, with what it last said where calls fail.

    Its own words are cut and without our secrets: the client has seen to that.
    """
    memories = list(memories)
    failing = [
        f"{kind}s fail: {_why(kind, memories)}"
        for kind, breaker in (("read", credential.reads), ("write", credential.writes))
        if breaker.circuit is not Circuit.CLOSED
    ]
    if failing:
        detail = f"{'; '.join(failing)}; tried again by and by"
        return Component("cloudflare", ComponentStatus.DEGRADED, detail)
    unread = [memory for memory in memories if memory.unread_mark is not None]
    if not unread:
        return Component("cloudflare", ComponentStatus.OK)
    more = f" and {len(unread) - 1} more" if len(unread) > 1 else ""
    why = f": {unread[0].read_backoff.detail}" if unread[0].read_backoff.detail else ""
    detail = f"cannot be read: {unread[0].target}{more}{why}"
    return Component("cloudflare", ComponentStatus.DEGRADED, detail)


def _why(kind: str, memories: Sequence[Memory]) -> str:
    failed = last_failure(kind, memories)
    return f"{failed.failure}: {failed.detail}" if failed else "no call has worked yet"
