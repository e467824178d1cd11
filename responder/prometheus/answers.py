"""What Prometheus answers, as values; what a newer version adds is ignored."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

__all__ = [
    "Alertmanagers",
    "Build",
    "Envelope",
    "Flags",
    "Matrix",
    "Names",
    "Rule",
    "RuleGroup",
    "RuleGroups",
    "Runtime",
    "Sample",
    "Series",
    "Vector",
]

_Data = TypeVar("_Data")


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Envelope(_Answer, Generic[_Data]):
    """What every answer that worked is wrapped in."""

    status: Literal["success"]
    data: _Data


class Sample(_Answer):
    """One series at the moment of the question."""

    labels: Mapping[str, str] = Field(alias="metric")
    point: tuple[float, float] = Field(alias="value")

    @property
    def value(self) -> float:
        """The value; NaN and infinities are values too."""
        return self.point[1]


class Vector(_Answer):
    """The answer to an instant query."""

    samples: tuple[Sample, ...] = Field(alias="result")


class Series(_Answer):
    """One series over a stretch of time."""

    labels: Mapping[str, str] = Field(alias="metric")
    points: tuple[tuple[float, float], ...] = Field(alias="values")
    """Moments in seconds since 1970, each with its value, in their order."""


class Matrix(_Answer):
    """The answer to a range query."""

    series: tuple[Series, ...] = Field(alias="result")


class Rule(_Answer):
    """One rule of a group, alerting or recording."""

    name: str
    type: str = ""
    labels: Mapping[str, str] = {}
    """Those that the rule itself sets; the series' own are not known here."""
    health: str = "unknown"
    """`ok`, `err`, or `unknown` until it has been evaluated."""
    last_error: str = Field(default="", alias="lastError")
    state: str = ""
    """Of an alerting rule: `inactive`, `pending` or `firing`."""

    @property
    def alerting(self) -> bool:
        """Whether it is an alert."""
        return self.type == "alerting"


# Older servers write null where a group of no rules has none.
_Rules = Annotated[tuple[Rule, ...], BeforeValidator(lambda value: value or ())]


class RuleGroup(_Answer):
    """Rules that are evaluated one after the other; times are in seconds."""

    name: str
    file: str = ""
    interval: float
    rules: _Rules = ()
    evaluation_time: float = Field(default=0.0, alias="evaluationTime")
    last_evaluation: datetime | None = Field(default=None, alias="lastEvaluation")
    """The year 1 when it has not been evaluated yet."""


class RuleGroups(_Answer):
    """The answer about rules."""

    groups: tuple[RuleGroup, ...]


class Build(_Answer):
    """Which Prometheus it is."""

    version: str


class Runtime(_Answer):
    """How it runs."""

    retention: str = Field(default="", alias="storageRetention")
    """Such as `15d`, `50GiB` or `15d or 50GiB`."""


class _Alertmanager(_Answer):
    url: str


class Alertmanagers(_Answer):
    """The Alertmanagers that it sends to."""

    active: tuple[_Alertmanager, ...] = Field(alias="activeAlertmanagers")


Flags = dict[str, str]
"""The flags in force, without their dashes."""

Names = tuple[str, ...]
"""The values of a label."""
