"""Checks a tree against models, telling all that is wrong in our words."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from responder.settings.report import Report
from responder.settings.tree import KeyPath

__all__ = ["did_you_mean", "model_in", "validated"]

_Model = TypeVar("_Model", bound=BaseModel)
_SHAPES = {
    "list_type": "must be a list, such as [one, two]",
    "tuple_type": "must be a list, such as [one, two]",
    "dict_type": "must be a mapping of keys and values",
    "model_type": "must be a mapping of keys and values",
    "model_attributes_type": "must be a mapping of keys and values",
    "missing": "is required; add it",
}


def validated(model: type[_Model], report: Report, at: KeyPath = ()) -> _Model | None:
    """Return the tree below a path as a model; None when not even its sound parts make one.

    Every value that is wrong is told and dropped, so that checks that compare values can still
    judge the others, and everything is told at once.
    """
    while True:
        node = report.tree.find(at)
        try:
            return model.model_validate(node.plain() if node else {})
        except ValidationError as error:
            details = error.errors(include_url=False)
        wrong = {_tell(model, detail, report, at) for detail in details}
        # Later positions of a list go first: dropping one moves those behind it.
        dropped = [report.tree.drop(path) for path in sorted(wrong, key=_order, reverse=True)]
        if at in wrong or not any(dropped):
            return None


def did_you_mean(word: str, known: Iterator[str] | list[str]) -> str:
    """Return what to do about an unknown word: the nearest known one, or all of them."""
    words = sorted(known)
    near = get_close_matches(word, words, n=1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(words) or 'none'}"


def _tell(model: type[BaseModel], detail: ErrorDetails, report: Report, at: KeyPath) -> KeyPath:
    """Report one error; return the path that must go for the rest to be sound."""
    inside = tuple(key for key in detail["loc"] if key != "[key]")
    path = (*at, *inside)
    kind = detail["type"]
    whole = path[:-1] if kind == "missing" else path
    if kind != "extra_forbidden" and report.touches(path):
        return whole  # what was wrong in it is told, and this only follows from that
    if kind == "extra_forbidden":
        known = did_you_mean(str(inside[-1]), list(_known(model, inside[:-1])))
        report.problem(path, f"unknown key; {known}")
    else:
        report.problem(path, _text(detail))
    return whole


def _text(detail: ErrorDetails) -> str:
    kind = detail["type"]
    if kind in _SHAPES:
        return _SHAPES[kind]
    if kind in {"value_error", "assertion_error"}:
        return str(detail["ctx"]["error"])
    if kind in {"enum", "literal_error"}:
        words = re.findall(r"'([^']*)'", detail["ctx"]["expected"])
        given = str(detail["input"])[:40]
        return f"{given!r} is not one of {', '.join(words)}; {did_you_mean(given, words)}"
    return f"{detail['msg'][:1].lower()}{detail['msg'][1:]}; correct it"


def _known(model: Any, path: KeyPath) -> Iterator[str]:
    """Return the keys that a model knows at a path inside it."""
    for key in path:
        inner = model_in(model)
        if inner is not None:
            model = inner.model_fields[str(key)].annotation
        else:
            model = get_args(model)[1 if isinstance(key, str) else 0]
    inner = model_in(model)
    return iter(inner.model_fields if inner is not None else ())


def model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model that an annotation such as `Tls | None` speaks of."""
    if get_origin(annotation) in {Union, UnionType}:
        annotation = next(choice for choice in get_args(annotation) if choice is not NoneType)
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return annotation if is_model else None


def _order(path: KeyPath) -> tuple[tuple[int, int, str], ...]:
    return tuple((0, key, "") if isinstance(key, int) else (1, 0, key) for key in path)
