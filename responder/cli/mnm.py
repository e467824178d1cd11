"""`responder mnm`: rules of Magic Network Monitoring."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel, ConfigDict, ValidationError

from responder.cli.asking import Asking
from responder.cli.mnm_options import Name, NewName, RuleFile, Said, Sflow
from responder.cli.quantities import shown_quantity
from responder.cli.tables import Column, print_table, printable
from responder.cli.tools import (
    MadeAnswer,
    ToolClient,
    ToolQuestion,
    Writing,
    confirmed,
    fail_unconfirmed,
    print_json,
    print_made,
    spread,
    tool_client,
    warn,
    write,
)
from responder.errors import ResponderError

__all__ = ["app"]

app = typer.Typer()
_mnm = typer.Typer(no_args_is_help=True, help="Rules of Magic Network Monitoring.")
app.add_typer(_mnm, name="mnm")

_RULES = ("account", "mnm", "rules")
_COLUMNS = (
    Column("NAME"),
    Column("TYPE", spare=1),
    Column("TRIGGERS ABOVE"),
    Column("FOR", spare=3),
    Column("PREFIXES", folds=True),
    Column("ADVERTISES", spare=2),
)


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    type: str
    prefixes: tuple[str, ...]
    automatic_advertisement: bool | None = None
    bandwidth_threshold: float | None = None
    packet_threshold: float | None = None
    duration: str | None = None
    prefix_match: str | None = None
    zscore_sensitivity: str | None = None
    zscore_target: str | None = None

    def said(self) -> dict[str, Any]:
        """Return its definition, without what it has not."""
        return self.model_dump(mode="json", exclude_none=True, include=set(_Rule.model_fields))


class _Listed(_Rule):
    model_config = ConfigDict(extra="allow", frozen=True)

    id: str
    warnings: tuple[str, ...] = ()


class _RulesAnswer(BaseModel):
    rules: tuple[_Listed, ...]


class _FileContent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rules: tuple[_Rule, ...]


@_mnm.command(name="list")
@spread
def list_rules(asked: Asking) -> None:
    """List all rules of the account."""
    with tool_client(asked) as client:
        _print(asked, _asked_rules(client))


@_mnm.command()
@spread
def show(asked: Asking, name: Name) -> None:
    """Show one rule."""
    with tool_client(asked) as client:
        rules = [one for one in _asked_rules(client) if one.name == name]
    if not rules:
        raise ResponderError(f"there is no rule of this name: {name}; see `responder mnm list`")
    _print(asked, rules)


@_mnm.command()
@spread
def add(asked: Asking, writing: Writing, said: Said, name: Name, sflow: Sflow = False) -> None:
    """Add a rule that triggers above --bits or --packets, on --zscore, or by --sflow."""
    kind = "advanced_ddos" if sflow else "zscore" if said.zscore else "threshold"
    body = {"name": name, "type": kind, **said.fields()}
    with tool_client(asked) as client:
        write(asked, writing, client, ToolQuestion("POST", _RULES, body))


@_mnm.command()
@spread
def edit(asked: Asking, writing: Writing, said: Said, name: Name, rename: NewName = None) -> None:
    """Change what is named of a rule; the rest stays."""
    body = said.fields() | ({"name": rename} if rename else {})
    if not body:
        raise typer.BadParameter("say what shall change; see --help")
    with tool_client(asked) as client:
        write(asked, writing, client, ToolQuestion("PATCH", (*_RULES, name), body))


@_mnm.command()
@spread
def delete(asked: Asking, writing: Writing, name: Name) -> None:
    """Take a rule away."""
    with tool_client(asked) as client:
        write(asked, writing, client, ToolQuestion("DELETE", (*_RULES, name)))


@_mnm.command(name="export")
@spread
def export_rules(asked: Asking) -> None:
    """Print all rules as JSON, without their ids; import reads it."""
    with tool_client(asked) as client:
        rules = _asked_rules(client)
    print_json({"rules": [one.said() for one in rules]})


@_mnm.command(name="import")
@spread
def import_rules(asked: Asking, writing: Writing, file: RuleFile) -> None:
    """Add the rules of a file, and edit those that are there by their names.

    All are checked before the first is written. Rules that the file does not name stay.
    """
    wanted = _read(file)
    with tool_client(asked) as client:
        present = {one.name for one in _asked_rules(client)}
        questions = [_importing(rule, present) for rule in wanted]
        shown = [client.ask(_dry(question), MadeAnswer) for question in questions]
        due = [q for q, one in zip(questions, shown, strict=True) if one.result != "unchanged"]
        if writing.dry_run or not due:
            _report_all(asked, shown)
            return
        warn([told for one in shown for told in one.warnings])
        lines = [line for one in shown for request in one.requests for line in request.lines()]
        if not confirmed(lines, yes=writing.yes):
            raise typer.Exit(1)
        _write_all(asked, client, due)


def _importing(rule: _Rule, present: set[str]) -> ToolQuestion:
    if rule.name in present:
        return ToolQuestion("PATCH", (*_RULES, rule.name), rule.said())
    return ToolQuestion("POST", _RULES, rule.said())


def _dry(question: ToolQuestion) -> ToolQuestion:
    return ToolQuestion(question.method, question.parts, question.body, dry_run=True)


def _write_all(asked: Asking, client: ToolClient, due: Sequence[ToolQuestion]) -> None:
    """Write one after the other; the first failure ends it, and what is done is told."""
    made: list[MadeAnswer] = []
    failure: ResponderError | None = None
    while len(made) < len(due) and failure is None:
        try:
            made.append(client.ask(due[len(made)], MadeAnswer))
        except ResponderError as error:
            failure = error
    _report_all(asked, made)
    if failure is not None:
        left = f"{len(due) - len(made)} of {len(due)} rules are not written"
        raise ResponderError(f"{left}; import again when it works: {failure}") from failure


def _report_all(asked: Asking, made: Sequence[MadeAnswer]) -> None:
    if asked.as_json:
        print_json({"rules": [one.model_dump(mode="json") for one in made]})
    else:
        for one in made:
            print_made(one)
    fail_unconfirmed(made)


def _read(file: Path) -> Sequence[_Rule]:
    try:
        rules = _FileContent.model_validate_json(file.read_bytes()).rules
    except OSError as error:
        raise ResponderError(f"{file} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ResponderError(f"{file}: {where}: {first['msg']}") from error
    names = [rule.name for rule in rules]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ResponderError(f"{file}: there twice: {', '.join(twice)}; names are unique")
    return rules


def _asked_rules(client: ToolClient) -> Sequence[_Listed]:
    return client.ask(ToolQuestion("GET", _RULES), _RulesAnswer).rules


def _print(asked: Asking, rules: Sequence[_Listed]) -> None:
    if asked.as_json:
        print_json(_RulesAnswer(rules=tuple(rules)))
        return
    print_table(_COLUMNS, [_row(one) for one in rules])
    warn([printable(told) for one in rules for told in one.warnings])


def _row(rule: _Listed) -> tuple[str, ...]:
    return (
        rule.name,
        rule.type,
        _trigger(rule),
        rule.duration or "",
        " ".join(rule.prefixes),
        "yes" if rule.automatic_advertisement else "no",
    )


def _trigger(rule: _Listed) -> str:
    if rule.bandwidth_threshold is not None:
        return f"{shown_quantity(rule.bandwidth_threshold)}bit/s"
    if rule.packet_threshold is not None:
        return f"{shown_quantity(rule.packet_threshold)}packets/s"
    if rule.zscore_target is not None:
        return f"unusual {rule.zscore_target} ({rule.zscore_sensitivity})"
    return f"attacks ({rule.prefix_match})" if rule.prefix_match else "attacks"
