"""Variables in the file: `${NAME}`, `${NAME:-default}`, and `$$` for a dollar sign."""

import re
from collections.abc import Mapping
from dataclasses import replace

from responder.settings.report import Report
from responder.settings.tree import Node

__all__ = ["expand"]

_VARIABLE = re.compile(
    r"\$(?:(?P<dollar>\$)|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}|(?P<open>\{))"
)


def expand(node: Node, environ: Mapping[str, str], report: Report) -> None:
    """Replace the variables in all texts below a node; what has an unset one is dropped.

    A single `$` stays what it is, because expressions in matchers end with one.
    """
    for key, child in _children(node):
        if not isinstance(child.value, str):
            expand(child, environ, report)
            continue
        used: dict[str, None] = {}
        try:
            child.value = _expanded(child.value, environ, used)
            child.source = replace(child.source, variables=tuple(used))
        except ValueError as error:
            report.problem(child.path, str(error), child.source)
            node.drop((key,))


def _children(node: Node) -> list[tuple[str | int, Node]]:
    """Return what is below a node, last first, so that dropping one moves none to come."""
    children: list[tuple[str | int, Node]] = []
    if isinstance(node.value, dict):
        children.extend(node.value.items())
    elif isinstance(node.value, list):
        children.extend(enumerate(node.value))
    return children[::-1]


def _expanded(text: str, environ: Mapping[str, str], used: dict[str, None]) -> str:
    """Return the text with its variables replaced; those that had a value are noted in `used`."""

    def replacement(found: re.Match[str]) -> str:
        if found["dollar"]:
            return "$"
        if found["open"]:
            raise ValueError("has a ${ that names no variable; write ${NAME}, or $${ for the text")
        name, default = found["name"], found["default"]
        value = environ.get(name)
        if value:
            used[name] = None
        if default is not None:
            return value or default
        if value is None:
            raise ValueError(f"the variable {name} is not set; set it, or write ${{{name}:-...}}")
        return value

    return _VARIABLE.sub(replacement, text)
