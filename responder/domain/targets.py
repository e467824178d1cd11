"""What may be protected and how: targets, policies, and the alerts that speak of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from responder.domain.alerts import Alert, Matcher
from responder.domain.hook import HookRule

__all__ = [
    "Assignment",
    "Guards",
    "Inventory",
    "Mode",
    "OnDrift",
    "Policy",
    "Target",
    "Unassigned",
    "target_id",
]


class Mode(StrEnum):
    """How far a policy may go."""

    ENFORCE = "enforce"
    SHADOW = "shadow"
    OFF = "off"


class OnDrift(StrEnum):
    """What follows when somebody else switches off what an attack still needs."""

    RESPECT = "respect"
    ENFORCE = "enforce"


@dataclass(frozen=True, slots=True)
class Guards:
    """The waits and limits of a policy."""

    minimum_duration: timedelta = timedelta(minutes=5)
    calm_period: timedelta = timedelta(minutes=15)
    maximum_duration: timedelta = timedelta(hours=12)
    maximum_sustain: timedelta = timedelta(hours=2)
    max_sites_engaged: int = 10
    max_engagements_per_hour: int = 30


@dataclass(frozen=True, slots=True)
class Policy:
    """Which alerts ask for a mitigation, and how carefully it is given."""

    name: str
    mitigation: str
    match: tuple[Matcher, ...]
    mode: Mode = Mode.ENFORCE
    guards: Guards = field(default_factory=Guards)
    on_drift: OnDrift = OnDrift.RESPECT
    adopt: bool = False
    sustain_expires: bool = True
    """False where only a human may end what sustain alerts keep (prefixes)."""
    hook: HookRule = field(default_factory=HookRule)
    """What the operator's own routers want to be told."""

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether an alert with these labels is this policy's."""
        return all(matcher.matches(labels) for matcher in self.match)


def target_id(mitigation: str, resource: str) -> str:
    """Return the id of a target, such as `under_attack:example.com`."""
    return f"{mitigation}:{resource}"


@dataclass(frozen=True, slots=True)
class Target:
    """One mitigation of one zone or prefix."""

    site: str
    mitigation: str
    resource: str
    kind: str = "zone"
    """The label that narrows an alert to this resource: `zone` or `prefix`."""

    @property
    def id(self) -> str:
        """The key of its memory, its address in the API, its label in metrics."""
        return target_id(self.mitigation, self.resource)

    @property
    def labels(self) -> dict[str, str]:
        """The labels that speak of this target as a whole, and of no single instance."""
        return {"site": self.site, "mitigation": self.mitigation, self.kind: self.resource}


class Unassigned(StrEnum):
    """Why an alert speaks of nothing that we may switch."""

    OUR_OWN = "our_own"  # the heartbeat, and what we tell people through Alertmanager
    NO_POLICY = "no_policy"
    UNKNOWN_MITIGATION = "unknown_mitigation"
    UNKNOWN_SITE = "unknown_site"
    FOREIGN_RESOURCE = "foreign_resource"


@dataclass(frozen=True, slots=True)
class Assignment:
    """The targets that an alert speaks of, and the policy that made it so."""

    policy: Policy
    targets: tuple[Target, ...]


_LABELS = ("site", "zone", "prefix", "mitigation", "action")
"""What decides of what an alert speaks, beside the kinds of targets and what policies match."""


class Inventory:
    """Everything that may be switched, and the policies in their order."""

    def __init__(self, targets: Iterable[Target], policies: Iterable[Policy]) -> None:
        self.policies = tuple(policies)
        self.targets = {target.id: target for target in targets}
        self.sites: dict[str, list[Target]] = {}
        for target in self.targets.values():
            self.sites.setdefault(target.site, []).append(target)
        self._mitigations = {target.mitigation for target in self.targets.values()}
        self._owners = {
            (target.kind, target.resource): target.site for target in self.targets.values()
        }
        kinds = (kind for kind, _ in self._owners)
        matched = (matcher.name for policy in self.policies for matcher in policy.match)
        self._asked = tuple(dict.fromkeys((*_LABELS, *kinds, *matched)))

    def policy_for(self, mitigation: str, name: str | None = None) -> Policy:
        """Return the named policy of a mitigation, or its first; one that is off if none is."""
        mine = [policy for policy in self.policies if policy.mitigation == mitigation]
        for policy in mine:
            if policy.name == name:
                return policy
        return mine[0] if mine else Policy("orphan", mitigation, (), Mode.OFF)

    def assign_all(self, alerts: Iterable[Alert]) -> Iterator[Assignment | Unassigned]:
        """Find what each of these speaks of: in a flood most of them ask the same."""
        answers: dict[tuple[str | None, ...], Assignment | Unassigned] = {}
        for alert in alerts:
            asked = tuple(map(alert.labels.get, self._asked))
            answer = answers.get(asked)
            if answer is None:
                answer = answers[asked] = self.assign(alert)
            yield answer

    def assign(self, alert: Alert) -> Assignment | Unassigned:
        """Find what an alert speaks of; nothing outside the configured sites, ever."""
        # It may ask for no label that is not among `_asked`.
        labels = alert.labels
        if _is_our_own(labels):
            return Unassigned.OUR_OWN
        policy = next((one for one in self.policies if one.matches(labels)), None)
        if policy is None:
            named = labels.get("mitigation")
            return Unassigned.UNKNOWN_MITIGATION if named else Unassigned.NO_POLICY
        if policy.mitigation not in self._mitigations:
            return Unassigned.UNKNOWN_MITIGATION
        site = self._site_of(labels)
        if site not in self.sites:
            return Unassigned.UNKNOWN_SITE
        targets = tuple(
            target
            for target in self.sites[site]
            if target.mitigation == policy.mitigation
            and labels.get(target.kind, "") in {"", target.resource}
        )
        return Assignment(policy, targets) if targets else Unassigned.FOREIGN_RESOURCE

    def _site_of(self, labels: Mapping[str, str]) -> str:
        """Return the alert's site; a zone or prefix without a site names its only owner."""
        if labels.get("site"):
            return labels["site"]
        for kind in ("zone", "prefix"):
            owner = self._owners.get((kind, labels.get(kind, "")))
            if owner is not None:
                return owner
        return ""


def _is_our_own(labels: Mapping[str, str]) -> bool:
    """Tell the heartbeat and what we tell people ourselves, whatever a policy may match.

    Ours carry `action` in the place of `mitigation`; a label that is empty is one that is missing.
    """
    mitigation = labels.get("mitigation", "")
    return mitigation == "none" or (not mitigation and bool(labels.get("action", "")))
