"""Domain values as JSON text and back, by the types of their dataclasses' fields.

A body outlives the program that wrote it, so a field that is not known here is ignored (a newer
program wrote it) and one that is missing takes its default (an older one did). A word that is not
known is refused all the same: a state that is guessed could lose what is ours.

How a type is written is worked out once; after that a value costs one call a field.
"""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import NoReturn, TypeVar, get_args, get_origin, get_type_hints

import orjson

__all__ = ["from_text", "packed", "plain_to_text", "to_text", "unpacked"]

T = TypeVar("T")

_MICROSECOND = timedelta(microseconds=1)
_PACKED = "z:"
_WORTH_PACKING = 2000
"""Characters: a single alert stays as it is, for people who look."""

# Made once: `json.dumps` with any setting makes an encoder for every call.
_to_json = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def to_text(value: object) -> str:
    """Write a dataclass, or what is JSON already, as one line of ASCII.

    Raises TypeError or ValueError for what JSON cannot say.
    """
    kind: object = type(value)
    body = _written(_form(kind), value) if is_dataclass(value) else value
    return _to_json(body)


def plain_to_text(value: object) -> str:
    """Write lists and objects of texts and moments as `to_text` does, fast: floods bring many."""
    try:
        text = orjson.dumps(value)
    except orjson.JSONEncodeError:  # half a character
        text = b""
    # The other encoder escapes what a database might refuse or not be made for.
    is_plain = text and text.isascii()
    return text.decode() if is_plain else json.dumps(value, default=_write_moment)


def packed(text: str) -> str:
    """Return a long text as a short one: a hundred alerts of a flood say nearly the same."""
    if len(text) < _WORTH_PACKING:
        return text
    return _PACKED + b64encode(zlib.compress(text.encode(), level=1)).decode()


def unpacked(text: str) -> str:
    """Return what was packed; raises ValueError when it is damaged."""
    if not text.startswith(_PACKED):
        return text
    try:
        return zlib.decompress(b64decode(text.removeprefix(_PACKED), validate=True)).decode()
    except zlib.error as error:
        raise ValueError(f"it cannot be unpacked ({error})") from error


def from_text(kind: type[T], text: str) -> T:
    """Read what `to_text` wrote.

    Raises ValueError with the path to what is wrong.
    """
    hint: object = kind
    value = _form(hint).read(json.loads(text))
    outer: type[T] = get_origin(kind) or kind
    return value if isinstance(value, outer) else _refuse(outer.__name__, value)


@dataclass(frozen=True, slots=True)
class _Form:
    """How values of one type are written and read."""

    read: Callable[[object], object]
    write: Callable[..., object] | None = None
    """None where the value is its own JSON."""


def _written(form: _Form, value: object) -> object:
    return value if value is None or form.write is None else form.write(value)


def _refuse(expected: str, found: object) -> NoReturn:
    raise ValueError(f"expected {expected}, found {found!r:.80}")


def _plain(kind: type) -> _Form:
    def read(raw: object) -> object:
        # The exact type: JSON's `true` is no number, though Python's is.
        return raw if type(raw) is kind else _refuse(kind.__name__, raw)

    return _Form(read)


def _read_number(raw: object) -> float:
    if not isinstance(raw, int | float) or isinstance(raw, bool):
        _refuse("a number", raw)
    return float(raw)


def _read_moment(raw: object) -> datetime:
    moment = datetime.fromisoformat(raw) if isinstance(raw, str) else _refuse("a moment", raw)
    return moment.astimezone(UTC) if moment.tzinfo else _refuse("a moment with a zone", raw)


def _write_moment(moment: datetime) -> str:
    if moment.tzinfo is None:
        _refuse("a moment with a zone", moment)
    return moment.astimezone(UTC).isoformat()


def _read_duration(raw: object) -> timedelta:
    if not isinstance(raw, int) or isinstance(raw, bool):
        _refuse("a whole number", raw)
    try:
        return raw * _MICROSECOND
    except OverflowError as error:
        raise ValueError(f"{raw} microseconds are too many") from error


def _write_duration(duration: timedelta) -> int:
    return duration // _MICROSECOND


_SCALARS: Mapping[object, _Form] = {
    str: _plain(str),
    int: _plain(int),
    bool: _plain(bool),
    float: _Form(_read_number),
    datetime: _Form(_read_moment, _write_moment),
    timedelta: _Form(_read_duration, _write_duration),
}


@cache
def _form(hint: object) -> _Form:
    if hint in _SCALARS:
        return _SCALARS[hint]
    if isinstance(hint, UnionType):
        return _optional(hint)
    if get_origin(hint) is tuple:
        return _sequence(_form(get_args(hint)[0]))
    if get_origin(hint) in {dict, Mapping}:
        return _mapping(_form(get_args(hint)[1]))
    if isinstance(hint, type) and is_dataclass(hint):
        return _record(hint)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _words(hint)
    raise TypeError(f"no JSON form for {hint!r}")


def _optional(hint: UnionType) -> _Form:
    inner, *others = (_form(one) for one in get_args(hint) if one is not NoneType)
    if others:
        raise TypeError(f"no JSON form for {hint!r}: only `X | None` has one")
    return _Form(lambda raw: None if raw is None else inner.read(raw), inner.write)


def _words(kind: type[StrEnum]) -> _Form:
    def read(raw: object) -> object:
        return kind(raw) if isinstance(raw, str) else _refuse(kind.__name__, raw)

    return _Form(read)


def _sequence(item: _Form) -> _Form:
    def read(raw: object) -> object:
        return tuple(map(item.read, raw)) if isinstance(raw, list) else _refuse("a list", raw)

    def write(values: tuple[object, ...]) -> object:
        return [_written(item, value) for value in values]

    return _Form(read, write)


def _mapping(item: _Form) -> _Form:
    def read(raw: object) -> object:
        if not isinstance(raw, dict):
            _refuse("an object", raw)
        return {key: item.read(value) for key, value in raw.items()}

    def write(values: Mapping[str, object]) -> object:
        return {key: _written(item, value) for key, value in values.items()}

    return _Form(read, write)


def _record(kind: type) -> _Form:
    hints = get_type_hints(kind)
    forms = [(one.name, _form(hints[one.name])) for one in fields(kind)]
    needed = {one.name for one in fields(kind) if one.default is one.default_factory is MISSING}
    build: Callable[..., object] = kind

    def read(raw: object) -> object:
        if not isinstance(raw, dict):
            _refuse(kind.__name__, raw)
        if missing := needed - raw.keys():
            _refuse(f"{kind.__name__} with {', '.join(sorted(missing))}", raw)
        return build(**{name: _part(name, form, raw[name]) for name, form in forms if name in raw})

    def write(value: object) -> object:
        return {name: _written(form, getattr(value, name)) for name, form in forms}

    return _Form(read, write)


def _part(name: str, form: _Form, raw: object) -> object:
    try:
        return form.read(raw)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
