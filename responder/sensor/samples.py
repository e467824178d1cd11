"""From rows to what is shown: rates by prefix, vector, tunnel, protocol and host class."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from responder.cloudflare.analytics import Listed, Traffic
from responder.cloudflare.analytics_rows import MINUTE, Row, Window
from responder.cloudflare.answers import moment
from responder.sensor.scope import Networks

__all__ = ["OTHER", "Rate", "by_host", "by_prefix", "by_tunnel", "by_vector", "doubt", "running"]

OTHER = "other"
HOSTS = ("apex", "www", OTHER)
ACTIONS = ("passed", "challenged", "blocked")
MOST_TUNNELS = 50
MOST_COLOS = 5
MOST_PROTOCOLS = 5


@dataclass(frozen=True, slots=True)
class Rate:
    """Bits and packets per second."""

    bits: float = 0.0
    packets: float = 0.0

    def __add__(self, more: "Rate") -> "Rate":
        return Rate(self.bits + more.bits, self.packets + more.packets)


def rate(row: Row, window: Window) -> Rate:
    """Return what a row comes to per second."""
    return Rate(row.sum("bits") / window.seconds, row.sum("packets") / window.seconds)


def doubt(traffic: Traffic, window: Window, now: datetime) -> str:
    """Say why a sample proves nothing; empty when it is complete.

    The proof is a row of the account's own from after the window: the data reach past its end, so a
    prefix without rows had no traffic. A row from the future means that our clock is behind, and
    that the window is another one than we think.
    """
    if traffic.groups.truncated:
        return "truncated"
    if not traffic.enabled:
        return "disabled"
    if traffic.newest is None or traffic.newest < window.end:
        return "unproven"
    return "skewed" if traffic.newest >= now + MINUTE else ""


def by_prefix(traffic: Listed, networks: Networks, window: Window) -> dict[str, dict[str, Rate]]:
    """Return the rates of each prefix that has rows, by outcome: mitigated or passed."""
    found: dict[str, dict[str, Rate]] = defaultdict(lambda: defaultdict(Rate))
    for row in traffic.rows:
        # Whatever is not known to have passed was stopped: a new word must not look like calm.
        outcome = "passed" if row.word("outcome") == "pass" else "mitigated"
        speed = rate(row, window)
        for prefix in networks.around(row.word("ipDestinationSubnet")):
            found[prefix][outcome] += speed
    return found


def by_vector(
    listed: Listed, networks: Networks, window: Window, most: int
) -> dict[str, dict[str, Rate]]:
    """Return the rates of each prefix by attack vector: the largest few, and all others as one."""
    found: dict[str, dict[str, Rate]] = defaultdict(lambda: defaultdict(Rate))
    for row in listed.rows:
        for prefix in networks.around(row.word("ipDestinationSubnet")):
            found[prefix][row.maybe("attackVector") or OTHER] += rate(row, window)
    return {prefix: largest(vectors, most) for prefix, vectors in found.items()}


def by_protocol(listed: Listed, window: Window) -> dict[str, Rate]:
    """Return the flow totals: the largest protocols, and all others as one."""
    found: dict[str, Rate] = defaultdict(Rate)
    for row in listed.rows:
        found[row.word("protocolString")] += rate(row, window)
    return largest(found, MOST_PROTOCOLS)


def largest(rates: Mapping[str, Rate], most: int) -> dict[str, Rate]:
    """Keep the largest by packets, and add the rest up under one name."""
    named = [name for name in rates if name != OTHER]
    ranked = sorted(named, key=lambda name: (-rates[name].packets, name))
    kept = {name: rates[name] for name in ranked[:most]}
    rest = [rates[name] for name in (*ranked[most:], *([OTHER] if OTHER in rates else []))]
    return kept | ({OTHER: sum(rest, Rate())} if rest else {})


def by_tunnel(listed: Listed) -> dict[tuple[str, str], float]:
    """Return the mean state (0 down, 1 healthy) by tunnel and group of data centres.

    The data centres with most checks are groups of their own; all others are one.
    """
    rows = [(row.word("tunnelName"), row.word("edgeColoName"), row) for row in listed.rows]
    checks: dict[str, float] = defaultdict(float)
    for _, colo, row in rows:
        checks[colo] += row.count
    colos = sorted(checks, key=lambda colo: (-checks[colo], colo))[:MOST_COLOS]
    tunnels = sorted({tunnel for tunnel, _, _ in rows})[:MOST_TUNNELS]
    parts: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for tunnel, colo, row in rows:
        if tunnel in tunnels:
            group = colo if colo in colos else OTHER
            parts[tunnel, group].append((row.average("tunnelState"), row.count))
    return {key: _mean(found) for key, found in parts.items()}


def running(listed: Listed, networks: Networks, now: datetime, late: timedelta) -> dict[str, int]:
    """Return how many attacks on each prefix have not ended, as far as the data reach."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in listed.rows:
        ended = moment(row.maybe("endDatetime"))
        if ended is None or ended >= now - late:
            for prefix in networks.around(row.word("destinationIp")):
                found[prefix].add(row.word("attackId"))
    return {prefix: len(attacks) for prefix, attacks in found.items()}


def by_host(listed: Listed, zone: str, window: Window) -> dict[tuple[str, str], float]:
    """Return requests per second by host class and by what the edge did.

    A zone without any row has proven nothing; one with rows shows a nought for what it has none of.
    """
    found = {(host, action): 0.0 for host in HOSTS for action in ACTIONS} if listed.rows else {}
    for row in listed.rows:
        host = _host_class(row.maybe("clientRequestHTTPHost"), zone)
        found[host, _done(row.word("securityAction"))] += row.count / window.seconds
    return found


def _host_class(host: str, zone: str) -> str:
    """Return the bounded word for a host: `apex`, `www` or `other`."""
    return {zone: "apex", f"www.{zone}": "www"}.get(host.lower(), OTHER)


def _done(action: str) -> str:
    word = action.lower()
    if "challenge" in word and not any(end in word for end in ("solved", "bypassed")):
        return "challenged"
    return (
        "blocked" if word in {"block", "drop", "connection_close", "connectionclose"} else "passed"
    )


def _mean(parts: Iterable[tuple[float, float]]) -> float:
    parts = list(parts)
    weight = sum(count for _, count in parts)
    return sum(state * count for state, count in parts) / weight if weight else 0.0
