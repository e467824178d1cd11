"""Read GraphQL: one query of nested fields, with aliases, arguments and variables.

Fragments, directives, mutations and subscriptions are not read: analytics are asked without them.
Variables are put in while reading, so that what comes out holds plain values only.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Field", "QueryError", "Value", "read_query"]

Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]

_TOKEN = re.compile(
    r"""(?P<skip>[\s,\ufeff]+|\#[^\n\r]*)
      | (?P<name>[_A-Za-z][_0-9A-Za-z]*)
      | (?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
      | (?P<string>"(?:[^"\\\n\r]|\\.)*")
      | (?P<mark>[!$():=@\[\]{}]|\.\.\.)""",
    re.VERBOSE,
)
_WORDS: Mapping[str, Value] = {"true": True, "false": False, "null": None}
_DEEPEST = 32


class QueryError(Exception):
    """What is wrong with a query, and the status and path it is answered with."""

    def __init__(self, message: str, *, status: int = 400, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.path = path


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a selection; `key` is its alias, or its name."""

    key: str
    name: str
    arguments: Mapping[str, Value] = field(default_factory=dict)
    selection: tuple["Field", ...] = ()


def read_query(text: str, variables: Mapping[str, Value]) -> tuple[Field, ...]:
    """Read the one query in the text; QueryError says where it stops making sense."""
    return _Reader(_tokens(text), variables).query()


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise QueryError(f"Syntax error: unexpected {text[at]!r} at character {at + 1}")
        if match.lastgroup != "skip":
            tokens.append(match[0])
        at = match.end()
    return tokens


class _Reader:
    """Goes once through the tokens, from the outermost selection inwards."""

    def __init__(self, tokens: list[str], variables: Mapping[str, Value]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._variables = dict(variables)

    def query(self) -> tuple[Field, ...]:
        if self._take("query"):
            if self._next() not in {"(", "{"}:
                self._name()
            if self._take("("):
                self._definitions()
        selection = self._selection()
        if self._at < len(self._tokens):
            raise self._error("the end of the query")
        return selection

    def _definitions(self) -> None:
        while not self._take(")"):
            self._expect("$")
            name = self._name()
            self._expect(":")
            required = self._type()
            default = self._value() if self._take("=") else None
            if name not in self._variables and required and default is None:
                raise QueryError(f"Variable ${name} is required and not given")
            self._variables.setdefault(name, default)

    def _type(self) -> bool:
        if self._take("["):
            self._deeper()
            self._type()
            self._expect("]")
            self._depth -= 1
        else:
            self._name()
        return self._take("!")

    def _selection(self) -> tuple[Field, ...]:
        self._expect("{")
        self._deeper()
        fields = []
        while not self._take("}"):
            fields.append(self._field())
        self._depth -= 1
        if not fields:
            raise QueryError("Syntax error: a selection is empty")
        return tuple(fields)

    def _field(self) -> Field:
        key = name = self._name()
        if self._take(":"):
            name = self._name()
        arguments = {}
        if self._take("("):
            while not self._take(")"):
                argument = self._name()
                self._expect(":")
                arguments[argument] = self._value()
        return Field(key, name, arguments, self._selection() if self._next() == "{" else ())

    def _value(self) -> Value:
        if self._take("["):
            return self._list()
        if self._take("{"):
            return self._object()
        if self._take("$"):
            name = self._name()
            if name not in self._variables:
                raise QueryError(f"Variable ${name} is not defined")
            return self._variables[name]
        token = self._next()
        if not re.match(r'[-0-9"_A-Za-z]', token):
            raise self._error("a value")
        self._at += 1
        named = token[0].isalpha() or token[0] == "_"
        return _WORDS.get(token, token) if named else _literal(token)

    def _list(self) -> Value:
        self._deeper()
        values = []
        while not self._take("]"):
            values.append(self._value())
        self._depth -= 1
        return values

    def _object(self) -> Value:
        self._deeper()
        values: dict[str, Value] = {}
        while not self._take("}"):
            key = self._name()
            self._expect(":")
            values[key] = self._value()
        self._depth -= 1
        return values

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise QueryError(f"The query is nested deeper than {_DEEPEST} levels")

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, token: str) -> bool:
        taken = self._next() == token
        self._at += taken
        return taken

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise self._error(repr(token))

    def _name(self) -> str:
        token = self._next()
        if not re.match(r"[_A-Za-z]", token):
            raise self._error("a name")
        self._at += 1
        return token

    def _error(self, wanted: str) -> QueryError:
        found = repr(self._next()) if self._next() else "the end of the query"
        return QueryError(f"Syntax error: expected {wanted}, found {found}")


def _literal(token: str) -> Value:
    try:
        value: Value = json.loads(token)
    except ValueError as error:
        raise QueryError(f"Syntax error: {token} is no string or number") from error
    return value
