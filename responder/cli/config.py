"""`responder config`: begin, check and show the configuration."""

import json
from pathlib import Path
from typing import Annotated

import typer

from responder.cli.options import Assignments, Config, Output, OutputOption, load
from responder.cli.tables import Column, print_table
from responder.errors import ResponderError
from responder.settings import template

__all__ = ["app"]

app = typer.Typer()
_config = typer.Typer(no_args_is_help=True, help="Begin, check and show the configuration.")
app.add_typer(_config, name="config")

_NEXT_STEPS = """\
wrote {path}. Next:
  1. Write your sites and Alertmanagers into it.
  2. Make the tokens, and put that of Cloudflare beside them:
       umask 077
       openssl rand -hex 32 > /etc/responder/webhook.token
       openssl rand -hex 32 > /etc/responder/api.token
       cat > /etc/responder/cloudflare.token
       chmod 600 /etc/responder/*.token
  3. responder config check --config {path}
  4. responder serve --config {path}"""
_FORMATS = frozenset({".json", ".toml"})
_Path = Annotated[Path, typer.Argument(help="Where to write it.")]
_Force = Annotated[bool, typer.Option("--force", help="Overwrite what is there.")]


@_config.command()
def init(path: _Path = Path("responder.yml"), force: _Force = False) -> None:
    """Write a configuration to start from."""
    if path.suffix.lower() in _FORMATS:
        raise typer.BadParameter(f"{path}: this writes YAML; name it .yml", param_hint="PATH")
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(template())
    except FileExistsError as error:
        raise ResponderError(f"{path} exists; --force overwrites it") from error
    except OSError as error:
        raise ResponderError(f"{path} cannot be written ({error.strerror})") from error
    typer.echo(_NEXT_STEPS.format(path=path))


@_config.command()
def check(config: Config = None, assignments: Assignments = None) -> None:
    """Tell everything that is wrong with the configuration, or ok.

    Nothing is called and nothing is changed.
    """
    for warning in load(config, assignments).warnings:
        typer.echo(f"warning: {warning}", err=True)
    typer.echo("ok")


@_config.command()
def show(
    config: Config = None, assignments: Assignments = None, output: OutputOption = Output.TABLE
) -> None:
    """Show each value in force and where it came from; secrets are hidden."""
    values = list(load(config, assignments).effective())
    if output is Output.JSON:
        typer.echo(json.dumps({"settings": [value._asdict() for value in values]}, indent=2))
        return
    columns = (Column("KEY"), Column("VALUE", folds=True), Column("SOURCE", folds=True))
    print_table(columns, values)
