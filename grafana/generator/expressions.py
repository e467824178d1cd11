"""PromQL that more than one dashboard shows.

Of several replicas only the one that acts tells of targets; `max` keeps a handover, in which two of
them are seen for a moment, from counting twice.
"""

__all__ = [
    "BLIND",
    "DECISIONS",
    "ENGAGED",
    "ENGAGED_SITES",
    "HEARTBEAT_AGE",
    "LOAD",
    "LOWER",
    "PAUSED",
    "TRIGGERS",
    "UPPER",
    "by_triggers",
    "circuits",
    "count",
    "engaged",
    "holds",
]

_TARGETS = 'site=~"$site",target=~"$target"'


def engaged(moved: str = "") -> str:
    """Return which targets are on; `moved` is an offset."""
    return f"max by (site, target) (responder_mitigation_engaged{{{_TARGETS}}}{moved})"


ENGAGED = engaged()
ENGAGED_SITES = f"max by (site) (responder_mitigation_engaged{{{_TARGETS}}})"
PAUSED = 'max by (target) (responder_paused{target=~"$target"})'
DECISIONS = 'max by (target, action, reason) (responder_decision_info{target=~"$target"})'
BLIND = "max(responder_blind)"

TRIGGERS = 'ALERTS{alertstate="firing",mitigation!~"|none",role!="sustain",site=~"$site"}'


def by_triggers(moved: str = "") -> str:
    """Return the triggers that fire; `moved` is an offset."""
    return f"max by (site, alertname) ({TRIGGERS}{moved})"


HEARTBEAT_AGE = (
    'time() - max(timestamp(ALERTS{alertname="ResponderHeartbeat",alertstate="firing"}))'
)


def circuits(kind: str = ".+") -> str:
    """Return the state of the circuits of this kind: 0 closed, 1 half open, 2 open."""
    half_open, is_open = (
        f'responder_circuit_state{{kind=~"{kind}",state="{state}"}}'
        for state in ("half_open", "open")
    )
    both = f"{half_open} + ignoring (state) 2 * {is_open}"
    return f"max by (credential, kind) ({both})"


LOAD = 'max by (site, instance) (instance:node_load1_per_core:ratio{site=~"$site"})'
UPPER = 'max(mitigation:threshold:default{signal="load",bound="upper"})'
LOWER = 'max(mitigation:threshold:default{signal="load",bound="lower"})'


def count(expression: str) -> str:
    """Return how many series there are, zero included."""
    return f"count({expression}) or vector(0)"


def holds(reasons: str = ".+") -> str:
    """Return the targets that are held for one of these reasons (a regular expression)."""
    matchers = f'action="hold",reason=~"{reasons}",target=~"$target"'
    return f"max by (target, reason) (responder_decision_info{{{matchers}}})"
