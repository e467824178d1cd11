"""`responder serve`: the service itself."""

from typing import Annotated

import typer

import responder.app
from responder.cli.options import Assignments, Config, load
from responder.settings import Settings

__all__ = ["app"]

app = typer.Typer()

_Listen = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS:PORT", show_default=False, help="The same as --set server.listen=..."
    ),
]


@app.command()
def serve(config: Config = None, assignments: Assignments = None, listen: _Listen = None) -> None:
    """Run the service until SIGTERM or SIGINT.

    Mitigations are left as they are when it ends.
    """
    given = [*(assignments or ()), *([f"server.listen={listen}"] if listen else ())]
    settings = load(config, given)

    def reread() -> Settings:
        """Load it again from where it was found, under the same options."""
        return load(config, given)

    for warning in settings.warnings:
        typer.echo(f"warning: {warning}", err=True)
    raise typer.Exit(responder.app.serve(settings, reread))
