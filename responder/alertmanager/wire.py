"""How Alertmanager writes things down: JSON, times, sets of labels, fingerprints."""

import json
import re
import reprlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

import orjson

__all__ = ["as_list", "as_object", "decoded", "fingerprint", "moment", "shown", "texts"]

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_TEXT = frozenset({str})
_FNV_OFFSET = 14695981039346656037
_FNV_PRIME = 1099511628211


def _refuse(constant: str) -> object:
    raise ValueError(f"not JSON ({constant} is no number)")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def decoded(body: bytes) -> object:
    """Read strict JSON: UTF-8, no NaN, and only text that can be written down again.

    Raises ValueError whose text completes the sentence "the body is ...".
    """
    try:
        # Faster, and stricter: what it refuses, the other one takes or can explain.
        document: object = orjson.loads(body)
    except ValueError:
        return _explained(body)
    return document


def _explained(body: bytes) -> object:
    try:
        document: object = _DECODER.decode(body.decode())
        if _SURROGATE.search(body):  # half of a pair would break whoever stores it
            json.dumps(document, ensure_ascii=False).encode()
    except UnicodeError as error:
        raise ValueError("not UTF-8") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error.msg} at character {error.pos})") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return document


def moment(value: object) -> datetime:
    """Read an RFC 3339 time as UTC, its nanoseconds cut; raises ValueError."""
    return _moment(str(value))


@lru_cache(maxsize=1024)  # the alerts of a group began together, and every poll tells them again
def _moment(value: str) -> datetime:
    try:
        at = datetime.fromisoformat(value)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"not a time: {shown(value)}") from error
    raise ValueError(f"a time without its zone: {shown(value)}")


def as_object(value: object) -> dict[str, object]:
    """Return what must be a JSON object; raises ValueError."""
    if isinstance(value, dict):
        return value
    raise ValueError(f"not an object: {shown(value)}")


def as_list(value: object) -> list[object]:
    """Return what must be a JSON list; raises ValueError."""
    if isinstance(value, list):
        return value
    raise ValueError(f"not a list: {shown(value)}")


def texts(item: Mapping[str, object], key: str) -> dict[str, str]:
    """Return a member that must be an object of nothing but text; raises ValueError."""
    value = item.get(key)
    if isinstance(value, dict) and _TEXT.issuperset(map(type, value.values())):
        return value
    raise ValueError(f"{key} is no object of nothing but text: {shown(value)}")


def fingerprint(labels: Mapping[str, str]) -> str:
    """Return the name that Alertmanager itself gives to this set of labels."""
    state = _FNV_OFFSET
    for name in sorted(labels):
        for byte in b"%b\xff%b\xff" % (name.encode(), labels[name].encode()):
            state = (state ^ byte) * _FNV_PRIME & 0xFFFF_FFFF_FFFF_FFFF
    return f"{state:016x}"


def shown(value: object) -> str:
    """Return a foreign value short enough for a message, however large or deep it is."""
    return reprlib.repr(value)
