"""Values as they were written, each with the place it came from, before anything is checked."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

__all__ = ["KeyPath", "Node", "Origin", "Source", "dotted", "grown"]

KeyPath = tuple[str | int, ...]
"""Keys and list positions from the root, such as `("sites", "shop", "zones", 0)`."""


class Origin(IntEnum):
    """Where a value may come from; the greater one wins."""

    DEFAULT = 0
    FILE = 1
    ENVIRONMENT = 2
    COMMAND_LINE = 3


@dataclass(frozen=True, slots=True)
class Source:
    """The place of one value: a file and line, a variable, the command line, or nothing."""

    origin: Origin
    name: str = ""
    """The file, or the variable."""
    line: int = 0
    variables: tuple[str, ...] = ()
    """The variables of the environment that a text in the file was completed with."""

    @property
    def told(self) -> str:
        """The place, and whatever else the value came from."""
        return " and ".join([str(self), *(f"environment {name}" for name in self.variables)])

    def __str__(self) -> str:
        texts = {
            Origin.DEFAULT: "default",
            Origin.FILE: f"{self.name}:{self.line}",
            Origin.ENVIRONMENT: f"environment {self.name}",
            Origin.COMMAND_LINE: "command line",
        }
        return texts[self.origin]


@dataclass(slots=True, repr=False)
class Node:
    """One value: a scalar, or nodes by key or position.

    `path` is where it was written; a node that a policy inherits, or that moved up because a
    wrong neighbour was dropped, still tells its own place. It has no repr: it may be a secret.
    """

    value: "dict[str, Node] | list[Node] | str | float | None"
    source: Source
    path: KeyPath = ()

    def plain(self) -> Any:
        """Return the value without places."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def child(self, key: str | int) -> "Node | None":
        """Return the node under a key or at a position, None when there is none."""
        if isinstance(self.value, dict):
            return self.value.get(str(key))
        if isinstance(self.value, list) and isinstance(key, int) and key < len(self.value):
            return self.value[key]
        return None

    def find(self, path: KeyPath) -> "Node | None":
        """Return the node at a path, None when nothing is set there."""
        node: Node | None = self
        for key in path:
            node = node.child(key) if node else None
        return node

    def drop(self, path: KeyPath) -> bool:
        """Remove the node at a path; tell whether there was one."""
        parent = self.find(path[:-1])
        if not path or parent is None or parent.child(path[-1]) is None:
            return False
        if isinstance(parent.value, dict):
            del parent.value[str(path[-1])]
        elif isinstance(parent.value, list):
            del parent.value[int(path[-1])]
        return True


def dotted(path: KeyPath) -> str:
    """Return a path as people write it, such as `sites.shop.zones[0]`."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return text.removeprefix(".")


def grown(value: Any, source: Callable[[KeyPath], Source], path: KeyPath = ()) -> Node:
    """Return the node of a plain value, `source` telling where each part was written."""
    if isinstance(value, dict):
        children = {
            str(key): grown(child, source, (*path, str(key))) for key, child in value.items()
        }
        return Node(children, source(path), path)
    if isinstance(value, list):
        items = [grown(child, source, (*path, index)) for index, child in enumerate(value)]
        return Node(items, source(path), path)
    return Node(value, source(path), path)
