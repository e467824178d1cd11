"""TOML with lines: the standard parser reads it, a look at headers and keys tells the lines."""

import re
import tomllib
from datetime import date, datetime, time
from typing import Any

from responder.settings.parsed import MalformedError, Parsed
from responder.settings.tree import KeyPath

__all__ = ["parse_toml"]

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEY = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_KEY})\s*\]")
_ENTRY = re.compile(rf"\s*({_KEY})\s*=")
_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")


def parse_toml(text: str) -> Parsed:
    """Return the values of a TOML text; MalformedError when it is none."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _malformed(text, str(error)) from None
    return Parsed(_plain(values) if values else None, _lines(text))


def _malformed(text: str, why: str) -> MalformedError:
    place = _PLACE.search(why)
    line = int(place[1] or text.count("\n") + 1) if place else 0
    column = int(place[2] or 1) if place else 0
    return MalformedError(_PLACE.sub("", why), line, column)


def _plain(value: Any) -> Any:
    """Return a value without dates, for which no setting has a use."""
    if isinstance(value, dict):
        return {key: _plain(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_plain(child) for child in value]
    return value.isoformat() if isinstance(value, datetime | date | time) else value


def _lines(text: str) -> dict[KeyPath, int]:
    """Return the line of every header and key; what stands inside a value has its key's line."""
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    tables: dict[KeyPath, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _inside(_parts(header[2]), tables)
            if header[1] == "[[":
                tables[table] = tables.get(table, -1) + 1
                lines.setdefault(table, number)
                table = (*table, tables[table])
            lines.setdefault(table, number)
        elif entry := _ENTRY.match(line):
            lines.setdefault((*table, *_parts(entry[1])), number)
    return lines


def _inside(path: KeyPath, tables: dict[KeyPath, int]) -> KeyPath:
    """Return the path of a header; what follows an array of tables is in its last table."""
    found: KeyPath = ()
    for key in path[:-1]:
        found = (*found, key)
        found = (*found, tables[found]) if found in tables else found
    return (*found, *path[-1:])


def _parts(key: str) -> KeyPath:
    return tuple(part.strip("\"'") for part in re.findall(_PART, key))
