"""Traffic and health checks, cut into records of what happened in each stretch of a window."""

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime

from responder.simulator.analytics.traffic import Flow, Outcome, Requests
from responder.simulator.analytics.windows import Record, Window, spelled
from responder.simulator.inventory import identifier
from responder.simulator.magic.prefix import covers
from responder.simulator.magic.tunnel import Health, Tunnel
from responder.simulator.state import Simulation

__all__ = ["attack", "checks", "exported", "packets", "requests"]

_PROTOCOLS = {"ICMP": 1, "TCP": 6, "UDP": 17, "GRE": 47}
_CHECKS_PER_SECOND = 1 / 10
_PASSING = {Health.HEALTHY: 1.0, Health.DEGRADED: 0.6, Health.DOWN: 0.0}
_STATES = {Health.HEALTHY: 1.0, Health.DEGRADED: 0.5, Health.DOWN: 0.0}


def packets(flow: Flow, simulation: Simulation, window: Window, per: int) -> Iterator[Record]:
    """Tell what Cloudflare saw of a flow, one event in `per` packets."""
    yield from _flowing(flow, simulation, window, per, lambda routed: routed)


def exported(flow: Flow, simulation: Simulation, window: Window, per: int) -> Iterator[Record]:
    """Tell what the network's own routers saw of a flow."""
    passing = flow.outcome is Outcome.PASSED
    yield from _flowing(flow, simulation, window, per, lambda routed: passing or not routed)


def attack(flow: Flow, simulation: Simulation, window: Window, per: int) -> Iterator[Record]:
    """Tell a mitigated flow as one attack with a beginning and an end."""
    for record in packets(flow, simulation, Window(window.start, window.end), per):
        ends = {
            "startDatetime": spelled(flow.span.start),
            "endDatetime": spelled(flow.span.end or window.end),
        }
        yield Record({**record.dimensions, **ends}, record.count, record.sums)


def requests(shape: Requests, window: Window) -> Iterator[Record]:
    """Tell what the edge did with requests."""
    dimensions = {
        "clientRequestHTTPHost": shape.host,
        "clientIP": shape.client,
        "clientCountryName": shape.country,
        "clientAsn": str(shape.asn),
        "edgeResponseStatus": shape.status,
        "securityAction": shape.action,
        "securitySource": shape.source,
        "action": shape.action,
        "source": shape.source,
        "ruleId": shape.rule,
        "coloCode": shape.colo,
    }
    for stretch in window.cut(shape.span).stretches():
        count = shape.per_second * (stretch.end - stretch.start).total_seconds()
        if count:
            sums = {"edgeResponseBytes": count * shape.size, "visits": count}
            when = stretch.times()
            yield Record({**dimensions, **when}, count, sums, {"sampleInterval": 1.0})


def checks(tunnel: Tunnel, window: Window) -> Iterator[Record]:
    """Tell how the health checks of a tunnel went, per data centre and result."""
    for stretch in window.stretches():
        for index, turn in enumerate(tunnel.turns):
            later = tunnel.turns[index + 1 : index + 2]
            start = max(turn.at, stretch.start)
            end = min(later[0].at, stretch.end) if later else stretch.end
            count = max(0.0, (end - start).total_seconds()) * _CHECKS_PER_SECOND
            passing = _PASSING[turn.health]
            for result, share in (("ok", passing), ("timeout", 1 - passing)):
                for colo in tunnel.colos if count and share else ():
                    yield Record(
                        {
                            "tunnelName": tunnel.name,
                            "edgeColoName": colo,
                            "resultStatus": result,
                            **stretch.times(),
                        },
                        count * share,
                        averages={"tunnelState": _STATES[turn.health]},
                    )


def _flowing(
    flow: Flow, simulation: Simulation, window: Window, per: int, seen: Callable[[bool], bool]
) -> Iterator[Record]:
    facts = _facts(flow)
    spans = list(_routing(flow, simulation, window))
    for stretch in window.cut(flow.span).stretches():
        seconds = sum(
            _seconds(flow.span.within(max(start, stretch.start), min(end, stretch.end)))
            for start, end, routed in spans
            if seen(routed)
        )
        if seconds:
            sums = {"bits": flow.bits * seconds, "packets": flow.packets * seconds}
            count = max(1.0, sums["packets"] / per)
            when = stretch.times()
            yield Record({**facts, **when}, count, sums, {"sampleInterval": float(per)})


def _routing(
    flow: Flow, simulation: Simulation, window: Window
) -> Iterator[tuple[datetime, datetime, bool]]:
    """Cut the window where routing changes, and say whether Cloudflare has the prefix."""
    parts = [p for p in simulation.bgp_prefixes.values() if covers(p.cidr, flow.address)]
    turns = {turn.routed_at for part in parts for turn in part.turns}
    cuts = [window.start, *sorted(t for t in turns if window.start < t < window.end), window.end]
    for start, end in itertools.pairwise(cuts):
        yield start, end, any(part.routed(start).advertised for part in parts)


def _facts(flow: Flow) -> dict[str, object]:
    mitigated = flow.outcome is Outcome.DROPPED
    attacking = identifier("attack", flow.id) if mitigated else ""
    return {
        "ipDestinationSubnet": flow.subnet,
        "ipDestinationAddress": flow.address,
        "destinationIp": flow.address,
        "destinationAddress": flow.address,
        "destinationPort": flow.port,
        "ipSourceAddress": flow.source,
        "sourceIp": flow.source,
        "sourceAddress": flow.source,
        "sourcePort": 53,
        "sourceCountry": flow.country,
        "sourceAsn": flow.asn,
        "sourceAsnName": f"AS{flow.asn}",
        "ipProtocol": _PROTOCOLS.get(flow.protocol, 255),
        "ipProtocolName": flow.protocol,
        "protocolString": flow.protocol,
        "tcpFlags": 2 if flow.protocol == "TCP" else 0,
        "tcpFlagsString": "SYN" if flow.protocol == "TCP" else "",
        "outcome": flow.outcome,
        "verdict": flow.outcome,
        "mitigationSystem": flow.system,
        "mitigationReason": flow.vector,
        "mitigationType": flow.outcome,
        "attackId": attacking,
        "attackVector": flow.vector,
        "attackType": flow.vector,
        "ruleId": identifier("rule", flow.vector) if mitigated else "",
        "ruleName": flow.vector,
        "coloCode": flow.colo,
        "coloCity": flow.colo,
        "coloCountry": "XX",
        "routerAddress": flow.router,
    }


def _seconds(span: tuple[datetime, datetime] | None) -> float:
    return (span[1] - span[0]).total_seconds() if span else 0.0
