"""JSON with lines: the standard parser says whether it is JSON, a scan says what stands where."""

import json
import re
from collections.abc import Iterator
from typing import Any

from responder.settings.parsed import MalformedError, Parsed
from responder.settings.tree import KeyPath

__all__ = ["parse_json"]

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]|[^\s{}\[\],:"]+')


def parse_json(text: str) -> Parsed:
    """Return the values of a JSON text; MalformedError when it is none."""
    if not text.strip():
        return Parsed()
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise MalformedError(error.msg, error.lineno, error.colno) from None
    return _Scan(text).read()


def _pieces(text: str) -> Iterator[tuple[str, int]]:
    line, counted = 1, 0
    for found in _PIECE.finditer(text):
        line += text.count("\n", counted, found.start())
        counted = found.start()
        yield found[0], line


class _Scan:
    """Reads the pieces of a text that is known to be JSON; commas and colons add nothing then."""

    def __init__(self, text: str) -> None:
        self._pieces = _pieces(text)
        self._parsed = Parsed()

    def read(self) -> Parsed:
        piece, line = next(self._pieces)
        self._parsed.lines[()] = line
        self._parsed.value = self._value(piece, ())
        return self._parsed

    def _value(self, piece: str, path: KeyPath) -> Any:
        if piece == "{":
            return self._mapping(path)
        if piece == "[":
            return self._sequence(path)
        return json.loads(piece)

    def _mapping(self, path: KeyPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        seen: dict[str, int] = {}
        for piece, line in self._pieces:
            if piece == "}":
                break
            key = json.loads(piece)
            self._parsed.note_key((*path, key), line, seen)
            values[key] = self._value(next(self._pieces)[0], (*path, key))
        return values

    def _sequence(self, path: KeyPath) -> list[Any]:
        values: list[Any] = []
        for piece, line in self._pieces:
            if piece == "]":
                break
            place = (*path, len(values))
            self._parsed.lines[place] = line
            values.append(self._value(piece, place))
        return values
