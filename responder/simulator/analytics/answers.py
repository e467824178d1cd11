"""Answer a query: whose analytics, which datasets, and their rows or settings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from responder.simulator.analytics import filters
from responder.simulator.analytics.datasets import DATASETS, MAX_FIELDS, MAX_PAGE, Dataset
from responder.simulator.analytics.groups import grouped, selected, shown, sorted_by
from responder.simulator.analytics.language import Field, QueryError, Value
from responder.simulator.analytics.windows import TIMES, Window
from responder.simulator.inventory import Token
from responder.simulator.state import Simulation

__all__ = ["Asker", "answer"]

_SCOPES = {
    "accounts": ("accountTag", 1, ("Account Analytics Read",)),
    "zones": ("zoneTag", 10, ("Analytics Read", "Account Analytics Read")),
}


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, of which simulation, and when."""

    simulation: Simulation
    token: Token
    now: datetime


def answer(query: tuple[Field, ...], asker: Asker) -> dict[str, object]:
    """Answer the whole query, or raise QueryError: one part that fails fails it all."""
    data: dict[str, object] = {}
    for viewer in query:
        if viewer.name != "viewer":
            raise QueryError(f'unknown field "{viewer.name}"')
        data[viewer.key] = {scope.key: _scoped(scope, asker) for scope in viewer.selection}
    return data


def _scoped(scope: Field, asker: Asker) -> list[dict[str, object]]:
    if scope.name not in _SCOPES:
        raise QueryError(f'unknown field "{scope.name}"', path=("viewer",))
    tag, most, groups = _SCOPES[scope.name]
    ids = _ids(scope.arguments.get("filter"), tag)
    if len(ids) > most:
        raise QueryError(f"{scope.name}: at most {most} in one query", path=("viewer",))
    for each in ids:
        if asker.token.permissions.isdisjoint(groups) or not _sees(asker, scope.name, each):
            whose = scope.name.removesuffix("s")
            raise QueryError(f"not authorized for that {whose}", status=403, path=("viewer",))
    return [
        {part.key: _part(part, scope.name, tag, each, asker) for part in scope.selection}
        for each in ids
    ]


def _ids(filter_: Value, tag: str) -> list[str]:
    wanted = filter_ if isinstance(filter_, dict) else {}
    several = wanted.get(f"{tag}_in", wanted.get(tag))
    ids = several if isinstance(several, list) else [several]
    if not all(isinstance(each, str) for each in ids):
        raise QueryError(f"filter by {tag}", path=("viewer",))
    return [str(each) for each in ids]


def _sees(asker: Asker, scope: str, identifier: str) -> bool:
    if scope == "accounts":
        account = asker.simulation.accounts.get(identifier)
        return account is not None and asker.token.reaches(account)
    zone = asker.simulation.zones.get(identifier)
    return zone is not None and asker.token.sees(zone)


def _part(part: Field, scope: str, tag: str, identifier: str, asker: Asker) -> object:
    if part.name == tag:
        return identifier
    if part.name == "settings":
        datasets = ((each, _dataset(each.name, scope)) for each in part.selection)
        return {each.key: _settings(each, dataset, asker) for each, dataset in datasets}
    return _rows(part, _dataset(part.name, scope), identifier, asker)


def _dataset(name: str, scope: str) -> Dataset:
    dataset = DATASETS.get(name)
    if dataset is None or dataset.scope != scope:
        raise QueryError(f'unknown field "{name}"', path=("viewer", scope))
    return dataset


def _settings(query: Field, dataset: Dataset, asker: Asker) -> dict[str, object]:
    settings: Mapping[str, object] = {
        "enabled": dataset.name not in asker.simulation.analytics.disabled,
        "maxDuration": _seconds(dataset.max_duration),
        "maxNumberOfFields": MAX_FIELDS,
        "maxPageSize": MAX_PAGE,
        "notOlderThan": _seconds(dataset.not_older_than),
        "availableFields": dataset.fields,
    }
    unknown = [each.name for each in query.selection if each.name not in settings]
    if unknown:
        raise QueryError(f'unknown field "{unknown[0]}"', path=("viewer", dataset.scope))
    return {each.key: settings[each.name] for each in query.selection}


def _rows(query: Field, dataset: Dataset, identifier: str, asker: Asker) -> list[dict[str, object]]:
    path = ("viewer", dataset.scope, dataset.name)
    if dataset.name in asker.simulation.analytics.disabled:
        raise QueryError("does not have access to the path", status=403, path=path)
    limit = _limit(query, path)
    dimensions = selected(query, dataset)
    if sum(max(1, len(part.selection)) for part in query.selection) > MAX_FIELDS:
        raise QueryError(f"more than {MAX_FIELDS} fields", path=path)
    wanted = query.arguments.get("filter")
    conditions = wanted if isinstance(wanted, dict) else {}
    test = filters.tests(conditions, dataset)
    window = _window(conditions, dataset, dimensions, asker)
    found: Iterable[dict[str, object]] = ()
    if window is not None:
        records = filter(test, dataset.source(asker.simulation, identifier, window))
        groups = grouped(records, dimensions)
        order = query.arguments.get("orderBy")
        found = (shown(g, query) for g in sorted_by(groups, order, query, dataset)[:limit])
    return list(found)


def _limit(query: Field, path: tuple[str, ...]) -> int:
    limit = query.arguments.get("limit")
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= MAX_PAGE:
        raise QueryError(f"limit must be between 1 and {MAX_PAGE}", path=path)
    return limit


def _window(
    conditions: Mapping[str, Value], dataset: Dataset, dimensions: list[str], asker: Asker
) -> Window | None:
    """Find the window to tell of; None when it lies within the lag altogether."""
    now, path = asker.now, ("viewer", dataset.scope, dataset.name)
    if dataset.timed:
        start, until = filters.bounds(conditions, dataset)
        end = until or now
        if now - start > dataset.not_older_than:
            oldest = _seconds(dataset.not_older_than)
            raise QueryError(f"cannot request data older than {oldest}s", status=200, path=path)
        if end - start > dataset.max_duration:
            longest = _seconds(dataset.max_duration)
            words = f"cannot request a time range wider than {longest}s"
            raise QueryError(words, status=200, path=path)
    else:
        start, end = now - dataset.not_older_than, now
    end = min(end, now - asker.simulation.analytics.lag)
    steps = [TIMES[name] for name in dimensions if name in TIMES]
    return Window(start, end, min(steps, default=None)) if start < end else None


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
