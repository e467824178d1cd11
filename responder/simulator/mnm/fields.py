"""The fields of a rule as a client sends them."""

import ipaddress
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from responder.simulator.bodies import Body
from responder.simulator.mnm.rule import Match, Rule, RuleType, minutes

__all__ = ["NamedFields", "RuleFields"]


def _networks(prefixes: list[str]) -> list[str]:
    for prefix in prefixes:
        ipaddress.ip_network(prefix)
    if len(set(prefixes)) < len(prefixes):
        raise ValueError("a prefix is there twice")
    return prefixes


def _duration(duration: str) -> str:
    minutes(duration)
    return duration


_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.~-]{1,256}$")]
_Prefixes = Annotated[list[str], Field(min_length=1, max_length=5000), AfterValidator(_networks)]
_Threshold = Annotated[float, Field(ge=1)] | None
_Type = Annotated[RuleType, Field(strict=False)]


class RuleFields(Body):
    """What a rule may have; a PATCH leaves out what shall stay."""

    name: _Name | None = None
    type: _Type | None = None
    prefixes: _Prefixes | None = None
    automatic_advertisement: bool | None = None
    bandwidth_threshold: _Threshold = None
    packet_threshold: _Threshold = None
    duration: Annotated[str, AfterValidator(_duration)] | None = None
    prefix_match: Annotated[Match, Field(strict=False)] | None = None
    zscore_sensitivity: Literal["low", "medium", "high"] | None = None
    zscore_target: Literal["bits", "packets"] | None = None

    def onto(self, rule: Rule) -> Rule:
        """Write what was sent onto the rule."""
        fields = self.model_dump(exclude_unset=True, exclude={"id"})
        if "duration" in fields:
            fields["duration"] = self.duration and minutes(self.duration)
        if "prefixes" in fields:
            fields["prefixes"] = tuple(self.prefixes or ())
        return replace(rule, **fields)


class NamedFields(RuleFields):
    """The same, with the id of the rule that is meant."""

    id: str | None = None
