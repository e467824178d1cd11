"""Every metric, declared once; counters are told, gauges are read from live state at the scrape."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from responder import __version__
from responder.domain.audit import Decision, Reason
from responder.domain.breaker import Breaker, Circuit
from responder.domain.clock import ZERO, Moment
from responder.domain.credential import Credential
from responder.domain.guards import calm_left, constrained_for
from responder.domain.hook import HookEvent, HookOutcome
from responder.domain.memory import Demand
from responder.domain.targets import Unassigned
from responder.ports import TargetView

__all__ = ["EDGE_GAUGES", "Live", "LiveCollector", "Metrics"]

SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Buckets for one call to the provider, which has a timeout of ten seconds."""

MITIGATE_SECONDS = (1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0)
"""Buckets from the start of an alert to the confirmed mitigation."""

SOURCES = ("alertmanager", "cloudflare")
CODES = ("200", "400", "401", "403", "405", "408", "413", "500", "503")
"""Whatever a webhook may be answered: a flood of odd requests adds no series."""
CREDENTIAL = "default"

EDGE_GAUGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "edge_prefix": ("1 for each prefix that the sensor watches.", ("site", "prefix", "target")),
    "edge_interval_seconds": ("How often a dataset is asked for.", ("dataset",)),
    "edge_complete": ("1 while the last sample of a dataset proves what it says.", ("dataset",)),
    "edge_lag_seconds": ("Age of the newest minute of data.", ("dataset",)),
    "edge_dataset_available": ("0 when the account does not have a dataset.", ("dataset",)),
    "edge_bits_per_second": ("Traffic of a prefix.", ("site", "prefix", "outcome")),
    "edge_packets_per_second": ("Packets of a prefix.", ("site", "prefix", "outcome")),
    "edge_vector_bits_per_second": ("Stopped, by vector.", ("site", "prefix", "vector")),
    "edge_vector_packets_per_second": ("Stopped, by vector.", ("site", "prefix", "vector")),
    "edge_attacks": ("Attacks on a prefix that have not ended.", ("site", "prefix")),
    "edge_tunnel_state": ("0 down, 0.5 degraded, 1 healthy.", ("tunnel", "colo")),
    "edge_flow_bits_per_second": ("What the own routers export.", ("protocol",)),
    "edge_flow_packets_per_second": ("What the own routers export.", ("protocol",)),
    "edge_requests_per_second": ("Requests, by action.", ("site", "zone", "host", "action")),
}
"""The edge sensor's gauges: what each is, and its labels."""


class Metrics:
    """The counters and histograms; labels are bounded, whatever an alert or a request says."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"responder_{name}", text, labels, registry=registry)

        def histogram(name: str, text: str, label: str, buckets: Sequence[float]) -> Histogram:
            name = f"responder_{name}"
            return Histogram(name, text, (label,), buckets=buckets, registry=registry)

        self.decisions = counter(
            "decisions",
            "Decisions that differ from the one before, by what was decided.",
            *("mitigation", "action", "reason"),
        )
        self.webhook_requests = counter(
            "webhook_requests", "Webhook requests, by sender and our answer.", "source", "code"
        )
        self.webhook_alerts = counter("webhook_alerts", "Alerts told by webhooks.", "status")
        self.unassigned_alerts = counter(
            "unassigned_alerts", "Sightings of alerts that speak of nothing configured.", "reason"
        )
        self.notifications = counter(
            "notifications", "Tries to tell an Alertmanager our own alerts.", "url", "outcome"
        )
        self.cloudflare_requests = counter(
            "cloudflare_requests", "Requests to Cloudflare's API.", "operation", "outcome"
        )
        self.cloudflare_seconds = histogram(
            "cloudflare_request_duration_seconds",
            "How long Cloudflare took to answer.",
            "operation",
            SECONDS,
        )
        self.cloudflare_notifications, self.edge_samples = _of_cloudflare(registry)
        self.time_to_mitigate = histogram(
            "time_to_mitigate_seconds",
            "From the start of the oldest alert to the mitigation confirmed at Cloudflare.",
            "mitigation",
            MITIGATE_SECONDS,
        )
        self.hook_requests = _of_routers(registry)

    def present(self, mitigations: Iterable[str], operations: Iterable[str]) -> None:
        """Make every name appear from the first scrape on, with a value of zero."""
        for name in mitigations:
            self.time_to_mitigate.labels(name)
            for action, reason in (("engage", Reason.DEMAND), ("release", Reason.CALM)):
                self.decisions.labels(name, action, reason)
        for operation in operations:
            self.cloudflare_requests.labels(operation, "ok")
            self.cloudflare_seconds.labels(operation)
        for source in SOURCES:
            for code in CODES:
                self.webhook_requests.labels(source, code)
        for status in ("firing", "resolved"):
            self.webhook_alerts.labels(status)
        self.cloudflare_notifications.labels("unknown", "inform")
        for unassigned in Unassigned:
            self.unassigned_alerts.labels(unassigned)
        self.edge_samples.labels("traffic", "complete")

    def decided(self, mitigation: str, decision: Decision) -> None:
        """Count a decision that differs from the one before."""
        self.decisions.labels(mitigation, decision.action, decision.reason).inc()

    def webhook_answered(self, source: str, code: str) -> None:
        """Count the answer to a webhook request."""
        self.webhook_requests.labels(source, code).inc()

    def webhook_heard(self, status: str, count: int) -> None:
        """Count the alerts of one status that a committed webhook told."""
        self.webhook_alerts.labels(status).inc(count)

    def tells(self, url: str) -> None:
        """Make the outcomes of telling this Alertmanager appear, with a value of zero."""
        for outcome in ("ok", "failed"):
            self.notifications.labels(url, outcome)

    def notified(self, url: str, *, failed: bool) -> None:
        """Count one try to tell an Alertmanager our own alerts."""
        self.notifications.labels(url, "failed" if failed else "ok").inc()

    def sampled(self, dataset: str, outcome: str) -> None:
        """Count a sample of the edge."""
        self.edge_samples.labels(dataset, outcome).inc()

    def cloudflare_notified(self, kind: str, effect: str) -> None:
        """Count a notification of Cloudflare; `kind` is a known type, or `unknown`."""
        self.cloudflare_notifications.labels(kind, effect).inc()

    def hook_called(self, event: str, outcome: str) -> None:
        """Count one call to the operator's own routers."""
        self.hook_requests.labels(event, outcome).inc()

    def called(self, operation: str, outcome: str, seconds: float) -> None:
        """Count one request to Cloudflare."""
        self.cloudflare_requests.labels(operation, outcome).inc()
        self.cloudflare_seconds.labels(operation).observe(seconds)


def _of_cloudflare(registry: CollectorRegistry) -> tuple[Counter, Counter]:
    """Return the counters of what Cloudflare tells: notifications, and samples of the edge."""
    notifications = Counter(
        "responder_cloudflare_notifications",
        "Notifications of Cloudflare, by type and what became of them.",
        ("type", "effect"),
        registry=registry,
    )
    text, labels = "Samples of the edge, by what they prove.", ("dataset", "outcome")
    return notifications, Counter("responder_edge_samples", text, labels, registry=registry)


def _of_routers(registry: CollectorRegistry) -> Counter:
    """Return the counter of calls to the operator's own routers, with every series it can have."""
    labels, text = ("event", "outcome"), "Calls to the operator's own routers."
    requests = Counter("responder_hook_requests", text, labels, registry=registry)
    for event, outcome in product(HookEvent, HookOutcome):
        requests.labels(event, outcome)
    return requests


@dataclass(frozen=True, slots=True)
class Live:
    """What is true at the moment of a scrape."""

    now: Moment
    targets: list[TargetView] = field(default_factory=list)
    credential: Credential = field(default_factory=Credential)
    usable: dict[str, bool] = field(default_factory=dict)
    """Whether each Alertmanager is usable, by its URL."""
    blind: bool = False
    heartbeat_silenced: bool = False
    """Whether a human has paused everything."""
    config_reloaded: bool = True
    lease_held: bool = True


class LiveCollector(Collector):
    """Turns live state into gauges, so that none can be stale."""

    def __init__(self, live: Callable[[], Live]) -> None:
        self._live = live

    def describe(self) -> Iterator[Metric]:
        """Describe nothing: the state may not exist yet when this is registered."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Read the state once, and give it as metrics."""
        live = self._live()
        yield from _of_targets(live)
        yield from _of_waits(live)
        yield from _of_the_service(live)


def _gauge(name: str, text: str, labels: Iterable[str] = ()) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"responder_{name}", text, labels=list(labels))


def _of_targets(live: Live) -> Iterator[Metric]:
    labels = ("site", "target", "mitigation")
    engaged = _gauge("mitigation_engaged", "1 while it is on by a confirmed write of ours.", labels)
    seconds = _gauge("mitigation_engaged_seconds", "For how long it has been on by us.", labels)
    decision = _gauge(
        "decision_info", "1 for the decision that stands.", ("target", "action", "reason")
    )
    paused = _gauge("paused", "1 while a silence or an operator pauses the target.", ("target",))
    pauses = _gauge("paused_seconds", "For how long it has been paused.", ("target",))
    stuck = _gauge("mitigation_stuck", "1 while people must look at what is on.", ("target",))
    for view in live.targets:
        memory = view.memory
        names = (memory.site, memory.target, memory.mitigation)
        on = memory.on_mark is not None
        engaged.add_metric(names, float(on))
        mark = memory.on_mark
        passed = (live.now.elapsed - mark).total_seconds() if on and mark is not None else 0.0
        seconds.add_metric(names, max(passed, 0.0))
        if memory.decision is not None:
            told = (memory.target, memory.decision.action, memory.decision.reason)
            decision.add_metric(told, 1.0)
        paused.add_metric((memory.target,), float(_is_paused(view)))
        pauses.add_metric((memory.target,), _paused_seconds(view, live.now))
        stuck.add_metric((memory.target,), float(bool(memory.stuck)))
    yield from (engaged, seconds, decision, paused, pauses, stuck)


def _of_waits(live: Live) -> Iterator[Metric]:
    """Tell how far each target has come, and what it waits for; no series where it does not."""
    labels = ("site", "target", "mitigation", "state", "actual")
    states = _gauge("mitigation_state_info", "1 for what we did, and what a read says.", labels)
    decision = _gauge(
        "decision_until_timestamp_seconds", "Until when the decision stands.", ("target",)
    )
    refused = _gauge(
        "constrained_until_timestamp_seconds",
        "Until when the provider refuses the next change.",
        ("target",),
    )
    calm = _gauge(
        "calm_remaining_seconds", "Calm that a release still has to see, while ours.", ("target",)
    )
    for view in live.targets:
        memory = view.memory
        told = (memory.site, memory.target, memory.mitigation, memory.state, memory.seen)
        states.add_metric(told, 1.0)
        if memory.decision is not None and memory.decision.until is not None:
            decision.add_metric((memory.target,), memory.decision.until.timestamp())
        wait = constrained_for(memory, live.now)
        if wait > ZERO:
            refused.add_metric((memory.target,), (live.now.wall + wait).timestamp())
        if memory.ours:
            _, left = calm_left(memory, view.policy, live.now)
            calm.add_metric((memory.target,), max(left, ZERO).total_seconds())
    yield from (states, decision, refused, calm)


def _is_paused(view: TargetView) -> bool:
    override = view.memory.override
    return view.memory.demand is Demand.PAUSED or (
        override is not None and override.order == "paused"
    )


def _paused_seconds(view: TargetView, now: Moment) -> float:
    """Return how long the older of a silence and an operator's pause has stood."""
    mark, override = view.memory.paused_mark, view.memory.override
    passed = [now.elapsed - mark] if mark is not None else []
    if override is not None and override.order == "paused":
        passed.append(now.wall - override.set_at)
    return max((one.total_seconds() for one in passed), default=0.0)


def _of_the_service(live: Live) -> Iterator[Metric]:
    usable = _gauge("alertmanager_usable", "1 while its silence means something.", ("url",))
    for url, is_usable in live.usable.items():
        usable.add_metric((url,), float(is_usable))
    yield usable
    credential = live.credential.at(live.now)
    circuits = _gauge("circuit_state", "1 for the state it is in.", ("credential", "kind", "state"))
    for kind, breaker in (("read", credential.reads), ("write", credential.writes)):
        for state, value in _states(breaker):
            circuits.add_metric((CREDENTIAL, kind, state), value)
    yield circuits
    yield _single("blind", "1 while no Alertmanager is usable.", float(live.blind))
    left = credential.budget.tokens
    yield _single("api_budget_remaining", "Requests to Cloudflare that may be made now.", left)
    yield _single("lease_held", "1 while this replica acts.", float(live.lease_held))
    reloaded = float(live.config_reloaded)
    yield _single("config_reload_successful", "1 when the last configuration was taken.", reloaded)
    build = InfoMetricFamily("responder_build", "What is running.")
    build.add_metric((), {"version": __version__})
    yield build


def _states(breaker: Breaker) -> Iterator[tuple[str, float]]:
    for state in Circuit:
        yield state.value, float(breaker.circuit is state)


def _single(name: str, text: str, value: float) -> GaugeMetricFamily:
    gauge = _gauge(name, text)
    gauge.add_metric((), value)
    return gauge
