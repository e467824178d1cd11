"""An episode in the audit trail: that it began, that it is over, and how bad it was.

What is written here is read back here. The words are for people; names that would be mistaken for
other words are quoted.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta

from responder.domain.audit import AuditEntry, Kind, Reason
from responder.domain.clock import ZERO, Moment
from responder.domain.engagement import engagement
from responder.domain.memory import Episode, Memory
from responder.domain.peak import Peak, greatest, shown

__all__ = [
    "BEGAN",
    "ENDED",
    "alerts_told",
    "engagement_peak",
    "episode_entry",
    "lead_told",
    "peaks_told",
    "quiet_told",
]

BEGAN = "began"
"""The action of the entry with the first trigger after a calm."""

ENDED = "ended"
"""The action of the entry with which calm is proven."""

MOST_NAMED = 10
"""Alert names that one entry tells."""

_PLAIN = r"[\w:.-]+"
_NAME = rf'(?:{_PLAIN}|"(?:[^"\\]|\\.)*")'
_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?(?:e[+-][0-9]+)?"
_FIRING = re.compile(rf"firing: ({_NAME}(?:, {_NAME})*)", re.ASCII)
_LEAD = re.compile(r"; ([0-9]+\.[0-9]) s after the first alert began\Z", re.ASCII)
_QUIET = re.compile(r"; no trigger for ([0-9]+) s", re.ASCII)
_PEAKS = re.compile(rf"; peak ({_NAME} {_NUMBER}(?:, {_NAME} {_NUMBER})*)\Z", re.ASCII)
_PEAK = re.compile(rf"({_NAME}) ({_NUMBER})", re.ASCII)
_ONE_NAME = re.compile(_NAME, re.ASCII)


def episode_entry(before: Memory, after: Memory, now: Moment) -> AuditEntry | None:
    """Tell that an episode has begun or is over; None when neither is so."""
    old, new = before.episode, after.episode
    if old is None and new is not None:
        waited = max(now.wall - (new.oldest or new.started_at), ZERO).total_seconds()
        action, reason = BEGAN, Reason.DEMAND
        detail = f"{_firing(new)}; {waited:.1f} s after the first alert began"
    elif old is not None and new is None:
        action, reason = ENDED, Reason.CALM
        quiet = old.quiet // timedelta(seconds=1)
        detail = f"{_firing(old)}; no trigger for {quiet} s{_peak(old.peaks)}"
    else:
        return None
    return AuditEntry(now.wall, after.target, after.site, Kind.EPISODE, action, reason, detail)


def engagement_peak(before: Memory, now: Moment) -> str:
    """Return how bad it was while the target was on, for the entry that ends it; often nothing."""
    last = engagement(before, now) if before.on_mark is not None else None
    return _peak(last.peaks) if last is not None else ""


def _firing(episode: Episode) -> str:
    names = dict.fromkeys(alert.labels.get("alertname", "") for alert in episode.alerts)
    return "firing: " + ", ".join(_quoted(name) for name in list(names)[:MOST_NAMED])


def _peak(peaks: Iterable[Peak]) -> str:
    told = ", ".join(f"{_quoted(peak.alert)} {shown([peak])}" for peak in peaks)
    return f"; peak {told}" if told else ""


def _quoted(name: str) -> str:
    return name if re.fullmatch(_PLAIN, name, re.ASCII) else json.dumps(name)


def _plain(name: str) -> str:
    try:
        return str(json.loads(name)) if name.startswith('"') else name
    except ValueError:  # not as we write it
        return name


def alerts_told(entry: AuditEntry) -> tuple[str, ...]:
    """Read which alerts an entry names as its cause; none where it does not.

    A decision names them as well, as far as its detail goes: older versions knew no more.
    """
    episode = entry.kind is Kind.EPISODE
    found = (_FIRING.match if episode else _FIRING.fullmatch)(entry.detail)
    if entry.kind not in {Kind.EPISODE, Kind.DECISION, Kind.WOULD, Kind.INTENT}:
        return ()
    return tuple(_plain(name) for name in _ONE_NAME.findall(found[1])) if found else ()


def lead_told(entry: AuditEntry) -> timedelta:
    """Read how long before the entry the first alert had begun; nothing where it is not told."""
    found = _LEAD.search(entry.detail) if entry.kind is Kind.EPISODE else None
    return timedelta(seconds=float(found[1])) if found else ZERO


def quiet_told(entry: AuditEntry) -> timedelta:
    """Read how long before the entry the last trigger had gone, to a pass."""
    found = _QUIET.search(entry.detail) if entry.kind is Kind.EPISODE else None
    return timedelta(seconds=int(found[1])) if found else ZERO


def peaks_told(entry: AuditEntry) -> tuple[Peak, ...]:
    """Read the greatest values that an entry tells; none where it does not, as older ones."""
    found = _PEAKS.search(entry.detail) if entry.kind in {Kind.EPISODE, Kind.STATE} else None
    return greatest((), _peaks(found[1])) if found else ()


def _peaks(text: str) -> Iterator[Peak]:
    for name, value in _PEAK.findall(text):
        yield Peak(_plain(name), float(value))
