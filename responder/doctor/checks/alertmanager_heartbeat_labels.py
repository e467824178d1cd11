"""Whether the heartbeats of several Prometheus servers can be told apart."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from responder.doctor.context import Context
from responder.doctor.finding import Finding, failure, ok, skipped, warning
from responder.doctor.heartbeats import judge_poll
from responder.errors import ResponderError

__all__ = ["judge", "look"]


async def look(context: Context) -> Sequence[Finding]:
    """Collect the fresh heartbeats of all Alertmanagers."""
    settings = context.settings.alertmanager
    heartbeats: dict[str, Mapping[str, str]] = {}
    for asked in context.alertmanagers:
        with suppress(ResponderError):  # alertmanager/reachable tells it
            poll = await asked.poll()
            fresh = judge_poll(poll, settings).heartbeats
            heartbeats |= {
                one.fingerprint: one.labels for one in poll.heartbeats if one.fingerprint in fresh
            }
    return [judge(list(heartbeats.values()), settings.heartbeat_labels)]


def judge(heartbeats: Sequence[Mapping[str, str]], names: Sequence[str]) -> Finding:
    """Judge different heartbeats by the labels that shall tell their servers apart."""
    if not heartbeats:
        return skipped("no fresh heartbeat is known")
    count = len(heartbeats)
    differing = ", ".join(_differing(heartbeats))
    advice = (
        f"set alertmanager.heartbeat_labels to what tells them apart; they differ in {differing}"
    )
    if count > 1 and not names:
        seen = f"{count} Prometheus servers send a heartbeat, and nothing tells their alerts apart"
        return failure(f"{seen}: nothing is released", advice)
    if len({tuple(labels.get(name, "") for name in names) for labels in heartbeats}) < count:
        seen = f"heartbeat_labels does not tell {count} Prometheus servers apart"
        return failure(f"{seen}: one that lives vouches for one that is dead", advice)
    missing = [name for name in names if not all(labels.get(name) for labels in heartbeats)]
    if missing:
        return warning(
            f"a heartbeat has no label {', '.join(missing)}, which heartbeat_labels names",
            "set it under global.external_labels of that Prometheus",
        )
    return ok(f"{count} Prometheus server{'s' if count > 1 else ''}, told apart")


def _differing(heartbeats: Sequence[Mapping[str, str]]) -> list[str]:
    names = sorted({name for labels in heartbeats for name in labels})
    return [name for name in names if len({labels.get(name) for labels in heartbeats}) > 1]
