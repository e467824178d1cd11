"""The record of what is on by us: since when, for whom, and the worst of it."""

from dataclasses import replace

from responder.domain.clock import Moment
from responder.domain.memory import Engagement, Memory
from responder.domain.peak import greatest

__all__ = ["engagement"]

LONGEST_CAUSE = 200


def engagement(memory: Memory, now: Moment) -> Engagement | None:
    """Return the record of what is on by us, with what its episodes have seen; else the last."""
    last, mark = memory.last_engagement, memory.on_mark
    if mark is None:
        return last
    if last is None or last.mark != mark:
        last = Engagement(mark, now.until(mark), _cause(memory))
    peaks = memory.episode.peaks if memory.episode else ()
    return replace(last, peaks=greatest(last.peaks, peaks))


def _cause(memory: Memory) -> str:
    if memory.override is not None:
        return f"{memory.override.actor}: {memory.override.reason}"[:LONGEST_CAUSE]
    alerts = memory.episode.alerts if memory.episode else ()
    names = {alert.labels.get("alertname", "") for alert in alerts}
    return ", ".join(sorted(names - {""}))[:LONGEST_CAUSE]
