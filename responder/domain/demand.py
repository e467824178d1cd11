"""What the alerts ask of a target, seen through all Alertmanagers at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from responder.domain.alerts import Alert, AlertStatus, HeardAlert, Role, Silence
from responder.domain.memory import Demand, Memory
from responder.domain.peak import shown, values
from responder.domain.targets import Assignment, Inventory, Mode, Policy, Target

__all__ = ["Scene", "Sight", "Sighting", "View", "gather", "judge", "see"]

HEARTBEAT_AGE = 2.5
"""A heartbeat is fresh for this many resend delays: one lost notification is no blindness."""

CONFIRM_ABSENCE = 1.5
"""Absence counts after this many: after a restart, Alertmanager lists nothing until a resend."""

HEARTBEAT_LABELS = {
    "alertname": "ResponderHeartbeat",
    "mitigation": "none",
    "severity": "info",
}
"""The heartbeat as we ship it: a silence on it counts also while it is missing."""

ServerKey = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class View:
    """One Alertmanager as last polled."""

    source: str
    alerts: tuple[Alert, ...] = ()
    live: frozenset[ServerKey] = frozenset()
    """The Prometheus servers whose heartbeat it holds fresh."""
    heartbeats: frozenset[str] = frozenset()
    """Fingerprints of all heartbeats that it holds."""
    heartbeat_silenced: bool = False
    problem: str = ""

    @property
    def usable(self) -> bool:
        """Whether its silence about an alert means anything."""
        return bool(self.live)


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that one pass knows of the alerts."""

    views: tuple[View, ...] = ()
    silences: tuple[Silence, ...] = ()
    """Active silences as last read, also from those that no longer answer."""
    heartbeat_labels: tuple[str, ...] = ()
    resend_delay: timedelta = timedelta(minutes=1)
    polled_seq: int = 0
    """Webhooks up to this one are older than the last good poll."""
    webhook_ttl: timedelta | None = None
    """Set in webhook-only mode: how long a trigger counts that is not repeated."""
    wall: datetime | None = None

    @property
    def confirm(self) -> timedelta:
        """How long everything must be absent before absence is a fact."""
        return self.resend_delay * CONFIRM_ABSENCE

    @property
    def blind(self) -> bool:
        """Whether no Alertmanager is usable."""
        return self.webhook_ttl is None and not any(view.usable for view in self.views)

    @property
    def heartbeat_silenced(self) -> bool:
        """Whether a human has paused everything."""
        return any(view.heartbeat_silenced for view in self.views) or any(
            silence.matches(HEARTBEAT_LABELS) for silence in self.silences
        )

    @property
    def degraded(self) -> bool:
        """Whether several Prometheus servers report and nothing tells their alerts apart."""
        beats = {beat for view in self.views for beat in view.heartbeats}
        return not self.heartbeat_labels and len(beats) > 1

    def key(self, labels: Mapping[str, str]) -> ServerKey:
        """Return which Prometheus server an alert came from."""
        return tuple(labels.get(name, "") for name in self.heartbeat_labels)

    def proves(self, view: View, labels: Mapping[str, str]) -> bool:
        """Tell whether the view can be believed about an alert with these labels."""
        key = self.key(labels)
        return view.usable if not any(key) else key in view.live


def judge(
    source: str,
    heartbeats: Iterable[Alert],
    alerts: Iterable[Alert],
    date: datetime | None,
    scene: Scene,
) -> View:
    """Judge what one Alertmanager answered by its own clock and the heartbeats it holds."""
    beats = tuple(heartbeats)
    if date is None:
        return View(source, problem="did not answer")
    oldest = date - scene.resend_delay * HEARTBEAT_AGE
    fresh = [beat for beat in beats if beat.updated_at is not None and beat.updated_at > oldest]
    problem = "" if fresh else ("its heartbeat is stale" if beats else "it holds no heartbeat")
    return View(
        source,
        tuple(alerts),
        frozenset(scene.key(beat.labels) for beat in fresh),
        frozenset(beat.fingerprint for beat in fresh),
        any(beat.status is AlertStatus.SILENCED for beat in beats),
        problem,
    )


@dataclass(frozen=True, slots=True)
class Sighting:
    """One alert about one target in one view (None: told by a webhook)."""

    alert: Alert
    policy: Policy
    view: View | None = None


def gather(
    scene: Scene, inventory: Inventory, heard: Iterable[HeardAlert]
) -> tuple[dict[str, list[Sighting]], dict[str, int]]:
    """Sort all alerts by target; return them, and how many speak of nothing here, by reason."""
    found: dict[str, list[Sighting]] = {}
    strangers: dict[str, int] = {}
    seen = [(alert, view) for view in scene.views for alert in view.alerts]
    told = [
        (replace(one.alert, updated_at=one.received_at), None)
        for one in heard
        if scene.webhook_ttl is not None or one.seq > scene.polled_seq
    ]
    for alert, view in (*seen, *told):
        assignment = inventory.assign(alert)
        if not isinstance(assignment, Assignment):
            strangers[assignment] = strangers.get(assignment, 0) + 1
            continue
        for target in assignment.targets:
            sightings = found.setdefault(target.id, [])
            sightings.append(Sighting(alert, assignment.policy, view))
    return found, strangers


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen of one target in one pass."""

    demand: Demand | None
    """None: all alerts are absent, which is not yet a fact."""
    policy: Policy
    alerts: tuple[Alert, ...] = ()
    triggers: tuple[Alert, ...] = ()
    """Those that ask for the mitigation now."""
    until: datetime | None = None
    """When the pause ends, by the silences that we know."""
    detail: str = ""

    @property
    def good(self) -> bool:
        """Whether time may count: the alerts were seen, and no human has paused."""
        return self.demand not in {Demand.PAUSED, Demand.UNKNOWN}


def see(
    target: Target,
    memory: Memory,
    scene: Scene,
    sightings: Sequence[Sighting],
    inventory: Inventory,
) -> Sight:
    """Return what the alerts ask of a target, by the first row of the demand table that applies."""
    seen = [
        one
        for one in sightings
        if one.view is not None and scene.proves(one.view, one.alert.labels)
    ]
    if scene.webhook_ttl is not None:
        return _see_webhooks(memory, scene, sightings, inventory)
    silenced = {one.alert.fingerprint for one in seen if one.alert.status is AlertStatus.SILENCED}
    triggers = [one for one in seen if _asks(one.alert, silenced)]
    sight = Sight(
        None,
        _policy(triggers or seen, memory, inventory),
        _distinct(one.alert for one in seen),
    )
    if scene.heartbeat_silenced:
        return replace(sight, demand=Demand.PAUSED, detail="the heartbeat is silenced")
    if triggers:
        return _asked(triggers, sight.policy, sight.alerts)
    if _blind(memory, scene):
        return _see_blind(memory, scene, sightings, inventory)
    if scene.degraded and not memory.idle:
        detail = "several Prometheus servers report; set alertmanager.heartbeat_labels"
        return replace(sight, demand=Demand.UNKNOWN, detail=detail)
    kept = [one for one in seen if one.alert.fingerprint not in silenced]
    return _paused(sight, target, memory, scene, silenced) or _kept(sight, kept, scene)


def _asks(alert: Alert, silenced: set[str]) -> bool:
    """Tell whether an alert asks for the mitigation; silenced in one place is silenced in all."""
    if alert.fingerprint in silenced or alert.role is not Role.TRIGGER:
        return False
    return alert.status is AlertStatus.FIRING


def _asked(triggers: Sequence[Sighting], policy: Policy, alerts: tuple[Alert, ...]) -> Sight:
    asking = _distinct(one.alert for one in triggers)
    known = {peak.alert: f" at {shown([peak])}" for peak in values(asking)}
    names = {(alert.name or alert.fingerprint) + known.get(alert.name, "") for alert in asking}
    told = ", ".join(sorted(names))
    return Sight(Demand.TRIGGER, policy, alerts, asking, detail=f"firing: {told[:200]}")


def _see_blind(
    memory: Memory, scene: Scene, sightings: Sequence[Sighting], inventory: Inventory
) -> Sight:
    told = [
        one
        for one in sightings
        if one.view is None
        and one.alert.status is AlertStatus.FIRING
        and one.alert.role is Role.TRIGGER
        and not any(silence.matches(one.alert.labels) for silence in scene.silences)
    ]
    policy = _policy(told, memory, inventory)
    alerts = _distinct(one.alert for one in told)
    if told:
        return _asked(told, policy, alerts)
    problems = "; ".join(f"{view.source}: {view.problem}" for view in scene.views if view.problem)
    return Sight(Demand.UNKNOWN, policy, alerts, detail=problems or "no usable Alertmanager")


def _see_webhooks(
    memory: Memory, scene: Scene, sightings: Sequence[Sighting], inventory: Inventory
) -> Sight:
    """Judge by webhooks alone; `sightings` then are what they told."""
    firing = [one for one in sightings if one.alert.status is AlertStatus.FIRING]
    fresh = [one for one in firing if not _expired(one.alert, scene)]
    triggers = [one for one in fresh if one.alert.role is Role.TRIGGER]
    policy = _policy(triggers or firing, memory, inventory)
    alerts = _distinct(one.alert for one in firing)
    if triggers:
        return _asked(triggers, policy, alerts)
    if len(fresh) < len(firing):
        return Sight(Demand.UNKNOWN, policy, alerts, detail="no webhook has repeated the alert")
    if firing:
        return Sight(Demand.SUSTAIN, policy, alerts, detail="only sustain alerts are active")
    return Sight(None, policy)


def _expired(alert: Alert, scene: Scene) -> bool:
    if scene.wall is None or scene.webhook_ttl is None or alert.updated_at is None:
        return False
    return scene.wall - alert.updated_at > scene.webhook_ttl


def _policy(sightings: Sequence[Sighting], memory: Memory, inventory: Inventory) -> Policy:
    """Return the policy of the alerts, one that may act first; else the one remembered."""
    policies = {one.policy.name: one.policy for one in sightings}
    if not policies:
        return inventory.policy_for(memory.mitigation, memory.policy)
    order = [policy for policy in inventory.policies if policy.name in policies]
    acting = [policy for policy in order if policy.mode is Mode.ENFORCE]
    return (acting or order)[0]


def _blind(memory: Memory, scene: Scene) -> bool:
    """Tell whether no usable Alertmanager could show the end of what is remembered."""
    if scene.blind:
        return True
    if memory.episode is None or not scene.heartbeat_labels:
        return False
    return any(
        not any(scene.proves(view, known.labels) for view in scene.views)
        for known in memory.episode.alerts
    )


def _kept(sight: Sight, kept: Sequence[Sighting], scene: Scene) -> Sight:
    """Return what remains when nothing asks and nothing pauses: kept, or absent."""
    if kept:
        only = "inhibited" if any(one.alert.role is Role.TRIGGER for one in kept) else "sustain"
        return replace(sight, demand=Demand.SUSTAIN, detail=f"only {only} alerts are active")
    wait = scene.confirm.total_seconds()
    return replace(sight, detail=f"no alert is listed, which is believed after {wait:g} s")


def _paused(
    sight: Sight, target: Target, memory: Memory, scene: Scene, silenced: set[str]
) -> Sight | None:
    """Return who pauses this target and until when, None when nobody does."""
    known = memory.episode.alerts if memory.episode else ()
    own = target.labels
    pausing = [
        silence
        for silence in scene.silences
        if silence.covers(own) or any(silence.matches(alert.labels) for alert in known)
    ]
    if pausing:
        last = max(pausing, key=lambda silence: silence.ends_at)
        by = f" by {last.created_by}" if last.created_by else ""
        said = f": {last.comment[:120]}" if last.comment else ""
        detail = f"silenced{by}{said}"
        return replace(sight, demand=Demand.PAUSED, until=last.ends_at, detail=detail)
    if any(alert.fingerprint in silenced for alert in known):
        detail = "an alert of this episode is silenced"
        return replace(sight, demand=Demand.PAUSED, detail=detail)
    return None


def _distinct(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """Return each alert once, an active one rather than a suppressed one, oldest first."""
    best: dict[str, Alert] = {}
    for alert in alerts:
        known = best.get(alert.fingerprint)
        if known is None or known.status is not AlertStatus.FIRING:
            best[alert.fingerprint] = alert
    return tuple(sorted(best.values(), key=lambda alert: (alert.starts_at, alert.fingerprint)))
