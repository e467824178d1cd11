"""`responder rules`: thresholds of one's own as rules, and a look at rule files."""

import asyncio
import json
import os
import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import wraps
from inspect import Signature, signature
from pathlib import Path
from typing import Annotated, Any

import typer

from responder.cli.durations import duration
from responder.cli.options import Config, Output, OutputOption
from responder.cli.tables import Column, print_table
from responder.errors import ConfigError, ResponderError
from responder.mitigations.registry import KINDS
from responder.rulefiles.catalog import read_catalog
from responder.rulefiles.checking import Checked, Given, checked, rule_files
from responder.rulefiles.entries import read_own
from responder.rulefiles.finding import Finding
from responder.rulefiles.known import read_names
from responder.rulefiles.output import differences, write_generated
from responder.rulefiles.overrides import resolved
from responder.rulefiles.promtool import ask_promtool
from responder.rulefiles.registry import ALL, PROMTOOL
from responder.rulefiles.schema import thresholds_schema
from responder.rulefiles.template import rendered
from responder.settings import ConfigFile, find_config, parse_duration
from responder.shipped import shipped_folder

__all__ = ["app"]

app = typer.Typer()
_rules = typer.Typer(
    no_args_is_help=True, help="Render thresholds of your own, and check rule files."
)
app.add_typer(_rules, name="rules")

_HEARTBEAT = "none"
"""The mitigation of the heartbeat, which asks for nothing."""
_UNCHECKED = (
    "warning: no configuration is at hand, so the sites are not checked; name it with --config, or"
    " the sites with --site"
)
_COLUMNS = (
    Column("PLACE"),
    Column("GROUP", spare=2),
    Column("RULE"),
    Column("CHECK", spare=1),
    Column("FINDING", folds=True),
    Column("WHAT TO DO", folds=True),
)

# render


def _show_schema(wanted: bool) -> None:
    if wanted:
        typer.echo(json.dumps(thresholds_schema(read_catalog(shipped_folder("rules"))), indent=2))
        raise typer.Exit


_File = Annotated[Path, typer.Argument(metavar="FILE", help="Your thresholds.")]
_Into = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write here, and not to stdout."),
]
_Compare = Annotated[
    bool, typer.Option("--check", help="Write nothing; end with 1 when --output is out of date.")
]
_Force = Annotated[bool, typer.Option("--force", help="Overwrite what was not generated.")]
_Sites = Annotated[
    list[str] | None,
    typer.Option("--site", metavar="NAME", help="A site beside those configured. May be repeated."),
]
_Folder = Annotated[
    Path | None,
    typer.Option("--rules", metavar="DIR", help="The rules that you load; else the shipped ones."),
]
_Schema = Annotated[
    bool,
    typer.Option(
        "--schema", is_eager=True, callback=_show_schema, help="Show the file's JSON schema."
    ),
]


@dataclass(frozen=True, slots=True)
class _Rendering:
    """What is rendered, where to, and what is known; each field is an option."""

    output: _Into = None
    check: _Compare = False
    force: _Force = False
    config: Config = None
    site: _Sites = None
    rules: _Folder = None
    schema: _Schema = False

    def text(self, file: Path) -> str:
        """Return what is rendered of a user's file."""
        catalog = read_catalog(self.rules or shipped_folder("rules"))
        return rendered(resolved(read_own(file), catalog, self._sites()), file.name)

    def _sites(self) -> Collection[str] | None:
        """Return the sites that there are; None, and a warning, when nobody tells.

        Of the configuration only the names are read, so that it may be one without its secrets.
        """
        named = self.site or ()
        try:
            path = find_config(self.config, os.environ)
        except ConfigError:
            if self.config or os.environ.get("RESPONDER_CONFIG"):
                raise
            if not named:
                typer.echo(_UNCHECKED, err=True)
            return set(named) or None
        tree, _ = ConfigFile.read(path).tree()
        sites = tree.child("sites")
        return {*named, *(sites.value if sites and isinstance(sites.value, dict) else ())}


def _rendering(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `_Rendering`; it takes them as one value, its first."""
    shared = signature(_Rendering).parameters
    _, *own = signature(command).parameters.values()

    @wraps(command)
    def run(**options: Any) -> None:
        asked = _Rendering(**{name: options.pop(name) for name in shared})
        command(asked, **options)

    # Where typer looks for the options that a command has.
    vars(run)["__signature__"] = Signature([*own, *shared.values()])
    return run


@_rules.command()
@_rendering
def render(asked: _Rendering, file: _File) -> None:
    """Turn your thresholds into a rule file of override constants.

    Instance goes over site, site over default. The sites are those of the configuration; without
    one, and without --site, they are not checked.
    """
    if asked.output is None and asked.check:
        raise typer.BadParameter("name the file with --output", param_hint="--check")
    text = asked.text(file)
    if asked.output is None:
        typer.echo(text, nl=False)
    elif asked.check:
        _compare(asked.output, text, file)
    else:
        changed = write_generated(asked.output, text, force=asked.force)
        typer.echo(f"wrote {asked.output}" if changed else f"{asked.output} is up to date")


def _compare(output: Path, text: str, file: Path) -> None:
    different = differences(output, text)
    if different:
        typer.echo(different, nl=False)
        remedy = f"responder rules render {file} --output {output}"
        raise ResponderError(f"{output} is out of date; run {remedy}")
    typer.echo(f"{output} is up to date")


# check


def _check_names(names: list[str] | None) -> list[str]:
    unknown = [name for name in names or () if name not in ALL]
    if unknown:
        raise typer.BadParameter(f"no check is called {unknown[0]!r}; there are {', '.join(ALL)}")
    return names or []


_Paths = Annotated[
    list[Path] | None,
    typer.Argument(metavar="PATH", help="Files and folders; else the shipped rules."),
]
_Known = Annotated[
    list[Path] | None,
    typer.Option("--known", metavar="FILE", help="Names of series you have. May be repeated."),
]
_Interval = Annotated[
    str,
    typer.Option(
        metavar="DURATION", parser=duration, help="How often Prometheus scrapes and evaluates."
    ),
]
_Skip = Annotated[
    list[str] | None,
    typer.Option(metavar="CHECK", callback=_check_names, help="Leave one out. May be repeated."),
]


@_rules.command("check")
def check_rules(
    paths: _Paths = None,
    known: _Known = None,
    interval: _Interval = "5s",
    skip: _Skip = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Look for mistakes in rule files, and say what to do.

    Parses every expression, asks promtool where it is on PATH, and looks for what makes alerts
    that never fire, flap or cost too much. Ends with 1 when something is found.
    """
    shipped = shipped_folder("rules")
    given = Given(
        shipped=shipped,
        mitigations={kind.name for kind in KINDS} | {_HEARTBEAT},
        names=[name for path in known or () for name in read_names(path)],
        interval=parse_duration(interval),
        without=skip or (),
    )
    seen = checked(rule_files(paths or [shipped]), given)
    promtool = None if PROMTOOL in given.without else shutil.which("promtool")
    said = asyncio.run(ask_promtool(promtool, seen.sound)) if promtool else []
    findings = sorted([*seen.findings, *said])
    told = _of_promtool(promtool, seen, skipped=PROMTOOL in given.without)
    if output is Output.JSON:
        typer.echo(_as_json(findings, seen, told))
    else:
        _show(findings, seen, told)
    if findings:
        raise typer.Exit(1)


def _of_promtool(promtool: str | None, seen: Checked, *, skipped: bool) -> str:
    """Return whether promtool was asked."""
    if skipped:
        return "left out"
    if promtool is None:
        return "not asked, it is not on PATH"
    rest = seen.files - len(seen.sound)
    return f"not asked about {rest} that cannot be parsed" if rest else "asked"


def _show(findings: Sequence[Finding], seen: Checked, told: str) -> None:
    if findings:
        print_table(_COLUMNS, [_row(one) for one in findings])
        typer.echo("")
    counted = [(seen.files, "file"), (seen.rules, "rule"), (len(findings), "finding")]
    files, rules, found = (f"{count} {word}{'s' * (count != 1)}" for count, word in counted)
    typer.echo(f"{files}, {rules}: {found}; promtool: {told}")


def _row(one: Finding) -> Sequence[str]:
    place = f"{one.file}:{one.line}" if one.line else one.file
    return place, one.group, one.rule, one.check, one.what, one.advice


def _as_json(findings: Sequence[Finding], seen: Checked, told: str) -> str:
    document = {
        "findings": [
            {
                "file": one.file,
                "line": one.line or None,
                "group": one.group,
                "rule": one.rule,
                "check": one.check,
                "what": one.what,
                "advice": one.advice,
            }
            for one in findings
        ],
        "files": seen.files,
        "rules": seen.rules,
        "promtool": told,
    }
    return json.dumps(document, indent=2)
