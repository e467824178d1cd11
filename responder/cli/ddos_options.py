"""The options of `responder ddos`: whose protection, which traffic, what is set, and where."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import typer

from responder.tools.ddos import NETWORK

__all__ = ["Place", "Ref", "RuleName", "Said", "Whose", "WhoseNew"]

Ref = Annotated[str, typer.Argument(metavar="REF", help="The ref of the override.")]
_NewRef = Annotated[
    str, typer.Argument(metavar="REF", help="A name of your own, unique and kept for ever.")
]
RuleName = Annotated[
    str, typer.Argument(metavar="RULE", help="Ref or id of one of Cloudflare's rules.")
]
_Zone = Annotated[
    str | None,
    typer.Option(
        "--zone",
        metavar="ZONE",
        show_default=False,
        help="Layer 7 of this zone; else layers 3 and 4 of the account.",
    ),
]
_Expression = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        show_default=False,
        help="Which traffic, such as `ip.dst in {203.0.113.0/24}`; `true` is all.",
    ),
]
_Sensitivity = Annotated[
    str | None,
    typer.Option(
        metavar="LEVEL", show_default=False, help="Of all rules: default (high), medium, low, eoff."
    ),
]
_Action = Annotated[
    str | None, typer.Option(metavar="ACTION", show_default=False, help="Of all rules.")
]
_Rules = Annotated[
    list[str] | None,
    typer.Option(
        "--rule",
        metavar="RULE=LEVEL[,ACTION]",
        show_default=False,
        help="One of Cloudflare's rules; write `=,ACTION` for an action alone. May be repeated.",
    ),
]
_Categories = Annotated[
    list[str] | None,
    typer.Option(
        "--category",
        metavar="NAME=LEVEL[,ACTION]",
        show_default=False,
        help="All rules of a category. May be repeated.",
    ),
]
_Description = Annotated[str | None, typer.Option(metavar="TEXT", show_default=False)]
_Enabled = Annotated[
    bool | None,
    typer.Option("--enable/--disable", show_default=False, help="Whether the override counts."),
]
_Before = Annotated[
    str | None, typer.Option(metavar="REF", show_default=False, help="Place it before this one.")
]
_After = Annotated[
    str | None, typer.Option(metavar="REF", show_default=False, help="Place it after this one.")
]
_First = Annotated[bool, typer.Option("--first", help="Place it before all others.")]
_Last = Annotated[bool, typer.Option("--last", help="Place it after all others.")]
_Index = Annotated[
    int | None, typer.Option(metavar="N", show_default=False, help="Place it as the Nth, from 1.")
]


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose protection; each field is an option."""

    zone: _Zone = None

    @property
    def parts(self) -> tuple[str, ...]:
        """The path of its scope."""
        return ("account", "ddos", self.zone or NETWORK)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoseNew(Whose):
    """The same, and the ref of what is new there."""

    ref: _NewRef


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of an override; each field is an option."""

    expression: _Expression = None
    sensitivity: _Sensitivity = None
    action: _Action = None
    rules: _Rules = None
    categories: _Categories = None
    description: _Description = None
    enabled: _Enabled = None

    def fields(self) -> dict[str, object]:
        """Return it by the names of the API, without what was not said."""
        levels = {
            **_level(self.sensitivity, self.action),
            **_named("rules", self.rules),
            **_named("categories", self.categories),
        }
        said = {
            "expression": self.expression,
            "overrides": levels or None,
            "description": self.description,
            "enabled": self.enabled,
        }
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Place:
    """Where an override is placed: the first one that matches wins; each field is an option."""

    before: _Before = None
    after: _After = None
    first: _First = False
    last: _Last = False
    index: _Index = None

    def position(self) -> dict[str, object]:
        """Return it as the API has it; empty when nothing was said."""
        given: list[dict[str, object]] = [
            {"before": self.before} if self.before else {},
            {"after": self.after} if self.after else {},
            {"before": ""} if self.first else {},
            {"after": ""} if self.last else {},
            {"index": self.index} if self.index is not None else {},
        ]
        said = [one for one in given if one]
        if len(said) > 1:
            raise typer.BadParameter("say one of --before, --after, --first, --last and --index")
        return said[0] if said else {}


def _level(sensitivity: str | None, action: str | None) -> dict[str, object]:
    both = {"sensitivity_level": sensitivity, "action": action}
    return {name: value for name, value in both.items() if value}


def _named(key: str, texts: Iterable[str] | None) -> dict[str, object]:
    """Read `NAME=LEVEL,ACTION`, each of the two may be left out."""
    found: dict[str, object] = {}
    for text in texts or ():
        name, equals, level = text.partition("=")
        sensitivity, _, action = level.partition(",")
        if not (name and equals and level.strip(",")):
            raise typer.BadParameter(
                f"{text!r}: write NAME=LEVEL, NAME=LEVEL,ACTION or NAME=,ACTION"
            )
        if name in found:
            raise typer.BadParameter(f"{name} is there twice")
        found[name] = _level(sensitivity, action)
    return {key: found} if found else {}
