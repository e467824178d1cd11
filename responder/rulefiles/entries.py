"""The file in which a user writes numbers of his own: its form, and how it is read.

What a number may be is decided here; whether signals, sites and bounds go together is decided by
`overrides`, which knows the rules.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, model_validator
from pydantic.json_schema import WithJsonSchema
from pydantic_core import ErrorDetails

from responder.rulefiles.written import Flaw, Written, read_written

__all__ = ["NUMBERS", "Entry", "OwnFile", "OwnThresholds", "did_you_mean", "read_own"]

OFF = "off"
NUMBERS = ("upper", "lower", "factor", "floor")
_ALONE = ("instance", "signal", *NUMBERS)
"""What does not go with a preset."""

_Model = TypeVar("_Model", bound=BaseModel)
_TEXTS = {
    "missing": "is required; add it",
    "tuple_type": "must be a list; begin each entry with a dash",
    "model_type": "must be a mapping, such as {site: shop, signal: load, upper: 4}",
}


def _number(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number:
        raise ValueError(f"{str(value)[:40]!r} is no number; write one such as 2.5")
    if math.isnan(value):
        raise ValueError("is NaN, which nothing is ever above or below; write a number")
    if value < 0:
        raise ValueError(f"{value:g} is below 0; no signal ever is")
    return float(value)


def _finite(value: Any) -> float:
    number = _number(value)
    if math.isinf(number):
        raise ValueError("is infinite; write a number")
    return number


def _upper(value: Any) -> float:
    return math.inf if value == OFF else _number(value)


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else None
    if text is None:
        raise ValueError(f"{str(value)[:40]!r} is no text; put it in quotes")
    if not text.strip() or not text.isprintable():
        raise ValueError(
            "is empty or cannot be shown; write the label's value as Prometheus has it"
        )
    return text


_NUMBER = {"type": "number", "minimum": 0}
_SHOWN = {"type": "string", "pattern": r"\S"}
_Upper = Annotated[
    float | None, PlainValidator(_upper), WithJsonSchema({"anyOf": [_NUMBER, {"const": OFF}]})
]
_Finite = Annotated[float | None, PlainValidator(_finite), WithJsonSchema(_NUMBER)]
_Text = Annotated[str, PlainValidator(_text), WithJsonSchema(_SHOWN)]
_Word = Annotated[str | None, PlainValidator(_text), WithJsonSchema(_SHOWN)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _no_key_without_value(cls, value: Any) -> Any:
        empty = [key for key, inside in value.items() if inside is None] if _is_map(value) else []
        if empty:
            raise ValueError(f"{', '.join(empty)} has no value; write one, or leave the key out")
        return value


class Entry(_Part):
    """Numbers of one signal for a site or one of its instances; or the preset of a site."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {
                    "required": ["signal"],
                    "anyOf": [{"required": [key]} for key in NUMBERS],
                    "not": {"required": ["preset"]},
                },
                {
                    "required": ["preset"],
                    "not": {"anyOf": [{"required": [key]} for key in _ALONE]},
                },
            ]
        }
    )

    site: _Text = Field(description="The site, as under `sites:` in the configuration.")
    instance: _Word = Field(
        None, description="One origin of the site: the label `instance` in Prometheus."
    )
    signal: _Word = Field(None, description="What is measured.")
    upper: _Upper = Field(
        None, description="Above it a detector switches on; `off` switches the detector off."
    )
    lower: _Finite = Field(None, description="At or below it a detector switches off again.")
    factor: _Upper = Field(
        None, description="The upper multiple of the baseline: `upper` of the signal's ratio."
    )
    floor: _Finite = Field(
        None, description="Below it the baseline is not asked: `upper` of the signal's floor."
    )
    preset: _Word = Field(None, description="The preset of this site.")

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Entry":
        told = [key for key in _ALONE if getattr(self, key) is not None]
        if self.preset is not None and told:
            raise ValueError(f"has a preset and {told[0]}; write two entries")
        if self.preset is None and self.signal is None:
            raise ValueError("has neither signal nor preset; add one")
        if self.preset is None and not set(NUMBERS) & set(told):
            raise ValueError(f"has no number; add one of {', '.join(NUMBERS)}")
        return self


class OwnThresholds(_Part):
    """Thresholds of one's own, for `responder rules render`."""

    preset: _Word = Field(None, description="The preset of all sites.")
    thresholds: tuple[Entry, ...] = Field((), description="One entry for each site and signal.")


@dataclass(frozen=True, slots=True)
class OwnFile:
    """The sound entries of a file, each with its place, and what is wrong with the others."""

    path: Path
    preset: str | None
    entries: Sequence[tuple[Entry, Written]]
    root: Written
    flaws: tuple[Flaw, ...] = ()


def read_own(path: Path) -> OwnFile:
    """Read a user's file; UnreadableError when it is no YAML at all."""
    root = read_written(path)
    if not isinstance(root.value, dict):
        text = "is no mapping; begin with `thresholds:`, and a list of entries below it"
        return OwnFile(path, None, [], root, (root.flaw(text),))
    flaws: list[Flaw] = []
    entries = []
    for written in root.at("thresholds").items():
        entry, wrong = _validated(Entry, written)
        flaws += wrong
        if entry:
            entries.append((entry, written))
    shell = {**root.mapping(), "thresholds": Written([])}
    keeps_list = isinstance(root.at("thresholds").value, list)
    whole, wrong = _validated(OwnThresholds, Written(shell) if keeps_list else root)
    return OwnFile(path, whole.preset if whole else None, entries, root, tuple(flaws + wrong))


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Return what to do about an unknown word: the nearest known one, or all of them."""
    near = get_close_matches(word, sorted(known), n=1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known)) or 'none'}"


def _validated(model: type[_Model], written: Written) -> tuple[_Model | None, list[Flaw]]:
    try:
        return model.model_validate(written.plain()), []
    except ValidationError as error:
        return None, [_flaw(model, one, written) for one in error.errors(include_url=False)]


def _flaw(model: type[BaseModel], detail: ErrorDetails, written: Written) -> Flaw:
    path = detail["loc"]
    kind = detail["type"]
    if kind == "extra_forbidden":
        text = f"unknown key; {did_you_mean(str(path[-1]), list(model.model_fields))}"
    elif kind == "value_error":
        text = str(detail["ctx"]["error"])
    else:
        text = _TEXTS.get(kind, f"{detail['msg'][:1].lower()}{detail['msg'][1:]}; correct it")
    where = "".join(f"{key}: " for key in path)
    return written.at(*path).flaw(where + text)


def _is_map(value: Any) -> bool:
    return isinstance(value, dict)
