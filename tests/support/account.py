"""An account with very many prefixes, within the process: it answers at once and costs little."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

import httpx

from responder.cloudflare.analytics import AccountAnalytics
from responder.cloudflare.client import CloudflareClient, Endpoint, Observer
from responder.cloudflare.credentials import Token
from responder.cloudflare.zones import Zones
from responder.domain.alerts import Matcher
from responder.domain.targets import Target
from responder.mitigations.prefix_advertisement import KIND, PrefixOptions, build
from responder.mitigations.provider import Provider
from responder.simulator.inventory import Account
from support.installation import FakeClock, Setup

VECTORS = ("SYN flood", "UDP flood", "DNS amplification", "ACK flood", "GRE flood", "ICMP flood")
NETWORK = "magicTransitNetworkAnalyticsAdaptiveGroups"


def addressed(count: int) -> list[str]:
    """Return so many /24, one after the other."""
    first = int(ip_address("11.0.0.0"))
    return [str(ip_network((first + 256 * number, 24))) for number in range(count)]


class ManyPrefixes:
    """Answers for prefixes of which `together` stand in one IP prefix, a power of two."""

    def __init__(self, clock: FakeClock, count: int, together: int = 1) -> None:
        self.clock = clock
        self.cidrs = addressed(count)
        self.advertised = dict.fromkeys(self.cidrs, False)
        self.stamps: dict[str, datetime] = {}
        self.writes: list[tuple[str, bool]] = []
        self.refusal: httpx.Response | None = None
        self.answer_write: Callable[[str, bool], object] = self.take
        self.length = 24 - (together - 1).bit_length()
        self.wholes: dict[str, list[str]] = {}
        for cidr in self.cidrs:
            self.wholes.setdefault(self._around(cidr), []).append(cidr)
        traffic = [
            _row(ipDestinationSubnet=cidr, outcome=outcome)
            for cidr in self.cidrs
            for outcome in ("pass", "drop")
        ]
        vectors = [
            _row(ipDestinationSubnet=cidr, attackVector=vector)
            for cidr in self.cidrs
            for vector in VECTORS
        ]
        self._traffic, self._vectors = json.dumps(traffic), json.dumps(vectors)

    def client(self, observe: Observer) -> CloudflareClient:
        """Return a client that is answered here."""
        endpoint = Endpoint(transport=httpx.MockTransport(self))
        return CloudflareClient(endpoint, Token(lambda: "token"), self.clock.monotonic, observe)

    def analytics(self, observe: Observer) -> AccountAnalytics:
        """Return what asks for its analytics."""
        return AccountAnalytics(self.client(observe), Account().id)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        if self.refusal is not None:
            return self.refusal
        if request.url.path.endswith("/graphql"):
            return httpx.Response(200, content=self._graphql(json.loads(request.content)["query"]))
        _, _, path = request.url.path.partition("/addressing/prefixes")
        steps = path.strip("/").split("/")
        if not path:
            listed = [{"id": _id(whole), "cidr": whole} for whole in self.wholes]
            return _success(listed)
        parts = self.wholes[_cidr(steps[0], self.length)]
        if len(steps) == 3:
            return _success([self._part(cidr) for cidr in parts])
        cidr = _cidr(steps[3], 24)
        if request.method == "PATCH":
            advertised = json.loads(request.content)["on_demand"]["advertised"]
            self.answer_write(cidr, advertised)
        return _success(self._part(cidr))

    def take(self, cidr: str, advertised: bool) -> None:  # noqa: FBT001 - as it is stored
        """Take a write of ours."""
        self.writes.append((cidr, advertised))
        self.turn(cidr, advertised=advertised)

    def turn(self, cidr: str, *, advertised: bool) -> None:
        """Switch one, as we or somebody else; the same state again moves no stamp."""
        if self.advertised[cidr] is not advertised:
            self.advertised[cidr] = advertised
            self.stamps[cidr] = self.clock.now()

    def _part(self, cidr: str) -> dict[str, object]:
        stamp = self.stamps.get(cidr)
        on_demand = {
            "advertised": self.advertised[cidr],
            "advertised_modified_at": stamp and stamp.isoformat(),
            "on_demand_enabled": True,
            "on_demand_locked": False,
        }
        signals = {"enabled": False, "modified_at": None}
        known = {"id": _id(cidr), "cidr": cidr, "asn": 64500}
        return {**known, "on_demand": on_demand, "bgp_signal_opts": signals}

    def _around(self, cidr: str) -> str:
        return str(ip_network(cidr).supernet(new_prefix=self.length))

    def _graphql(self, query: str) -> str:
        minute = self.clock.now() - timedelta(minutes=2)
        proof = json.dumps([_row(datetimeMinute=f"{minute:%Y-%m-%dT%H:%M}:00Z")])
        settings = json.dumps({NETWORK: {"enabled": True}})
        lists = {
            "traffic: ": f'"settings": {settings}, "traffic": {self._traffic}, "proof": {proof}',
            "vectors: ": f'"vectors": {self._vectors}, "sources": [], "destinations": []',
            "checks: ": '"checks": []',
            "protocols: ": '"protocols": [], "routers": []',
            "attacks: ": '"attacks": []',
            "tunnelName }": '"magicTransitTunnelHealthChecksAdaptiveGroups": []',
        }
        account = next(body for word, body in lists.items() if word in query)
        return f'{{"data": {{"viewer": {{"accounts": [{{{account}}}]}}}}, "errors": null}}'


class PrefixSetup(Setup):
    """The loop over very many prefixes, each of a site of its own, and the calls that it makes."""

    def __init__(self, count: int, together: int = 1) -> None:
        super().__init__()
        self.cloud = ManyPrefixes(self.clock, count, together)
        self.calls: list[tuple[timedelta, str]] = []
        self.sites = {cidr: f"site{number}" for number, cidr in enumerate(self.cloud.cidrs)}
        self.targets = [
            Target(site, KIND.name, cidr, KIND.resource) for cidr, site in self.sites.items()
        ]
        client, options = self.cloud.client(self._spent), PrefixOptions()
        zones = Zones(client, self.clock.monotonic)
        self.provider = build(
            Provider(client, zones, lambda _: options, Account().id, self.clock.now)
        )
        self.limit(max_sites_engaged=count, max_engagements_per_hour=count)
        match = (Matcher("mitigation", KIND.name),)
        self.policy = replace(
            self.policy, name=KIND.name, mitigation=KIND.name, match=match, adopt=KIND.adopt
        )

    def called(self, operation: str, _outcome: str, _seconds: float) -> None:
        """Count a call."""
        self.calls.append((self.clock.passed, operation))

    def _spent(self, operation: str, outcome: str, seconds: float) -> None:
        self.called(operation, outcome, seconds)
        self.one.spend()

    async def pass_(self, seconds: float = 5.0) -> None:
        """Let time pass, hear Alertmanager, make one pass, and wait for all that it leads to."""
        self.clock.passed += timedelta(seconds=seconds)
        await self.one.look()
        await self.one.step()
        await self.one.ended()

    def fire_at(self, cidr: str) -> None:
        """Let an alert fire for a prefix."""
        self.alertmanager.fire(self.sites[cidr], mitigation=KIND.name, severity="critical")


def _row(**dimensions: str) -> dict[str, object]:
    return {"count": 60, "sum": {"bits": 6e9, "packets": 6e5}, "dimensions": dimensions}


def _success(result: Sequence[object] | dict[str, object]) -> httpx.Response:
    body = {"success": True, "errors": [], "messages": [], "result": result}
    return httpx.Response(200, json=body)


def _id(cidr: str) -> str:
    return cidr.partition("/")[0].replace(".", "x")


def _cidr(identity: str, length: int) -> str:
    return f"{identity.replace('x', '.')}/{length}"
