"""What a notification may do: ask for a mitigation, keep one, inform people, or nothing at all."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from responder.domain.notification import Notification, Phase
from responder.domain.notification_types import SUSTAINING, TRIGGERING, Family
from responder.domain.targets import Target

__all__ = ["Effect", "Judgement", "Places", "Rules", "Why", "judged"]

MITIGATIONS = {"prefix": "prefix_advertisement", "zone": "under_attack"}
"""What an attack on a resource of a kind asks for."""

LONG_PAST = timedelta(days=30)
"""Nothing that began before that is told as news."""


class Effect(StrEnum):
    """What becomes of a notification."""

    TRIGGER = "trigger"
    SUSTAIN = "sustain"
    INFORM = "inform"
    END = "end"
    IGNORE = "ignore"


class Why(StrEnum):
    """Why: the word of the audit trail and of the metric."""

    TYPE = "type"  # its type says so
    NOT_PROVISIONED = "not_provisioned"  # no site has what is attacked
    AMBIGUOUS = "ambiguous"  # several prefixes hold the address
    TOO_OLD = "too_old"  # it speaks of something long past
    TEST = "test"  # somebody tries the webhook or the policy
    OTHER_ACCOUNT = "other_account"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a notification may do, why, and to which targets."""

    effect: Effect
    why: Why
    targets: tuple[Target, ...] = ()


class Places:
    """Finds whom an attack hits among all that is provisioned."""

    def __init__(self, targets: Iterable[Target] = ()) -> None:
        mine = [one for one in targets if MITIGATIONS.get(one.kind) == one.mitigation]
        self._prefixes = {one.resource: one for one in mine if one.kind == "prefix"}
        self._zones = {one.resource: one for one in mine if one.kind == "zone"}
        self._networks = [(ip_network(name), one) for name, one in self._prefixes.items()]

    def find(self, told: Notification) -> tuple[Target, ...] | Why:
        """Return the targets it speaks of: exact prefixes, else an address, else a host."""
        exact = [self._prefixes[one] for one in told.prefixes if one in self._prefixes]
        if exact:
            return tuple(exact)
        if told.address:
            return self._around(ip_address(told.address))
        return self._zone(told)

    def _around(self, address: IPv4Address | IPv6Address) -> tuple[Target, ...] | Why:
        found = tuple(one for network, one in self._networks if address in network)
        if len(found) > 1:
            return Why.AMBIGUOUS
        return found or Why.NOT_PROVISIONED

    def _zone(self, told: Notification) -> tuple[Target, ...] | Why:
        named = [self._zones[one] for one in told.zones if one in self._zones]
        if told.zones:
            return tuple(dict.fromkeys(named)) or Why.NOT_PROVISIONED
        holding = [name for name in self._zones if f".{told.hostname}".endswith(f".{name}")]
        if not holding:
            return Why.NOT_PROVISIONED
        return (self._zones[max(holding, key=len)],)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the configuration says about notifications."""

    places: Places = field(default_factory=Places)
    account: str = ""
    """Ours; empty: it is not known, and any is believed."""
    maximum_age: timedelta = timedelta(hours=1)
    """How long one is believed that nobody repeats or ends."""
    trigger: Collection[str] = TRIGGERING
    sustain: Collection[str] = SUSTAINING


def judged(told: Notification, rules: Rules) -> Judgement:
    """Judge a notification; what is not surely about something of ours asks for nothing."""
    ignored = _ignored(told, rules)
    if ignored is not None:
        return Judgement(Effect.IGNORE, ignored)
    asks, keeps = told.type in rules.trigger, told.type in rules.sustain
    found = rules.places.find(told) if asks or keeps else Why.TYPE
    targets = () if isinstance(found, Why) else found
    why = found if isinstance(found, Why) else Why.TYPE
    if told.phase is Phase.END:
        return Judgement(Effect.END, Why.TYPE, targets)
    if not targets:
        return Judgement(Effect.INFORM, why)
    return Judgement(Effect.TRIGGER if asks else Effect.SUSTAIN, why, targets)


def _ignored(told: Notification, rules: Rules) -> Why | None:
    """Return why a notification may do nothing at all; an END of ours always counts."""
    if told.family is Family.TEST:
        return Why.TEST
    if rules.account and told.account and told.account != rules.account:
        return Why.OTHER_ACCOUNT
    if told.phase is Phase.END:
        return None
    if _invented(told):
        return Why.TEST
    late = told.received_at - told.sent_at > rules.maximum_age
    return Why.TOO_OLD if late or _age(told) > rules.maximum_age else None


def _age(told: Notification) -> timedelta:
    """Return for how long it had been so when it was sent."""
    return told.sent_at - (told.started_at or told.sent_at)


def _invented(told: Notification) -> bool:
    """Tell the values of the dashboard's test button: names, addresses, and times of years ago."""
    names = (told.hostname, told.vector, told.rule, *told.zones)
    loopback = bool(told.address) and ip_address(told.address).is_loopback
    return loopback or _age(told) > LONG_PAST or any(one.startswith("fake-") for one in names)
