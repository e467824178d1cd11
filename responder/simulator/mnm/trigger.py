"""What happens when a rule triggers: its prefixes are advertised if it says so, and people told.

MNM never withdraws. Each prefix gets one of the documented outcomes.
"""

from datetime import datetime
from enum import StrEnum

from responder.simulator.alerting.types import Notice
from responder.simulator.magic.advertising import Obstacle, obstacle
from responder.simulator.magic.prefix import BgpPrefix, covers
from responder.simulator.mnm.rule import Match, Rule, RuleType, spelled
from responder.simulator.state import Simulation

__all__ = ["Outcome", "advertise", "followed", "notices"]


class Outcome(StrEnum):
    """How the attempt to advertise a prefix ended."""

    ADVERTISED = "Advertised"
    ALREADY = "Already Advertised"
    DELAYED = "Delayed"
    LOCKED = "Locked"
    IMPOSSIBLE = "Could not Advertise"


def advertise(rule: Rule, simulation: Simulation, now: datetime) -> dict[str, Outcome]:
    """Try to advertise all prefixes that the rule means; what must rest follows by itself."""
    outcomes: dict[str, Outcome] = {}
    for cidr in rule.prefixes:
        meant = [p for p in simulation.bgp_prefixes.values() if _means(rule, cidr, p)]
        if not meant:
            outcomes[cidr] = Outcome.IMPOSSIBLE
        for part in meant:
            outcomes[part.cidr] = _advertised(part, simulation, now)
    return outcomes


def notices(rule: Rule, outcomes: dict[str, Outcome], now: datetime) -> list[Notice]:
    """Tell of the attack, and of what was advertised if that was tried."""
    status = [{"prefix": cidr, "status": outcome} for cidr, outcome in outcomes.items()]
    data: dict[str, object] = {"rule_name": rule.name, "auto_advertised": bool(outcomes)}
    if rule.type is RuleType.ADVANCED_DDOS:
        alert_type = "fbm_dosd_attack"
        data["advertise_status"] = status
    else:
        alert_type = "fbm_volumetric_attack"
        data["prefix"] = rule.prefixes[0]
        data["rule_threshold"] = f"{rule.bandwidth_threshold or rule.packet_threshold or ''}"
        data["rule_duration"] = spelled(rule.duration, go=False) if rule.duration else ""
        data["rule_zscore_sensitivity"] = rule.zscore_sensitivity or ""
    told = [Notice(alert_type, now, rule.account, rule.id, data=data)]
    if outcomes:
        advertised = {"rule_name": rule.name, "advertise_status": status}
        told.append(Notice("fbm_auto_advertisement", now, rule.account, rule.id, data=advertised))
    return told


def followed(rule: Rule, cidr: str, simulation: Simulation, now: datetime) -> Notice | None:
    """Tell that a delayed prefix is advertised now; None when somebody has withdrawn it since."""
    part = simulation.find_bgp_prefix(cidr)
    if part is None or not part.requested.advertised:
        return None
    status = [{"prefix": cidr, "status": Outcome.ADVERTISED}]
    data: dict[str, object] = {"rule_name": rule.name, "advertise_status": status}
    return Notice("fbm_auto_advertisement", now, rule.account, rule.id, data=data)


def _means(rule: Rule, cidr: str, part: BgpPrefix) -> bool:
    if rule.type is RuleType.ADVANCED_DDOS and rule.prefix_match is Match.SUBNET:
        return covers(part.cidr, cidr)
    if rule.type is RuleType.ADVANCED_DDOS and rule.prefix_match is Match.SUPERNET:
        return covers(cidr, part.cidr)
    return part.cidr == cidr


def _advertised(part: BgpPrefix, simulation: Simulation, now: datetime) -> Outcome:
    found = obstacle(part, simulation, now, advertise=True)
    if found is Obstacle.LOCKED:
        return Outcome.LOCKED
    if found not in {None, Obstacle.TOO_SOON}:
        return Outcome.IMPOSSIBLE
    if part.requested.advertised:
        return Outcome.ALREADY
    when = now if found is None else part.requested.at + simulation.pace.rest(advertise=True)
    simulation.put_bgp_prefix(part.turned(when, simulation.pace, advertise=True))
    return Outcome.ADVERTISED if found is None else Outcome.DELAYED
