"""Looks at rule files with every check."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from responder.errors import ConfigError
from responder.rulefiles.expressions import parse_expression
from responder.rulefiles.finding import Finding
from responder.rulefiles.known import shipped_names
from responder.rulefiles.registry import CHECKS, EXPRESSION, RULE_FILE
from responder.rulefiles.rulefile import Group, Rule, RuleFile, read_rules
from responder.rulefiles.subject import Subject, subjects, world_of
from responder.rulefiles.written import Flaw, UnreadableError

__all__ = ["Checked", "Given", "checked", "rule_files"]

_SUFFIXES = frozenset({".yml", ".yaml", ".rules"})


@dataclass(frozen=True, slots=True)
class Given:
    """What the checks are to know."""

    shipped: Path
    """The folder of the shipped rules, whose series are known."""
    mitigations: Collection[str]
    names: Sequence[str] = ()
    """Series that the user has declared."""
    interval: timedelta = timedelta(seconds=5)
    without: Collection[str] = ()
    """Checks that are left out."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found, and in how much."""

    findings: tuple[Finding, ...]
    sound: tuple[Path, ...]
    """Files of which every expression can be parsed."""
    files: int
    rules: int


@dataclass(slots=True)
class _Findings:
    without: Collection[str]
    found: set[Finding] = field(default_factory=set)

    def add(self, finding: Finding) -> None:
        if finding.check not in self.without:
            self.found.add(finding)


def rule_files(paths: Iterable[Path]) -> list[Path]:
    """Return the rule files that are meant: of a folder all below it, in order.

    ConfigError when one is not there, or a folder has none.
    """
    found: dict[Path, None] = {}
    problems = []
    for path in paths:
        inside = sorted(one for one in path.rglob("*") if one.suffix in _SUFFIXES)
        meant = [one for one in inside if one.is_file()] if path.is_dir() else [path]
        if not path.exists():
            problems.append(f"{path}: there is no such file or folder")
        elif not meant:
            problems.append(f"{path}: holds no rule files (*.yml, *.yaml, *.rules)")
        found.update(dict.fromkeys(meant))
    if problems:
        raise ConfigError(problems)
    return list(found)


def checked(paths: Sequence[Path], given: Given) -> Checked:
    """Look at all rules of these files; promtool's unit tests among them are passed over."""
    findings = _Findings(given.without)
    looked_at = [one for one in map(_read, paths) if not one.unit_tests]
    shipped = [read_rules(path) for path in rule_files([given.shipped])]
    names = [*shipped_names(), *given.names]
    world = world_of(looked_at, shipped, names, given.mitigations, given.interval)
    for file in looked_at:
        for flaw in file.flaws:
            findings.add(_of_file(file.path, flaw))
        for group, rule in _rules(file):
            if why := _refused(rule.expr):
                findings.add(_unparsed(file.path, group, rule, why))
        for subject in subjects(file, world):
            for finding in _looked(file.path, subject):
                findings.add(finding)
    broken = {one.file for one in findings.found if one.check in {RULE_FILE, EXPRESSION}}
    return Checked(
        tuple(sorted(findings.found)),
        tuple(one.path for one in looked_at if str(one.path) not in broken),
        len(looked_at),
        sum(1 for file in looked_at for _ in _rules(file)),
    )


def _read(path: Path) -> RuleFile:
    try:
        return read_rules(path)
    except UnreadableError as error:
        return RuleFile(path, flaws=tuple(error.flaws))


def _looked(path: Path, subject: Subject) -> Iterator[Finding]:
    for check, look in CHECKS.items():
        for remark in look(subject):
            yield Finding(
                str(path),
                subject.rule.line,
                check,
                *remark,
                group=subject.group.name,
                rule=subject.rule.name,
            )


def _of_file(path: Path, flaw: Flaw) -> Finding:
    advice = "correct it, or move it away: Prometheus would not load it"
    return Finding(str(path), flaw.line, RULE_FILE, flaw.text, advice)


def _unparsed(path: Path, group: Group, rule: Rule, why: str) -> Finding:
    advice = "correct it; if your Prometheus does take it, leave this out with --skip expression"
    what = f"the expression cannot be parsed: {why}"
    place = {"group": group.name, "rule": rule.name}
    return Finding(str(path), rule.expr_line, EXPRESSION, what, advice, **place)


def _refused(expr: str) -> str:
    try:
        parse_expression(expr)
    except ValueError as error:
        return str(error)
    return ""


def _rules(file: RuleFile) -> Iterator[tuple[Group, Rule]]:
    return ((group, rule) for group in file.groups for rule in group.rules)
