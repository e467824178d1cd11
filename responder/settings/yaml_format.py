"""YAML with lines: plain values only, every key is text, and `off` is a word."""

import re
from typing import Any

import yaml

from responder.settings.parsed import MalformedError, Parsed
from responder.settings.tree import KeyPath

__all__ = ["parse_yaml"]

_TAG = "tag:yaml.org,2002:"
_SCALARS = {_TAG + name for name in ("str", "int", "float", "bool", "null")}


_PLAIN = [
    (_TAG + "null", re.compile(r"(?:~|null|Null|NULL|)\Z")),
    (_TAG + "bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")),
    (_TAG + "int", re.compile(r"-?(?:0|[1-9][0-9]*)\Z")),
    (_TAG + "float", re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z")),
    (_TAG + "float", re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")),
    (_TAG + "merge", re.compile(r"<<\Z")),
]
"""The scalars of YAML 1.2, whatever they begin with: `off` is a word, `012` no number."""

_NO_TAG = "a tag is not allowed; put what begins with ! in quotes"

_NAMED = re.compile(r"""(alias|anchor|tag handle) (?:'[^']*'|"[^"]*")""")
"""What the parser repeats of a text, and a secret that begins with `*`, `&` or `!` may be."""


def parse_yaml(text: str) -> Parsed:
    """Return the values of a YAML text; MalformedError when it is none."""
    try:
        loader = yaml.SafeLoader(text)
        loader.yaml_implicit_resolvers = {None: _PLAIN}
        root = loader.get_single_node()
        return _Reader(loader).read(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = " ".join(part for part in (error.problem, error.context) if part)
        why = _NAMED.sub(r"\1 (put a text that begins with *, & or ! in quotes)", why)
        if mark is None:
            raise MalformedError(why) from None
        # `{a: ${NAME}}` is the mistake that a message about braces does not explain.
        written = "".join(text.splitlines()[mark.line : mark.line + 1])
        hint = "; put ${...} in quotes" if "${" in written else ""
        raise MalformedError(why + hint, mark.line + 1, mark.column + 1) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise MalformedError(f"character #x{error.character:04x} is not allowed", line) from None


def _refuse(node: yaml.Node, why: str) -> MalformedError:
    return MalformedError(why, node.start_mark.line + 1, node.start_mark.column + 1)


class _Reader:
    """Turns composed nodes into plain values, and notes their lines."""

    def __init__(self, loader: yaml.SafeLoader) -> None:
        self._loader = loader
        self._parsed = Parsed()
        self._open: set[int] = set()

    def read(self, root: yaml.Node | None) -> Parsed:
        if root is not None:
            self._parsed.lines[()] = root.start_mark.line + 1
            self._parsed.value = self._value(root, ())
        return self._parsed

    def _value(self, node: yaml.Node, path: KeyPath) -> Any:
        if id(node) in self._open:
            raise _refuse(node, "an anchor contains itself")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
                return self._mapping(node, path)
            if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
                return self._sequence(node, path)
        finally:
            self._open.discard(id(node))
        raise _refuse(node, _NO_TAG)

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        self._note_keys(node, path)
        self._loader.flatten_mapping(node)
        values = {}
        for key, child in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _refuse(key, "a key must be plain text")
            place = (*path, key.value)
            self._parsed.lines[place] = key.start_mark.line + 1
            values[key.value] = self._value(child, place)
        return values

    def _note_keys(self, node: yaml.MappingNode, path: KeyPath) -> None:
        """Look for keys set twice before merged keys, which may be set again, join them."""
        seen: dict[str, int] = {}
        for key, _ in node.value:
            if key.tag != _TAG + "merge" and isinstance(key, yaml.ScalarNode):
                key.tag = _TAG + "str"
                self._parsed.note_key((*path, key.value), key.start_mark.line + 1, seen)

    def _sequence(self, node: yaml.SequenceNode, path: KeyPath) -> list[Any]:
        values = []
        for index, child in enumerate(node.value):
            self._parsed.lines[*path, index] = child.start_mark.line + 1
            values.append(self._value(child, (*path, index)))
        return values

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        if node.tag not in _SCALARS:
            raise _refuse(node, _NO_TAG)
        try:
            return self._loader.construct_object(node)
        except (KeyError, ValueError):
            raise _refuse(node, "the value does not fit its tag") from None
