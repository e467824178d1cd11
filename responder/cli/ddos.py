"""`responder ddos`: overrides of Cloudflare's managed DDoS rules."""

from collections.abc import Mapping, Sequence
from typing import Any

import typer
from pydantic import BaseModel, ConfigDict

from responder.cli.asking import Asking
from responder.cli.ddos_options import Place, Ref, RuleName, Said, Whose, WhoseNew
from responder.cli.tables import Column, print_table
from responder.cli.tools import (
    ToolClient,
    ToolQuestion,
    Writing,
    print_json,
    spread,
    tool_client,
    write,
)
from responder.errors import ResponderError

__all__ = ["app"]

app = typer.Typer()
_ddos = typer.Typer(no_args_is_help=True, help="Overrides of Cloudflare's managed DDoS rules.")
app.add_typer(_ddos, name="ddos")

_RULE_COLUMNS = (
    Column("RULE"),
    Column("ACTION", spare=2),
    Column("MAY BECOME"),
    Column("CATEGORIES", spare=1),
    Column("DESCRIPTION", folds=True),
)
_OVERRIDE_COLUMNS = (
    Column("#"),
    Column("REF"),
    Column("ENABLED", spare=2),
    Column("SETS", folds=True),
    Column("EXPRESSION", folds=True),
    Column("DESCRIPTION", spare=1),
)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class _Rule(_Answer):
    id: str
    ref: str
    description: str = ""
    action: str = ""
    categories: tuple[str, ...] = ()
    allowed_actions: tuple[str, ...] = ()


class _RulesAnswer(_Answer):
    rules: tuple[_Rule, ...]


class _Override(_Answer):
    id: str
    ref: str
    expression: str
    description: str = ""
    enabled: bool = True
    overrides: Mapping[str, Any] = {}


class _OverridesAnswer(_Answer):
    overrides: tuple[_Override, ...]


@_ddos.command()
@spread
def rules(asked: Asking, whose: Whose) -> None:
    """List Cloudflare's own rules, and which actions an override may give them.

    A rule without any is read only.
    """
    with tool_client(asked) as client:
        _print_rules(asked, _rules(client, whose))


@_ddos.command()
@spread
def show(asked: Asking, whose: Whose, rule: RuleName) -> None:
    """Show one of Cloudflare's own rules."""
    with tool_client(asked) as client:
        found = [one for one in _rules(client, whose) if rule in {one.id, one.ref}]
    if not found:
        raise ResponderError(f"there is no rule {rule}; see `responder ddos rules`")
    _print_rules(asked, found)


@_ddos.command()
@spread
def overrides(asked: Asking, whose: Whose) -> None:
    """List the overrides in their order; the first one that matches wins."""
    with tool_client(asked) as client:
        answer = client.ask(ToolQuestion("GET", (*whose.parts, "overrides")), _OverridesAnswer)
        if asked.as_json:
            print_json(answer)
            return
        refs = {rule.id: rule.ref for rule in _rules(client, whose)}
    rows = [_override_row(number, one, refs) for number, one in enumerate(answer.overrides, 1)]
    print_table(_OVERRIDE_COLUMNS, rows)


@_ddos.command()
@spread
def add(asked: Asking, writing: Writing, whose: WhoseNew, said: Said, place: Place) -> None:
    """Add an override under a ref of your own, last unless a place is said."""
    position = place.position()
    body = {"ref": whose.ref, **said.fields(), **({"position": position} if position else {})}
    with tool_client(asked) as client:
        write(asked, writing, client, ToolQuestion("POST", (*whose.parts, "overrides"), body))


@_ddos.command()
@spread
def edit(asked: Asking, writing: Writing, whose: Whose, said: Said, ref: Ref) -> None:
    """Change what is said of an override; what it sets is replaced as a whole."""
    body = said.fields()
    if not body:
        raise typer.BadParameter("say what shall change; see --help")
    with tool_client(asked) as client:
        write(asked, writing, client, ToolQuestion("PATCH", (*whose.parts, "overrides", ref), body))


@_ddos.command()
@spread
def move(asked: Asking, writing: Writing, whose: Whose, place: Place, ref: Ref) -> None:
    """Give an override another place: the first one that matches wins."""
    position = place.position()
    if not position:
        raise typer.BadParameter("say one of --before, --after, --first, --last and --index")
    path = (*whose.parts, "overrides", ref, "position")
    with tool_client(asked) as client:
        write(asked, writing, client, ToolQuestion("PUT", path, position))


@_ddos.command()
@spread
def delete(asked: Asking, writing: Writing, whose: Whose, ref: Ref) -> None:
    """Take an override away."""
    with tool_client(asked) as client:
        write(asked, writing, client, ToolQuestion("DELETE", (*whose.parts, "overrides", ref)))


def _rules(client: ToolClient, whose: Whose) -> Sequence[_Rule]:
    return client.ask(ToolQuestion("GET", (*whose.parts, "rules")), _RulesAnswer).rules


def _print_rules(asked: Asking, found: Sequence[_Rule]) -> None:
    if asked.as_json:
        print_json(_RulesAnswer(rules=tuple(found)))
        return
    print_table(_RULE_COLUMNS, [_rule_row(one) for one in found])


def _rule_row(rule: _Rule) -> tuple[str, ...]:
    allowed = ", ".join(rule.allowed_actions) or "read only"
    return (rule.ref, rule.action, allowed, ", ".join(rule.categories), rule.description)


def _override_row(number: int, one: _Override, refs: Mapping[str, str]) -> tuple[str, ...]:
    return (
        str(number),
        one.ref,
        "yes" if one.enabled else "no",
        "; ".join(_sets(one.overrides, refs)),
        one.expression,
        one.description,
    )


def _sets(found: Mapping[str, Any], refs: Mapping[str, str]) -> Sequence[str]:
    """Return what overrides set, from the widest to the narrowest, which wins."""
    named = [
        (f"{one.get('category') or refs.get(one.get('id'), one.get('id'))}: ", one)
        for key in ("categories", "rules")
        for one in found.get(key, [])
    ]
    levels = [("", found), *named]
    return [f"{name}{_level(one)}" for name, one in levels if _level(one)]


def _level(one: Mapping[str, Any]) -> str:
    return " ".join(str(one[key]) for key in ("sensitivity_level", "action") if one.get(key))
