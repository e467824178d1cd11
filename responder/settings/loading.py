"""From a file, the environment and the command line to settings, or to all that is wrong."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pydantic import BaseModel

from responder.ports import MitigationKind
from responder.settings.advice import warn
from responder.settings.checks import check_sections
from responder.settings.expansion import expand
from responder.settings.file import ConfigFile
from responder.settings.overlay import lay_command_line, lay_environment
from responder.settings.policies import complete_policies
from responder.settings.report import Report
from responder.settings.root import Root
from responder.settings.settings import Settings
from responder.settings.tree import KeyPath, Node, Origin, Source, dotted
from responder.settings.validation import did_you_mean, validated

__all__ = ["load_settings"]


def load_settings(
    file: ConfigFile,
    kinds: Sequence[MitigationKind],
    *,
    environ: Mapping[str, str],
    command_line: Mapping[str, str],
) -> Settings:
    """Return the settings in force; ConfigError with every problem, each with place and remedy.

    The command line (dotted key to text) wins over the environment, which wins over the file.
    """
    report = _written(file, environ, command_line)
    complete_policies(report.tree, {kind.name: kind for kind in kinds})
    root = validated(Root, report)
    options: dict[str, BaseModel] = {}
    if root is not None:
        check_sections(root, kinds, report)
        options = _options(root, {kind.name: kind for kind in kinds}, report)
        warn(root, report)
    report.raise_problems()
    return Settings(
        **dict(root or ()),
        warnings=report.warnings,
        kinds=tuple(kinds),
        options=options,
        sources=dict(_sources(report.tree)),
    )


def _written(
    file: ConfigFile, environ: Mapping[str, str], command_line: Mapping[str, str]
) -> Report:
    """Return what was written anywhere, as one tree, with what was wrong on the way."""
    tree, duplicates = file.tree()
    report = Report(tree)
    for duplicate in duplicates:
        source = Source(Origin.FILE, str(file.path), duplicate.line)
        text = f"is set twice (first in line {duplicate.first_line}); keep one"
        report.problem(duplicate.path, text, source)
    expand(tree, environ, report)
    lay_environment(environ, list(Root.model_fields), report)
    lay_command_line(command_line, report)
    return report


def _options(
    root: Root, kinds: Mapping[str, MitigationKind], report: Report
) -> dict[str, BaseModel]:
    """Return what each policy's mitigation makes of its options, by the policy's name."""
    found = {}
    for index, policy in enumerate(root.policies):
        kind = kinds.get(policy.mitigation)
        path: KeyPath = ("policies", index, "options")
        if kind is None:
            continue
        _refuse_unknown(kind.options, policy.options, path, report)
        options = validated(kind.options, report, path)
        if options is not None:
            found[policy.name] = options
            for name, value in options:
                if isinstance(value, float) and not math.isfinite(value):
                    report.problem((*path, name), "is no number; write a finite one")
    return found


def _refuse_unknown(
    model: type[BaseModel], given: Mapping[str, object], path: KeyPath, report: Report
) -> None:
    """Refuse unknown keys also for a model that would ignore them."""
    if model.model_config.get("extra") is None:
        known = list(model.model_fields)
        for key in given:
            if key not in known:
                report.problem((*path, key), f"unknown key; {did_you_mean(key, known)}")


def _sources(node: Node, path: KeyPath = ()) -> Iterator[tuple[str, str]]:
    """Return where each value was written, a list of plain values being one value."""
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            yield from _sources(child, (*path, key))
    elif isinstance(node.value, list) and any(isinstance(one.value, dict) for one in node.value):
        for index, child in enumerate(node.value):
            yield from _sources(child, (*path, index))
    elif isinstance(node.value, list):
        used = dict.fromkeys(name for one in node.value for name in one.source.variables)
        yield dotted(path), replace(node.source, variables=tuple(used)).told
    elif node.value is not None:
        yield dotted(path), node.source.told
