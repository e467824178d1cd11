"""Rule files as Prometheus reads them: what is recorded, what alerts, and how often."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from responder.errors import ResponderError
from responder.settings import parse_duration
from responder.shipped import shipped_folder

__all__ = ["Rule", "RuleFileError", "read_rules", "shipped_rules"]

_LOADED = ("*.yml", "sources/*.yml", "baselines/*.yml", "detectors/*.yml")


class RuleFileError(ResponderError):
    """The one who wrote the rule file must act: it cannot be read."""


@dataclass(frozen=True)
class Rule:
    """One rule; times are in seconds."""

    name: str
    """What is recorded, or the name of the alert."""
    expression: str
    alerting: bool
    labels: Mapping[str, str]
    interval: int | None = None
    """How often it is evaluated; None when its group does not say."""
    wait: int = 0
    """`for`: how long the expression must hold before the alert fires."""
    keep: int = 0
    """`keep_firing_for`: how long it fires on after the expression has ended."""
    file: str = ""

    @property
    def where(self) -> str:
        """How people find it."""
        return f"{self.file}: {'alert' if self.alerting else 'record'} {self.name}"


def shipped_rules() -> list[Path]:
    """Return the rule files that travel with the program, without their tests."""
    folder = shipped_folder("rules")
    return sorted(path for pattern in _LOADED for path in folder.glob(pattern))


def read_rules(patterns: Iterable[str | Path]) -> list[Rule]:
    """Read rule files, given as Prometheus takes them: `*` may stand for a part of a file's name.

    Raises RuleFileError with the file, and with what is wrong there.
    """
    found: list[Rule] = []
    for pattern in patterns:
        whole = Path(pattern)
        paths = sorted(whole.parent.glob(whole.name))
        if not paths:
            raise RuleFileError(f"{pattern}: no such rule file")
        for path in paths:
            found += _read(path)
    return found


def _read(path: Path) -> list[Rule]:
    try:
        document = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise RuleFileError(f"{path}: cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise RuleFileError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    groups = document.get("groups") if isinstance(document, dict) else None
    if not isinstance(groups, list):
        raise RuleFileError(f"{path}: no rule file: it has no list `groups`")
    return [rule for group in groups for rule in _of_group(group, path)]


def _of_group(group: Any, path: Path) -> Sequence[Rule]:
    try:
        interval = _seconds(group["interval"]) if "interval" in group else None
        return [_rule(one, interval or None, str(path)) for one in group.get("rules") or ()]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        name = group.get("name", "?") if isinstance(group, dict) else group
        raise RuleFileError(f"{path}: group {name}: {error!r}") from error


def _rule(one: Mapping[str, Any], interval: int | None, file: str) -> Rule:
    alerting = "alert" in one
    return Rule(
        str(one["alert"] if alerting else one["record"]),
        str(one["expr"]),
        alerting,
        {str(name): str(value) for name, value in (one.get("labels") or {}).items()},
        interval,
        _seconds(one.get("for", "0s")),
        _seconds(one.get("keep_firing_for", "0s")),
        file,
    )


def _seconds(text: object) -> int:
    return int(parse_duration(str(text)).total_seconds())
