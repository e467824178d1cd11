"""YAML in which every value knows its place."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from responder.errors import ConfigError

__all__ = ["Flaw", "UnreadableError", "Written", "read_written"]

_TAGS = "tag:yaml.org,2002:"
_MERGE = _TAGS + "merge"
_NUMBER = re.compile(
    r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?|[-+]?\.inf|\.nan", re.IGNORECASE
)
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}


class Flaw(NamedTuple):
    """Something wrong in a file; line and column count from 1."""

    line: int
    column: int
    text: str


class UnreadableError(ConfigError):
    """A file that cannot be used as it is, with every flaw."""

    def __init__(self, path: Path, flaws: list[Flaw]) -> None:
        self.flaws = flaws
        places = [f"{path}:{line}:{column}" if line else str(path) for line, column, _ in flaws]
        super().__init__(
            [f"{place}: {flaw.text}" for place, flaw in zip(places, flaws, strict=True)]
        )


@dataclass(frozen=True, slots=True)
class Written:
    """A value and where it stands: the key of a value in a mapping, the start of all others."""

    value: Any
    """A scalar, or a dict or list of Written."""
    line: int = 1
    column: int = 1

    def plain(self) -> Any:
        """Return the value without places."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def at(self, *path: str | int) -> "Written":
        """Return what stands at a path, or the nearest thing around it."""
        here = self
        for key in path:
            inside = here.value
            keys = range(len(inside)) if isinstance(inside, list) else inside
            if not isinstance(inside, dict | list) or key not in keys:
                break
            here = here.value[key]
        return here

    def mapping(self) -> "dict[str, Written]":
        """Return what is in a mapping; nothing when this is none."""
        return self.value if isinstance(self.value, dict) else {}

    def items(self) -> "list[Written]":
        """Return what is in a list; nothing when this is none."""
        return self.value if isinstance(self.value, list) else []

    def flaw(self, text: str) -> Flaw:
        """Say what is wrong with this value."""
        return Flaw(self.line, self.column, text)


def read_written(path: Path) -> Written:
    """Return the content of a YAML file; UnreadableError when it cannot be read or is none."""
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8-sig"))
        root = loader.get_single_node()
        tree = _Tree(loader)
        found = Written(None) if root is None else tree.grow(root, root.start_mark)
    except OSError as error:
        raise UnreadableError(path, [Flaw(0, 0, f"cannot be read ({error.strerror})")]) from error
    except UnicodeDecodeError as error:
        raise UnreadableError(path, [Flaw(0, 0, f"is no UTF-8 (byte {error.start})")]) from error
    except yaml.MarkedYAMLError as error:
        raise UnreadableError(path, [_malformed(error)]) from None
    except yaml.reader.ReaderError as error:
        why = f"is not YAML: character #x{error.character:04x} is not allowed"
        raise UnreadableError(path, [Flaw(0, 0, why)]) from None
    except RecursionError:
        raise UnreadableError(path, [Flaw(0, 0, "is nested too deeply")]) from None
    if tree.flaws:
        raise UnreadableError(path, tree.flaws)
    return found


def _malformed(error: yaml.MarkedYAMLError) -> Flaw:
    why = " ".join(part for part in (error.problem, error.context) if part)
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    return Flaw(line, column, f"is not YAML: {why}")


class _Tree:
    """Turns nodes of the parser into values, and notes what stands twice or has a foreign tag."""

    def __init__(self, loader: yaml.SafeLoader) -> None:
        self._loader = loader
        self.flaws: list[Flaw] = []

    def grow(self, node: yaml.Node, mark: yaml.Mark) -> Written:
        """Return a node as the value that stands at a mark."""
        value: Any = None
        if not node.tag.startswith(_TAGS):
            self._note(node.start_mark, f"the tag {node.tag} is not allowed; leave it out")
        elif isinstance(node, yaml.MappingNode):
            value = self._mapping(node)
        elif isinstance(node, yaml.SequenceNode):
            value = [self.grow(child, child.start_mark) for child in node.value]
        elif isinstance(node, yaml.ScalarNode):
            value = _scalar(node)
        return Written(value, mark.line + 1, mark.column + 1)

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Written]:
        first: dict[str, yaml.Mark] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._note(key.start_mark, "a key must be plain text")
            elif key.tag != _MERGE:
                before = first.setdefault(key.value, key.start_mark)
                if before is not key.start_mark:
                    text = f"{key.value}: is already in line {before.line + 1}; keep one of them"
                    self._note(key.start_mark, text)
        self._loader.flatten_mapping(node)
        return {str(key.value): self.grow(child, key.start_mark) for key, child in node.value}

    def _note(self, mark: yaml.Mark, text: str) -> None:
        self.flaws.append(Flaw(mark.line + 1, mark.column + 1, text))


def _scalar(node: yaml.ScalarNode) -> str | float | bool | None:
    """Return a scalar as YAML 1.2 and Prometheus read it: `off` is a word, `5e6` a number."""
    text = str(node.value)
    if node.style is not None:
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _NUMBER.fullmatch(text):
        digits = text.lstrip("+-").isdigit()
        return (
            int(text)
            if digits
            else float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        )
    return text
