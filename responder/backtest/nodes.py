"""A PromQL expression as a tree that can be evaluated here, with what is Prometheus' part cut off.

Whatever reads nothing but the history goes to Prometheus as it is, as a `Leaf`. What reads the
results of other rules, or the alerts themselves, is evaluated here, over those results.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

__all__ = [
    "ANY",
    "Aggregate",
    "Binary",
    "Call",
    "Labels",
    "Leaf",
    "Matching",
    "Negate",
    "Node",
    "Number",
    "Select",
    "Test",
    "Text",
    "walked",
]

Labels = tuple[tuple[str, str], ...]
"""The labels of a series, in the order of their names, and without its name."""


@dataclass(frozen=True)
class Test:
    """One condition on a label; a label that is missing is the empty string."""

    name: str
    operator: str
    value: str

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self.value)

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Tell whether labels satisfy it."""
        value = labels.get(self.name, "")
        if self.operator in {"=", "!="}:
            return (value == self.value) is (self.operator == "=")
        return (self._pattern.fullmatch(value) is not None) is (self.operator == "=~")


@dataclass(frozen=True)
class Node:
    """One part of an expression; `text` is how PromQL writes it, the same for what is the same."""

    text: str

    @property
    def children(self) -> "tuple[Node, ...]":
        """The parts that it is made of."""
        return ()


@dataclass(frozen=True)
class Number(Node):
    """A number."""

    value: float


@dataclass(frozen=True)
class Text(Node):
    """A string, as an argument."""

    value: str


@dataclass(frozen=True)
class Leaf(Node):
    """What Prometheus answers from the history alone; `names` are the metrics that it reads."""

    names: frozenset[str]
    ways: frozenset[frozenset[str]]
    """Sets of metrics of which one must be there as a whole, or nothing comes of it."""

    def possible(self, there: Collection[str]) -> bool:
        """Tell whether anything can come of it where these metrics are there."""
        return any(way.issubset(there) for way in self.ways)


@dataclass(frozen=True)
class Select(Node):
    """Series that a rule has recorded, or `ALERTS`; times are in seconds."""

    name: str
    tests: tuple[Test, ...]
    offset: int = 0
    window: int | None = None
    """The range that it looks back over; None for the newest sample."""


@dataclass(frozen=True)
class Negate(Node):
    """A change of sign."""

    inner: Node

    @property
    def children(self) -> tuple[Node, ...]:
        """The parts that it is made of."""
        return (self.inner,)


@dataclass(frozen=True)
class Matching:
    """How the series of two sides find one another."""

    on: bool = False
    labels: tuple[str, ...] = ()
    group: str = ""
    """`left` or `right`, where many of that side may find one of the other; else empty."""
    include: tuple[str, ...] = ()

    def key(self, labels: Labels) -> Labels:
        """Return what must be equal on both sides."""
        return tuple(one for one in labels if (one[0] in self.labels) is self.on)


ANY = Matching()
"""By all labels."""


@dataclass(frozen=True)
class Binary(Node):
    """Two sides and what joins them."""

    operator: str
    left: Node
    right: Node
    matching: Matching = ANY
    as_bool: bool = False

    @property
    def children(self) -> tuple[Node, ...]:
        """The parts that it is made of."""
        return (self.left, self.right)


@dataclass(frozen=True)
class Aggregate(Node):
    """Many series made one for each group."""

    operator: str
    inner: Node
    by: bool
    labels: tuple[str, ...]
    parameter: Node | None = None

    @property
    def children(self) -> tuple[Node, ...]:
        """The parts that it is made of."""
        return (self.inner,) if self.parameter is None else (self.inner, self.parameter)

    def group(self, labels: Labels) -> Labels:
        """Return the group that a series belongs to."""
        return tuple(one for one in labels if (one[0] in self.labels) is self.by)


@dataclass(frozen=True)
class Call(Node):
    """A function and its arguments."""

    function: str
    arguments: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        """The parts that it is made of."""
        return self.arguments


def walked(node: Node) -> Iterator[Node]:
    """Yield a tree's parts, itself first."""
    yield node
    for child in node.children:
        yield from walked(child)
