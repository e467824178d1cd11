"""The configuration reference, rendered from the models; `docs/configuration.md` holds it.

`python -m responder.settings.reference` prints it.
"""

import ast
import inspect
import sys
from collections.abc import Iterator
from itertools import pairwise
from textwrap import dedent
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from responder.settings.fields import Form
from responder.settings.policies import GUARDS, PolicySettings
from responder.settings.root import Root
from responder.settings.settings import printable
from responder.settings.template import template
from responder.settings.validation import model_in

__all__ = ["render_reference", "render_section"]

_INTRODUCTION = """\
<!-- Rendered from responder/settings; edit it there, then run
     python -m responder.settings.reference > docs/configuration.md -->

# Configuration

Responder reads one file: that of `--config`, else of the variable `RESPONDER_CONFIG`, else
`./responder.yml`, else `/etc/responder/responder.yml`. A name that ends in `.json` or `.toml` says
the format, anything else is YAML. `responder config init` writes a file to start from,
`responder config check` tells everything that is wrong with it at once, and
`responder config show` tells every value in force and where it came from.

- **Precedence**: command line, environment, file, default.
- **Environment**: `RESPONDER_` and the keys in capitals, with `__` between them, such as
  `RESPONDER_CLOUDFLARE__API_TOKEN`. Lists are written `["one", "two"]`. Policies are only set in
  the file.
- **Variables in the file**: `${NAME}` in a text is replaced, `${NAME:-default}` also when it is
  not set or empty; `$$` is a dollar sign.
- **Durations** as in Prometheus: `500ms`, `30s`, `5m`, `1h30m`, `90d`, greater than zero. A number
  without a unit is refused.
- **Secrets** stand in files of their own (`..._file`), which are read again when they change. In
  the environment a secret replaces the file that the configuration names, and the other way round.
- **Paths** that are not absolute start at the working directory.
- Unknown keys and keys set twice are errors. A key without a value is as good as left out.
"""


def render_reference() -> str:
    """Return the reference: each section with its keys, kinds, defaults and meanings."""
    parts = [_INTRODUCTION]
    for name, found in Root.model_fields.items():
        parts.extend(render_section(_shown(name, found), _model(found.annotation)))
    parts.append(f"## A whole file\n\n```yaml\n{template()}```\n")
    return "\n".join(parts)


def _shown(name: str, found: FieldInfo) -> str:
    text = str(found.annotation)
    if text.startswith("dict"):
        return f"{name}.<name>"
    return f"{name}[]" if text.startswith("tuple") else name


def render_section(title: str, model: type[BaseModel]) -> Iterator[str]:
    """Return a heading, what the section is for, and its keys; then those of sections in it."""
    nested = []
    rows = ["| key | kind | default | meaning |", "|---|---|---|---|"]
    meanings = _meanings(model)
    for key, found in model.model_fields.items():
        if model is PolicySettings and key in GUARDS:
            continue
        inner = model_in(found.annotation)
        if inner is not None:
            nested.append((f"{title}.{key}", inner))
        rows.append(f"| `{key}` | {_kind(found)} | {_default(found)} | {meanings[key]} |")
    if model is PolicySettings:
        rows.append("| any key of `guards` | | that of `guards` | For this policy alone. |")
    yield f"## `{title}`\n\n{_flat(model.__doc__ or '')}\n\n" + "\n".join(rows) + "\n"
    for inner_title, inner in nested:
        yield from render_section(inner_title, inner)


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    """Return the text below each key, read from the source only now: it costs `serve` nothing."""
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if issubclass(one, BaseModel) and one.__module__.startswith("responder."):
            found |= _texts(ast.parse(dedent(inspect.getsource(one))).body[0])
    return found


def _texts(definition: ast.stmt) -> dict[str, str]:
    body = definition.body if isinstance(definition, ast.ClassDef) else []
    return {
        statement.target.id: _flat(text.value.value)
        for statement, text in pairwise(body)
        if isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _model(annotation: Any) -> type[BaseModel]:
    inner = [model_in(one) for one in (annotation, *get_args(annotation))]
    return next(model for model in inner if model is not None)


def _kind(found: FieldInfo) -> str:
    forms = [one for one in found.metadata if isinstance(one, Form)]
    return forms[0].text if forms else _kind_of(found.annotation)


def _kind_of(annotation: Any) -> str:
    """Return how to write a value of a type, for readers who know no Python."""
    arguments = get_args(annotation)
    forms = [one.text for one in arguments if isinstance(one, Form)]
    if forms:
        return forms[0]
    if model_in(annotation) is not None or str(annotation).startswith("dict"):
        return "keys"
    if str(annotation).startswith("tuple"):
        return f"list: {_kind_of(arguments[0])}"
    if NoneType in arguments:
        return _kind_of(next(one for one in arguments if one is not NoneType))
    words = arguments or [choice.value for choice in annotation]
    return " or ".join(f"`{word}`" for word in words)


def _default(found: FieldInfo) -> str:
    value = found.get_default(call_default_factory=True, validated_data={})
    if found.is_required() or value is None or isinstance(value, BaseModel) or value in ((), {}):
        return ""
    return f"`{printable(value)}`"


def _flat(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    sys.stdout.write(render_reference())
