"""Magic Network Monitoring: rules over flow data, which may advertise prefixes by themselves."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from ipaddress import ip_network

from responder.cloudflare.answers import Operation, malformed
from responder.cloudflare.call import Call
from responder.cloudflare.client import CloudflareClient

__all__ = ["DURATIONS", "MnmRule", "MnmRules", "duration_minutes", "rule_problems"]

DURATIONS = (1, 5, 10, 15, 20, 30, 45, 60)
"""How many minutes a threshold may have to be exceeded."""

MOST_PREFIXES = 5000
LONGEST_NAME = 256

_READ = Operation("list_mnm_rules", "Magic Network Monitoring Read")
_ADD = Operation("add_mnm_rule", "Magic Network Monitoring Write")
_EDIT = Operation("edit_mnm_rule", "Magic Network Monitoring Write")
_DELETE = Operation("delete_mnm_rule", "Magic Network Monitoring Write")

_NAME = re.compile(r"[A-Za-z0-9_.~-]+")
_GO = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,4})m)?(?:(\d{1,6})s)?")
_TYPES = ("threshold", "zscore", "advanced_ddos")
_MATCHES = ("exact", "subnet", "supernet")
_SENSITIVITIES = ("low", "medium", "high")
_TARGETS = ("bits", "packets")


@dataclass(frozen=True, slots=True)
class MnmRule:
    """A rule as Cloudflare holds it; what does not belong to its type is None."""

    name: str
    type: str
    prefixes: tuple[str, ...]
    automatic_advertisement: bool | None = None
    bandwidth_threshold: float | None = None
    """Bits a second."""
    packet_threshold: float | None = None
    """Packets a second."""
    duration: str | None = None
    """As the schema spells it, `1m` to `60m`, whatever spelling was read."""
    prefix_match: str | None = None
    zscore_sensitivity: str | None = None
    zscore_target: str | None = None
    id: str = ""

    def body(self) -> dict[str, object]:
        """Return what a request holds: the whole definition, as the schema wants it."""
        known = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "id"}
        known["prefixes"] = list(self.prefixes)
        return {
            name: int(value) if isinstance(value, float) and value.is_integer() else value
            for name, value in known.items()
            if value is not None or name == "automatic_advertisement"
        }

    def differs(self, other: "MnmRule") -> list[str]:
        """Return the names of the fields in which another one is not the same."""
        mine, theirs = _compared(self), _compared(other)
        names = dict.fromkeys([*mine, *theirs])
        return [name for name in names if mine.get(name) != theirs.get(name)]


class MnmRules:
    """The rules of one account."""

    def __init__(self, client: CloudflareClient, account_id: str) -> None:
        self._client = client
        self._path = f"/accounts/{account_id}/mnm/rules"

    async def read(self) -> list[MnmRule]:
        """Return all rules, by name; raises ProviderError."""
        answer = await self._client.request("GET", self._path, _READ)
        found = answer.result if answer.result is not None else []
        if not isinstance(found, list):
            raise malformed(_READ, "no list of rules")
        return sorted((_rule(item) for item in found), key=lambda rule: rule.name)

    def add(self, rule: MnmRule) -> Call:
        """Make a rule. It must not be repeated blindly: look for its name first."""
        return Call(_ADD, "POST", self._path, rule.body())

    def edit(self, rule: MnmRule) -> Call:
        """Write the rule of this id anew, whole: the schema wants what does not change, too."""
        return Call(_EDIT, "PATCH", f"{self._path}/{rule.id}", rule.body())

    def delete(self, rule: MnmRule) -> Call:
        """Take a rule away."""
        return Call(_DELETE, "DELETE", f"{self._path}/{rule.id}")

    def switch(self, rule: MnmRule, *, advertise: bool) -> Call:
        """Switch automatic advertisement alone."""
        body = {"automatic_advertisement": advertise}
        return Call(_EDIT, "PATCH", f"{self._path}/{rule.id}/advertisement", body)


def duration_minutes(text: str) -> int | None:
    """Read `5m`, `5m0s`, `1h` or `60m`; None for what is none of the eight durations."""
    found = _GO.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    whole, rest = divmod(hours * 3600 + minutes * 60 + seconds, 60)
    return whole if not rest and whole in DURATIONS else None


def rule_problems(rule: MnmRule) -> list[str]:
    """Return all that Cloudflare would refuse about a rule by itself."""
    return [*_name_problems(rule.name), *_prefix_problems(rule.prefixes), *_type_problems(rule)]


def _name_problems(name: str) -> Iterator[str]:
    if not name or len(name) > LONGEST_NAME:
        yield f"name: write 1 to {LONGEST_NAME} characters"
    elif not _NAME.fullmatch(name):
        yield "name: only letters A-Z and a-z, digits and _ . ~ - are allowed, and no space"


def _prefix_problems(prefixes: Sequence[str]) -> Iterator[str]:
    if not prefixes:
        yield "prefixes: name at least one"
    if len(prefixes) > MOST_PREFIXES:
        yield f"prefixes: {len(prefixes)} are more than {MOST_PREFIXES}"
    seen: set[object] = set()
    for prefix in prefixes:
        try:
            network = ip_network(prefix)
        except ValueError as error:
            yield f"prefixes: {error}"
            continue
        if network in seen:
            yield f"prefixes: {prefix} is there twice"
        seen.add(network)


def _type_problems(rule: MnmRule) -> Iterator[str]:
    if rule.type not in _TYPES:
        yield f"type: write one of {', '.join(_TYPES)}"
    thresholds = (rule.bandwidth_threshold, rule.packet_threshold)
    for name, value in zip(("bandwidth_threshold", "packet_threshold"), thresholds, strict=True):
        if value is not None and not (1 <= value < float("inf")):
            yield f"{name}: must be at least 1"
    if rule.type == "threshold" and sum(one is not None for one in thresholds) != 1:
        yield "a threshold rule needs either a threshold in bits or one in packets a second"
    if rule.type != "threshold" and any(one is not None for one in thresholds):
        yield f"a rule of type {rule.type} has no threshold"
    if rule.duration is not None and duration_minutes(rule.duration) is None:
        yield f"duration: write one of {', '.join(f'{one}m' for one in DURATIONS)}"
    yield from _dynamic_problems(rule)


def _dynamic_problems(rule: MnmRule) -> Iterator[str]:
    zscore = (rule.zscore_sensitivity, rule.zscore_target)
    if rule.type == "zscore" and None in zscore:
        yield "a zscore rule needs zscore_sensitivity and zscore_target"
    if rule.type != "zscore" and zscore != (None, None):
        yield f"a rule of type {rule.type} has no zscore_sensitivity and no zscore_target"
    if rule.type != "advanced_ddos" and rule.prefix_match is not None:
        yield "prefix_match: only a rule of type advanced_ddos has one"
    allowed = {
        "zscore_sensitivity": (rule.zscore_sensitivity, _SENSITIVITIES),
        "zscore_target": (rule.zscore_target, _TARGETS),
        "prefix_match": (rule.prefix_match, _MATCHES),
    }
    for name, (value, words) in allowed.items():
        if value is not None and value not in words:
            yield f"{name}: write one of {', '.join(words)}"


def _compared(rule: MnmRule) -> dict[str, object]:
    """Return the fields as they mean the same in every spelling; null switches nothing on."""
    switch = {"automatic_advertisement": bool(rule.automatic_advertisement)}
    return rule.body() | {"prefixes": _same(rule.prefixes)} | switch


def _same(prefixes: Sequence[str]) -> object:
    """Return what makes two lists of prefixes the same, whatever their order and spelling."""
    try:
        return frozenset(ip_network(one) for one in prefixes)
    except ValueError:
        return frozenset(prefixes)


def normal(rule: MnmRule) -> MnmRule:
    """Return the rule with its duration as the schema spells it."""
    minutes = duration_minutes(rule.duration) if rule.duration is not None else None
    return replace(rule, duration=f"{minutes}m") if minutes is not None else rule


def _rule(item: object) -> MnmRule:
    found: Mapping[str, object] = item if isinstance(item, dict) else {}
    texts = {name: found.get(name) for name in ("id", "name", "type")}
    prefixes = found.get("prefixes")
    if not all(isinstance(text, str) and text for text in texts.values()):
        raise malformed(_READ, "a rule without id, name or type")
    if not isinstance(prefixes, list):
        raise malformed(_READ, "a rule without its prefixes")
    switch = found.get("automatic_advertisement")
    return normal(
        MnmRule(
            name=str(texts["name"]),
            type=str(texts["type"]),
            prefixes=tuple(map(str, prefixes)),
            automatic_advertisement=switch if isinstance(switch, bool) else None,
            bandwidth_threshold=_number(found.get("bandwidth_threshold")),
            packet_threshold=_number(found.get("packet_threshold")),
            duration=_text(found.get("duration")),
            prefix_match=_text(found.get("prefix_match")),
            zscore_sensitivity=_text(found.get("zscore_sensitivity")),
            zscore_target=_text(found.get("zscore_target")),
            id=str(texts["id"]),
        )
    )


def _number(value: object) -> float | None:
    """Read a threshold; 0 is none, as the least one is 1."""
    return (
        value if isinstance(value, int | float) and not isinstance(value, bool) and value else None
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
