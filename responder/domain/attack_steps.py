"""One step of an attack in a few words: what an entry of the audit trail says, for people."""

from collections.abc import Callable, Mapping

from responder.domain.audit import Action, AuditEntry, Kind
from responder.domain.episode_trail import BEGAN
from responder.domain.memory import Owner, State
from responder.domain.notification_told import notification_told
from responder.domain.trail import ORDER_ENDED, STANDING

__all__ = ["detail_told", "said"]

_WORDS: Mapping[str, tuple[str, str]] = {"prefix_advertisement": ("advertise", "withdraw")}
_ELSE = ("switch on", "switch off")
_DONE = {
    "advertise": "advertised",
    "withdraw": "withdrawn",
    "switch on": "switched on",
    "switch off": "switched off",
}


def said(entry: AuditEntry) -> str:
    """Return what happened in this step."""
    told = _SAID.get(entry.kind)
    return told(entry) if told else " ".join(filter(None, (str(entry.kind), entry.action)))


def detail_told(entry: AuditEntry) -> str:
    """Return the detail as people read it; a notification's is JSON, and said already."""
    told = notification_told(entry)
    return told.phase if told else entry.detail


def _word(entry: AuditEntry) -> str:
    raising, lowering = _WORDS.get(entry.target.partition(":")[0], _ELSE)
    return {str(Action.ENGAGE): raising, str(Action.RELEASE): lowering}.get(
        entry.action, entry.action
    )


def _decided(entry: AuditEntry) -> str:
    if entry.action == Action.HOLD:
        return f"held: {entry.reason}"
    if entry.action in {Action.ENGAGE, Action.RELEASE}:
        return f"decides to {_word(entry)}"
    return f"nothing to do: {entry.reason}"


def _changed(entry: AuditEntry) -> str:
    raising, lowering = _WORDS.get(entry.target.partition(":")[0], _ELSE)
    if entry.action == State.ENGAGED:
        return f"{_DONE[raising]}, confirmed by a read"
    if entry.action == State.RELEASED and entry.before is not None:
        return f"{_DONE[lowering]}, confirmed by a read"
    if entry.action == State.RELEASED:
        return "no longer ours; it had not come on"
    if entry.action == Owner.EXTERNAL:
        return f"{_DONE[raising]} by somebody else"
    return f"the owner is {entry.action} now"


def _ordered(entry: AuditEntry) -> str:
    if entry.action == ORDER_ENDED:
        return f"the order ended: {entry.before or 'unknown'}"
    if entry.action == STANDING:
        return "an order still stands"
    return f"ordered: {entry.action}"


def _notified(entry: AuditEntry) -> str:
    told = notification_told(entry)
    return f"Cloudflare tells: {told.says or 'unknown'}" if told else ""


_SAID: Mapping[Kind, Callable[[AuditEntry], str]] = {
    Kind.EPISODE: lambda one: "alerts began" if one.action == BEGAN else "alerts are over",
    Kind.DECISION: _decided,
    Kind.INTENT: lambda one: f"asks the provider to {_word(one)}",
    Kind.OUTCOME: lambda one: f"the provider's answer: {one.reason or one.action}",
    Kind.STATE: _changed,
    Kind.OVERRIDE: _ordered,
    Kind.WOULD: lambda one: f"would {_word(one)}",
    Kind.NOTIFICATION: _notified,
    Kind.HOOK: lambda one: f"tells the routers {one.action}: {one.reason}",
}
