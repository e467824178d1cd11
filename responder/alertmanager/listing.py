"""The lists that Alertmanager's API answers with: its alerts and its silences."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from responder.alertmanager.wire import as_list, as_object, decoded, moment, texts
from responder.domain.alerts import Alert, AlertStatus, Matcher, Silence

__all__ = ["listed_alerts", "listed_silences"]

_Item = TypeVar("_Item")


def listed_alerts(body: bytes) -> list[Alert]:
    """Read the answer of `/api/v2/alerts`; raises ValueError with what is wrong where."""
    return _each(body, _alert)


def listed_silences(body: bytes) -> list[Silence]:
    """Read the silences that are active from the answer of `/api/v2/silences`.

    One with several sets of matchers silences what any of them matches, and so becomes several
    silences of the same id. Raises ValueError with what is wrong where.
    """
    return [silence for silences in _each(body, _silences) for silence in silences]


def _each(body: bytes, read: Callable[[dict[str, object]], _Item]) -> list[_Item]:
    found = []
    for index, item in enumerate(as_list(decoded(body))):
        try:
            found.append(read(as_object(item)))
        except ValueError as error:
            raise ValueError(f"malformed at item {index}: {error}") from error
    return found


def _alert(item: dict[str, object]) -> Alert:
    updated_at = item.get("updatedAt")
    return Alert(
        fingerprint=_text(item, "fingerprint"),
        labels=texts(item, "labels"),
        status=_status(as_object(item.get("status"))),
        starts_at=moment(item.get("startsAt")),
        updated_at=None if updated_at is None else moment(updated_at),
        annotations=texts(item, "annotations") if item.get("annotations") else {},
    )


def _status(status: dict[str, object]) -> AlertStatus:
    """Judge by who suppresses it; a state that we do not know leaves it firing."""
    if status.get("silencedBy"):
        return AlertStatus.SILENCED
    if status.get("inhibitedBy") or status.get("state") == "suppressed":
        return AlertStatus.INHIBITED
    return AlertStatus.FIRING


def _silences(item: dict[str, object]) -> list[Silence]:
    if as_object(item.get("status")).get("state") != "active":
        return []
    return [
        Silence(
            id=_text(item, "id"),
            matchers=tuple(_matcher(as_object(one)) for one in matchers),
            ends_at=moment(item.get("endsAt")),
            created_by=str(item.get("createdBy", "")),
            comment=str(item.get("comment", "")),
        )
        for matchers in _matcher_sets(item)
    ]


def _matcher_sets(item: dict[str, object]) -> Iterator[list[object]]:
    """Yield the sets of matchers, in whichever way this version writes them."""
    sets = item.get("matcherSets")
    for one in sets if isinstance(sets, list) and sets else [item]:
        yield as_list(one.get("matchers") if isinstance(one, dict) else one)


def _matcher(item: dict[str, object]) -> Matcher:
    return Matcher(
        name=_text(item, "name"),
        value=_text(item, "value"),
        is_regex=item.get("isRegex") is True,
        is_equal=item.get("isEqual") is not False,  # absent before 0.22
    )


def _text(item: dict[str, object], key: str) -> str:
    value = item.get(key)
    if isinstance(value, str):
        return value
    raise ValueError(f"{key} is missing, or not text")
