"""What the environment and the command line say, laid over the file."""

from collections.abc import Collection, Mapping
from typing import Any

from responder.settings.parsed import MalformedError
from responder.settings.report import Report
from responder.settings.tree import KeyPath, Node, Origin, Source, dotted, grown
from responder.settings.yaml_format import parse_yaml

__all__ = ["lay_command_line", "lay_environment"]

_PREFIX = "RESPONDER_"
_BETWEEN = "__"
_FILE = "_file"


def lay_environment(environ: Mapping[str, str], sections: Collection[str], report: Report) -> None:
    """Set what variables such as RESPONDER_CLOUDFLARE__API_TOKEN say; one of no section warns."""
    for name in sorted(environ):
        if not name.startswith(_PREFIX) or _BETWEEN not in name:
            continue
        source = Source(Origin.ENVIRONMENT, name)
        path = tuple(name.removeprefix(_PREFIX).lower().split(_BETWEEN))
        if path[0] in sections:
            _lay(path, environ[name], source, report)
        else:
            known = ", ".join(sections)
            report.warning(path, f"ignored, there is no such section (there are {known})", source)


def lay_command_line(settings: Mapping[str, str], report: Report) -> None:
    """Set what the command line says, by dotted path."""
    for key, text in settings.items():
        _lay(tuple(key.split(".")), text, Source(Origin.COMMAND_LINE), report)


def _lay(path: KeyPath, text: str, source: Source, report: Report) -> None:
    try:
        value = _value(text)
    except MalformedError as error:
        report.problem(path, f"is neither plain text nor YAML: {error}; correct it", source)
        return
    parent = report.tree
    for depth in range(1, len(path)):
        parent = _section(parent, path[:depth], source)
    if parent.path != path[:-1] or not isinstance(parent.value, dict):
        report.problem(path, f"{dotted(parent.path)} has no keys to set; set it as a whole", source)
        return
    parent.value[str(path[-1])] = grown(value, lambda _: source, path)
    _drop_other_form(parent, str(path[-1]), source)


def _section(parent: Node, path: KeyPath, source: Source) -> Node:
    """Return the mapping at a path, made when there is none; its parent when that cannot be."""
    if not isinstance(parent.value, dict) or parent.path != path[:-1]:
        return parent
    section = parent.value.setdefault(str(path[-1]), Node({}, source, path))
    if section.value is None:
        section.value = {}
    return section


def _value(text: str) -> Any:
    """Return lists, mappings and quoted text as YAML reads them, anything else as it is."""
    return parse_yaml(text).value if text[:1] in {"[", "{", '"', "'"} else text


def _drop_other_form(parent: Node, key: str, source: Source) -> None:
    """Let `api_token` replace an `api_token_file` of less precedence, and the other way round."""
    other = key.removesuffix(_FILE) if key.endswith(_FILE) else key + _FILE
    twin = parent.child(other)
    if twin is not None and twin.source.origin < source.origin:
        parent.drop((other,))
