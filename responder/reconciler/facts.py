"""What the service itself must remember over a restart, as small JSON values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from responder.domain.alerts import Matcher, Silence
from responder.domain.breaker import Breaker, Circuit
from responder.domain.budget import Budget
from responder.domain.clock import Moment
from responder.domain.credential import Credential
from responder.reconciler.watch import Watch

__all__ = ["Facts", "restored", "to_facts"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What was stored before this process began."""

    moment: Moment | None = None
    polled_seq: int = 0
    marks: tuple[timedelta, ...] = ()
    silences: Mapping[str, tuple[Silence, ...]] = field(default_factory=dict)
    """By the Alertmanager that told them."""
    credential: Credential = field(default_factory=Credential)


def to_facts(
    now: Moment, watch: Watch, marks: tuple[timedelta, ...], credential: Credential
) -> dict[str, Any]:
    """Return the facts as JSON values; durations are seconds."""
    return {
        "clock": {"wall": now.wall.isoformat(), "elapsed": now.elapsed.total_seconds()},
        "polled_seq": watch.polled_seq,
        "marks": [mark.total_seconds() for mark in marks],
        "silences": {
            source: [_silence(one) for one in silences]
            for source, silences in watch.silences.items()
        },
        "credential": {
            "reads": _circuit(credential.reads),
            "writes": _circuit(credential.writes),
            "tokens": credential.budget.tokens,
            "mark": credential.budget.mark.total_seconds(),
        },
    }


def restored(facts: Mapping[str, Any]) -> Facts:
    """Return what was stored; a store that is new has nothing to tell."""
    clock = facts.get("clock")
    credential = facts.get("credential") or {}
    return Facts(
        moment=_moment(clock) if clock else None,
        polled_seq=int(facts.get("polled_seq", 0)),
        marks=tuple(timedelta(seconds=mark) for mark in facts.get("marks", ())),
        silences={
            source: tuple(_to_silence(one) for one in silences)
            for source, silences in facts.get("silences", {}).items()
        },
        credential=_to_credential(credential) if credential else Credential(),
    )


def _moment(clock: Mapping[str, Any]) -> Moment:
    return Moment(datetime.fromisoformat(clock["wall"]), timedelta(seconds=clock["elapsed"]))


def _silence(silence: Silence) -> dict[str, Any]:
    return {
        "id": silence.id,
        "ends_at": silence.ends_at.isoformat(),
        "by": silence.created_by,
        "comment": silence.comment,
        "matchers": [[m.name, m.value, m.is_regex, m.is_equal] for m in silence.matchers],
    }


def _to_silence(value: Mapping[str, Any]) -> Silence:
    matchers = tuple(Matcher(*one) for one in value["matchers"])
    ends_at = datetime.fromisoformat(value["ends_at"])
    return Silence(value["id"], matchers, ends_at, value["by"], value["comment"])


def _circuit(breaker: Breaker) -> dict[str, Any]:
    return {
        "circuit": str(breaker.circuit),
        "failures": breaker.failures,
        "pause": breaker.pause.total_seconds(),
        "open_until": breaker.open_until.total_seconds(),
    }


def _to_circuit(value: Mapping[str, Any]) -> Breaker:
    return Breaker(
        Circuit(value["circuit"]),
        value["failures"],
        timedelta(seconds=value["pause"]),
        timedelta(seconds=value["open_until"]),
    )


def _to_credential(value: Mapping[str, Any]) -> Credential:
    budget = Budget(value["tokens"], timedelta(seconds=value["mark"]))
    return Credential(_to_circuit(value["reads"]), _to_circuit(value["writes"]), budget)
