"""What is written down: reasons, decisions, and the entries of the audit trail."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["Action", "AuditEntry", "Decision", "Kind", "Reason"]


class Action(StrEnum):
    """What a decision does."""

    ENGAGE = "engage"
    RELEASE = "release"
    HOLD = "hold"
    NONE = "none"


class Reason(StrEnum):
    """Why: the same word is metric label, log key, audit field and text for people."""

    NOT_ELIGIBLE = "not_eligible"
    OVERRIDE = "override"
    PAUSED = "paused"
    BLIND = "blind"
    IN_SYNC = "in_sync"
    EXTERNAL = "external"
    DRIFT = "drift"
    SHADOW = "shadow"
    POLICY_OFF = "policy_off"
    CIRCUIT_OPEN = "circuit_open"
    API_BUDGET = "api_budget"
    BACKOFF = "backoff"
    MAX_SITES_ENGAGED = "max_sites_engaged"
    MAX_ENGAGEMENTS_PER_HOUR = "max_engagements_per_hour"
    COOLDOWN = "cooldown"
    PRECONDITION = "precondition"
    DEMAND = "demand"
    UNOBSERVED = "unobserved"
    MINIMUM_DURATION = "minimum_duration"
    CALM_PERIOD = "calm_period"
    FLAP_HOLD = "flap_hold"
    CALM = "calm"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about a target now, why, and until when that stands (None: not known)."""

    action: Action
    reason: Reason
    until: datetime | None = None
    detail: str = ""

    def same_as(self, other: "Decision | None") -> bool:
        """Tell whether only the projection on the calendar differs."""
        return other is not None and (self.action, self.reason) == (other.action, other.reason)


class Kind(StrEnum):
    """What an audit entry records."""

    DECISION = "decision"  # the decision about a target is another one than before
    INTENT = "intent"  # a write is about to be made
    OUTCOME = "outcome"  # what came of it
    STATE = "state"  # a read confirmed a change, or found one that is not ours
    OVERRIDE = "override"  # an operator's order, or its end
    WOULD = "would"  # what shadow mode would have done
    STUCK = "stuck"  # on for too long, or kept by too little
    EPISODE = "episode"  # alerts have begun to ask for it, or are proven gone
    NOTIFICATION = "notification"  # what Cloudflare told, typed, as JSON in the detail
    HOOK = "hook"  # what the operator's own routers answered
    SERVICE = "service"  # started, stopped, credential refused


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit trail; `before` and `after` are states or levels."""

    at: datetime
    target: str
    site: str
    kind: Kind
    action: str = ""
    reason: str = ""
    detail: str = ""
    actor: str = "responder"
    before: str | None = None
    after: str | None = None
    id: int | None = None
    """Given by the store; newer entries have greater ids."""
