"""Which series there are, as far as somebody has declared them."""

from collections.abc import Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path

from responder.errors import ConfigError

__all__ = ["KnownNames", "read_names", "shipped_names"]


class KnownNames:
    """Names of series, and patterns of names."""

    def __init__(self, names: Iterable[str]) -> None:
        names = list(names)
        self._exact = frozenset(name for name in names if "*" not in name)
        self._patterns = tuple(name for name in names if "*" in name)

    def __contains__(self, name: str) -> bool:
        return name in self._exact or any(fnmatchcase(name, one) for one in self._patterns)

    def nearest(self, name: str) -> str | None:
        """Return the known name that looks most like this one; None when none does."""
        near = get_close_matches(name, sorted(self._exact), n=1, cutoff=0.8)
        return near[0] if near else None


def shipped_names() -> list[str]:
    """Return the names that the exporters of the shipped sources give, Prometheus and we."""
    declared = files("responder.rulefiles").joinpath("known_metrics.txt")
    return _names(declared.read_text(encoding="utf-8"))


def read_names(path: Path) -> list[str]:
    """Return the names in a user's file; ConfigError when it cannot be read."""
    try:
        return _names(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read ({error.strerror})"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: is not UTF-8 text (byte {error.start})"]) from error


def _names(text: str) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]
