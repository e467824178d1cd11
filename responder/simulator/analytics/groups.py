"""Group records by the dimensions that were selected, put the groups in order, and cut them off."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from responder.simulator.analytics.datasets import Dataset
from responder.simulator.analytics.language import Field, QueryError, Value
from responder.simulator.analytics.windows import TIMES, Record

__all__ = ["Group", "grouped", "selected", "shown", "sorted_by"]


@dataclass(slots=True)
class Group:
    """Records that agree in the selected dimensions."""

    dimensions: Mapping[str, object]
    count: float = 0
    sums: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    weighted: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def take(self, record: Record) -> None:
        """Add a record."""
        self.count += record.count
        for name, value in record.sums.items():
            self.sums[name] += value
        for name, value in record.averages.items():
            self.weighted[name] += value * record.count

    def value(self, key: str) -> float | str:
        """Give what a key of `orderBy` means: `count`, `sum_packets`, `avg_x` or a dimension."""
        kind, _, name = key.partition("_")
        if key == "count":
            return self.count
        if kind == "sum":
            return self.sums[name]
        if kind == "avg":
            return self.weighted[name] / self.count
        return str(self.dimensions[key])


def selected(query: Field, dataset: Dataset) -> list[str]:
    """Name the dimensions that are selected, and refuse what the dataset has not."""
    parts = {
        "dimensions": {*dataset.dimensions, *(TIMES if dataset.timed else ())},
        "sum": set(dataset.sums),
        "avg": set(dataset.averages),
    }
    if not query.selection:
        raise QueryError(f"{dataset.name}: select at least one field")
    for part in query.selection:
        if part.name != "count" and not (part.name in parts and part.selection):
            raise _unknown(part.name, dataset)
        for leaf in part.selection:
            if leaf.name not in parts.get(part.name, ()) or leaf.selection:
                raise _unknown(leaf.name, dataset)
    dimensions = [part.selection for part in query.selection if part.name == "dimensions"]
    return [leaf.name for leaves in dimensions for leaf in leaves]


def grouped(records: Iterable[Record], dimensions: list[str]) -> list[Group]:
    """Group the records, in the order in which their groups first appear."""
    groups: dict[tuple[object, ...], Group] = {}
    for record in records:
        key = tuple(record.dimensions[name] for name in dimensions)
        if key not in groups:
            groups[key] = Group(dict(zip(dimensions, key, strict=True)))
        groups[key].take(record)
    return list(groups.values())


def sorted_by(groups: list[Group], order: Value, query: Field, dataset: Dataset) -> list[Group]:
    """Put the groups in order; the first key counts most."""
    keys = order if isinstance(order, list) else [order] if order else []
    allowed = {"count", *selected(query, dataset)}
    allowed |= {f"sum_{name}" for name in dataset.sums}
    allowed |= {f"avg_{name}" for name in dataset.averages}
    for key in reversed(keys):
        name, _, direction = str(key).rpartition("_")
        if name not in allowed or direction not in {"ASC", "DESC"}:
            raise QueryError(f"{dataset.name}: cannot order by {key}")
        groups = _sorted(groups, name, descending=direction == "DESC")
    return groups


def shown(group: Group, query: Field) -> dict[str, object]:
    """Show a group with the fields and aliases that were selected; counts are whole."""
    row: dict[str, object] = {}
    for part in query.selection:
        if part.name == "count":
            row[part.key] = round(group.count)
        elif part.name == "dimensions":
            row[part.key] = {leaf.key: group.dimensions[leaf.name] for leaf in part.selection}
        elif part.name == "sum":
            row[part.key] = {leaf.key: round(group.sums[leaf.name]) for leaf in part.selection}
        else:
            row[part.key] = {
                leaf.key: round(group.weighted[leaf.name] / group.count, 6)
                for leaf in part.selection
            }
    return row


def _sorted(groups: list[Group], name: str, *, descending: bool) -> list[Group]:
    return sorted(groups, key=lambda group: group.value(name), reverse=descending)


def _unknown(name: str, dataset: Dataset) -> QueryError:
    return QueryError(f'unknown field "{name}"', path=("viewer", dataset.scope, dataset.name))
