"""The JSON schema of a user's file, for editors: what can be said without knowing the sites."""

from collections.abc import Collection, Iterable
from typing import Any

from responder.rulefiles.catalog import Catalog
from responder.rulefiles.entries import NUMBERS, OwnThresholds
from responder.rulefiles.overrides import bounds_of, site_presets

__all__ = ["thresholds_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def thresholds_schema(catalog: Catalog) -> dict[str, Any]:
    """Return the schema, with the signals and presets of these rules."""
    schema = OwnThresholds.model_json_schema()
    entry = schema["$defs"]["Entry"]
    for part in (schema, entry):
        for told in part["properties"].values():
            told.pop("title", None)
            told.pop("default", None)
    _allow(entry, "signal", catalog.families)
    _allow(entry, "preset", site_presets(catalog))
    _allow(schema, "preset", catalog.presets)
    without = {
        key: {one for one in catalog.families if bounds_of(one)[key] not in catalog.overridable}
        for key in NUMBERS
    }
    without["instance"] = {
        one for one in catalog.families if catalog.of_instance.isdisjoint(bounds_of(one).values())
    }
    entry["allOf"] = [_forbid(signals, key) for key, signals in without.items() if signals]
    return {"$schema": _DIALECT, **schema}


def _allow(part: dict[str, Any], key: str, words: Iterable[str]) -> None:
    told = part["properties"][key]
    part["properties"][key] = {
        "description": told["description"],
        "type": "string",
        "enum": sorted(words),
    }


def _forbid(signals: Collection[str], key: str) -> dict[str, Any]:
    """Return the rule that entries of these signals do not have this key."""
    return {
        "if": {"properties": {"signal": {"enum": sorted(signals)}}, "required": ["signal"]},
        "then": {"not": {"required": [key]}},
    }
