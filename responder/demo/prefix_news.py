"""What has happened to a prefix since the last look, from every program's own record of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from responder.demo.chain import Chain, Write
from responder.demo.news import News, Step, Subject
from responder.mitigations.prefix_advertisement import KIND

__all__ = ["PrefixChain", "PrefixNews", "PrefixSubject", "in_words"]

_BITS = 'max(instance:node_network_receive_bits:rate1m{site="%s"})'
_THRESHOLD = 'max(mitigation:threshold:global{signal="net_bits",bound="%s"})'


class PrefixChain(Chain):
    """Asks about a prefix as well."""

    def bits(self, site: str) -> float | None:
        """Return the bits a second as the detectors see them; None before there is a rate."""
        return self._value(_BITS % site)

    def threshold(self, bound: str) -> float | None:
        """Return the `upper` or `lower` threshold in bits a second; None before it is there."""
        return self._value(_THRESHOLD % bound)

    def prefix(self, cidr: str) -> dict[str, Any]:
        """Return a prefix as the simulated Cloudflare holds it."""
        prefixes = self._ask("simulator", "/simulator/state")["prefixes"]
        found: dict[str, Any] = next(one for one in prefixes if one["cidr"] == cidr)
        return found

    def advertisements(self, cidr: str) -> list[Write]:
        """Return what was written to a prefix, oldest first."""
        part = self.prefix(cidr)["id"]
        return [
            Write(
                datetime.fromisoformat(one["at"]),
                "advertised" if one["body"]["on_demand"]["advertised"] else "withdrawn",
                one["status"],
            )
            for one in self._ask("simulator", "/simulator/requests")["requests"]
            if one["method"] == "PATCH" and one["path"].endswith(part)
        ]

    def _value(self, expression: str) -> float | None:
        answer = self._ask("prometheus", "/api/v1/query", query=expression)
        series = answer["data"]["result"]
        return float(series[0]["value"][1]) if series else None


@dataclass(frozen=True, slots=True)
class PrefixSubject(Subject):
    """A site and its prefix, which stands in the place of the zone."""

    @property
    def target(self) -> str:
        """Return the target's id."""
        return f"{KIND.name}:{self.zone}"


@dataclass(slots=True)
class PrefixNews(News):
    """Follows the run of a prefix; `load`, `upper` and `lower` are bits a second."""

    chain: PrefixChain
    lower: float = 0.0
    """Down to which the alert goes on."""
    calm_period: timedelta = timedelta(0)
    routed: tuple[datetime, ...] = ()
    """When the internet's routers had followed each write."""
    calm_began: datetime | None = None
    """Since when nothing asks for it any more."""
    calm_proven: datetime | None = None
    waits_until: datetime | None = None
    """The end of the provider's constraint, once it holds the withdrawal."""

    def _load(self, now: datetime) -> Iterator[Step]:
        self.load = self.chain.bits(self.subject.site) or 0.0
        if not self.crossed and (self.load > self.upper or self.alert_began is not None):
            self.crossed = True
            above = f"the upper threshold is {in_words(self.upper)}"
            yield Step(min(now, self.alert_began or now), "router", f"{self._rate()}, {above}")
        yield from self._decided(now)

    def _rate(self) -> str:
        return f"{in_words(self.load)} over the last minute"

    def _alert(self, now: datetime) -> Iterator[Step]:
        alerts = self.chain.alerts(self.subject.site)
        if alerts and self.alert_began is None:
            self.alert_began = datetime.fromisoformat(alerts[0]["startsAt"])
            name = alerts[0]["labels"]["alertname"]
            yield Step(self.alert_began, "Prometheus", f"{name} fires at {self._rate()}")
        if not alerts and self.alert_began is not None and self.alert_ended is None:
            self.alert_ended = now
            yield Step(now, "Prometheus", f"the alert is over at {self._rate()}")

    def _written(self) -> Iterator[Step]:
        shown = self.chain.prefix(self.subject.zone)
        writes = self.chain.advertisements(self.subject.zone)
        answered = [one for one in writes if one.status is not None]
        for one in answered[len(self.writes) :]:
            what = f"PATCH {one.level}: {one.status}; {_standing(shown)}"
            yield Step(one.at, "Cloudflare", what)
        self.writes = answered
        if shown["state"] == "confirmed" and len(self.routed) < len(answered):
            at = datetime.fromisoformat(shown["confirmed_at"])
            self.routed = (*self.routed, at)
            yield Step(at, "internet", f"the routers have followed; {_standing(shown)}")

    def _decided(self, now: datetime) -> Iterator[Step]:
        """Tell what the audit trail does not: a calm that is proven, and what waits beyond it."""
        if self.alert_ended is None:
            return
        target = self.chain.target(self.subject.target)
        yield from self._calm(now, target)
        decision = target["decision"] or {}
        if decision.get("reason") == "cooldown" and self.waits_until is None:
            self.waits_until = datetime.fromisoformat(decision["until"])
            left = (self.waits_until - now).total_seconds()
            what = f"cooldown until {self.waits_until:%H:%M:%S} UTC, for {left:.0f} s"
            yield Step(now, "responder", f"{what}: Cloudflare refuses to withdraw it earlier")

    def _calm(self, now: datetime, target: dict[str, Any]) -> Iterator[Step]:
        """Follow the demand; what is released has had its proof, even between two looks."""
        self.calm_began = (self.calm_began or now) if target["demand"] == "none" else None
        if self.calm_proven is not None or self.calm_began is None:
            return
        if now - self.calm_began >= self.calm_period or target["state"] == "released":
            self.calm_proven = now
            seconds = self.calm_period.total_seconds()
            what = f"calm is proven: nothing has asked for it for {seconds:g} s"
            yield Step(now, "responder", what)


def in_words(bits: float) -> str:
    """Return a rate for people."""
    for unit, size in (("Gbit/s", 1e9), ("Mbit/s", 1e6)):
        if bits >= size:
            return f"{bits / size:.3g} {unit}"
    return f"{bits:.0f} bit/s"


def _standing(shown: dict[str, Any]) -> str:
    """Return how it stands, asked for and in fact."""
    words = {True: "advertised", False: "withdrawn"}
    return f"requested {words[shown['requested']]}, routed {words[shown['routed']]}"
