"""Policies and their guards: which alerts ask for which mitigation, and how carefully.

The text below each key is what the configuration reference says about it.
"""

from typing import Any

from pydantic import BaseModel, Field

from responder.domain.alerts import Matcher
from responder.domain.hook import HookRule
from responder.domain.targets import Guards, Mode, OnDrift, Policy
from responder.ports import MitigationKind
from responder.settings.fields import Count, Duration, MatcherText, Name, Switch
from responder.settings.section import Section
from responder.settings.tree import Node, Origin, Source, grown

__all__ = ["GUARDS", "GuardSettings", "PolicySettings", "complete_policies"]

_DEFAULTS = Guards()
_BUILT_IN = Source(Origin.DEFAULT)


class GuardSettings(Section):
    """The waits and limits that hold for every policy that does not set its own."""

    minimum_duration: Duration = _DEFAULTS.minimum_duration
    """How long a mitigation stays on at least, from its confirmed engagement."""
    calm_period: Duration = _DEFAULTS.calm_period
    """How long it must have been calm before a mitigation goes off. Raise it when attacks come
    in waves."""
    maximum_duration: Duration = _DEFAULTS.maximum_duration
    """On for longer than this, people are alerted; nothing is switched off."""
    maximum_sustain: Duration = _DEFAULTS.maximum_sustain
    """How long sustain alerts alone keep Under Attack Mode on, and how long we may be blind
    before people are alerted."""
    max_sites_engaged: Count = _DEFAULTS.max_sites_engaged
    """How many sites may be engaged at once: a rule gone wild stops here. Raise it with the
    number of sites that one attack can hit."""
    max_engagements_per_hour: Count = _DEFAULTS.max_engagements_per_hour
    """How many sites may be newly engaged within an hour."""


RESOURCES = {"zone": "zones", "prefix": "prefixes"}
"""The key of a site that lists each kind of resource."""

GUARDS = tuple(GuardSettings.model_fields)


class PolicySettings(GuardSettings):
    """Which alerts ask for a mitigation. The first policy that matches an alert has it."""

    name: Name = ""
    """Shown wherever a decision is shown; each name once. Needed."""
    mitigation: Name = ""
    """The mitigation that matching alerts ask for. Needed."""
    match: tuple[MatcherText, ...] = ()
    """Conditions on an alert's labels, in Alertmanager's syntax; all must hold. Left out: the
    label `mitigation` names this one."""
    mode: Mode = Mode.ENFORCE
    """`enforce` acts, `shadow` only tells what it would have done, `off` does neither; what is on
    already is released in all three. Use `shadow` in the first week."""
    on_drift: OnDrift = OnDrift.RESPECT
    """When somebody else switches off what an attack still needs: `respect` it until the attack
    is over, or `enforce` the mitigation, three times at most."""
    adopt: Switch = False
    """Whether a mitigation that somebody else turned on becomes ours under a trigger, to be
    released when it is calm. Some mitigations have it on when it is left out."""
    options: dict[str, Any] = Field(default_factory=dict, repr=False)
    """What only this mitigation knows, such as `fallback_level` of `under_attack` or the `hook` of
    `prefix_advertisement`; how-it-decides.md and prefixes.md list them."""

    def in_force(self, kind: MitigationKind, options: BaseModel | None) -> Policy:
        """Return the policy as decisions see it, with what its mitigation made of its options."""
        return Policy(
            name=self.name,
            mitigation=self.mitigation,
            match=self.match,
            mode=self.mode,
            guards=self.guards,
            on_drift=self.on_drift,
            adopt=self.adopt,
            sustain_expires=kind.sustain_expires,
            hook=kind.hook(options) if options is not None else HookRule(),
        )

    @property
    def guards(self) -> Guards:
        """The waits and limits of this policy."""
        return Guards(**{name: getattr(self, name) for name in GUARDS})


def complete_policies(tree: Node, kinds: dict[str, MitigationKind]) -> None:
    """Add a policy for each mitigation without one, and to each what it does not set itself."""
    if not isinstance(tree.value, dict):
        return
    policies = tree.value.setdefault("policies", Node([], _BUILT_IN, ("policies",)))
    if policies.value is None:
        policies.value = []
    if not isinstance(policies.value, list):
        return
    named = {_mitigation(policy) for policy in policies.value}
    protected = _protected(tree)
    for name, kind in kinds.items():
        if name not in named and kind.resource in protected:
            path = ("policies", len(policies.value))
            built_in = {"name": name.replace("_", "-"), "mitigation": name}
            policies.value.append(grown(built_in, lambda _: _BUILT_IN, path))
    guards = tree.child("guards")
    for policy in policies.value:
        _complete(policy, guards, kinds.get(_mitigation(policy)))


def _protected(tree: Node) -> set[str]:
    """Return the resources that sites have; without any it is not told yet, and all count."""
    sites = tree.child("sites")
    found = sites.value.values() if sites is not None and isinstance(sites.value, dict) else ()
    keys = {key for site in found if isinstance(site.value, dict) for key in site.value}
    used = {resource for resource, key in RESOURCES.items() if key in keys}
    return used or set(RESOURCES)


def _complete(policy: Node, guards: Node | None, kind: MitigationKind | None) -> None:
    if not isinstance(policy.value, dict):
        return
    own = {key: node for key, node in policy.value.items() if node.value is not None}
    given: dict[str, Any] = {}
    mitigation = _mitigation(policy)
    if mitigation:
        given["match"] = [str(Matcher("mitigation", mitigation))]
    if kind is not None:
        given |= {"adopt": kind.adopt, **kind.guards}
    added = {
        key: grown(value, lambda _: _BUILT_IN, (*policy.path, key)) for key, value in given.items()
    }
    inherited = guards.value if guards is not None and isinstance(guards.value, dict) else {}
    added |= {key: node for key, node in inherited.items() if key in GUARDS}
    policy.value |= {key: node for key, node in added.items() if key not in own}


def _mitigation(policy: Node) -> str:
    node = policy.child("mitigation") if isinstance(policy.value, dict) else None
    return node.value if node is not None and isinstance(node.value, str) else ""
