"""The shipped rules, with the interval and the thresholds of a plan."""

import re
from pathlib import Path

from responder.demo.plan import Plan, Thresholds
from responder.settings.durations import format_duration
from responder.shipped import shipped_folder

__all__ = ["copy_rules"]

_SHIPPED_INTERVAL = "    interval: 5s\n"

_DETECTOR = "origin-load-absolute.yml"
"""The one that the story is about: it alone is loaded, so that no other tells another story."""


def copy_rules(plan: Plan, folder: Path) -> list[Path]:
    """Copy what a stack needs of the shipped rules, and return the files.

    The plan's interval and thresholds are put in; with those that we ship, nothing is changed.
    """
    source = shipped_folder("rules")
    copied = []
    interval = f"    interval: {format_duration(plan.interval)}\n"
    for path in sorted(source.rglob("*.yml")):
        place = path.relative_to(source)
        if place.parts[0] in {"tests", "baselines"}:
            continue
        if place.parts[0] == "detectors" and place.name != _DETECTOR:
            continue
        text = path.read_text().replace(_SHIPPED_INTERVAL, interval)
        if place.name == "thresholds.yml":
            text = _with_thresholds(text, plan.thresholds)
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        copied.append(target)
    return copied


def _with_thresholds(text: str, thresholds: Thresholds) -> str:
    for bound, value in (("upper", thresholds.upper), ("lower", thresholds.lower)):
        rule = rf"(labels: \{{signal: load, bound: {bound}\}}\s+expr: )vector\([0-9.]+\)"
        text, found = re.subn(rule, rf"\g<1>vector({value})", text)
        if found != 1:
            raise ValueError(f"thresholds.yml has {found} {bound} thresholds of load, not one")
    return text
