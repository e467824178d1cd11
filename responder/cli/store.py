"""`responder store`: what is done to the store as a whole."""

from pathlib import Path
from typing import Annotated

import typer

from responder.cli.access import configured_access
from responder.cli.client import ServiceClient
from responder.cli.options import Assignments, Config, load
from responder.errors import ResponderError
from responder.settings import Settings
from responder.store.alone import StoreInUseError
from responder.store.upkeep import back_up_store, migrate_store, restore_store, staged_restore

__all__ = ["app"]

app = typer.Typer()
_store = typer.Typer(no_args_is_help=True, help="Back up, restore and migrate the store.")
app.add_typer(_store, name="store")

_Into = Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")]
_From = Annotated[Path, typer.Argument(metavar="FILE", help="A file that backup wrote.")]
_Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
_To = Annotated[
    str | None,
    typer.Option(
        metavar="VERSION",
        show_default=False,
        help="The version of the schema, such as 0001; else the newest.",
    ),
]


@_store.command()
def backup(
    file: _Into, config: Config = None, assignments: Assignments = None, force: _Force = False
) -> None:
    """Write the store to a file, also while the service runs.

    The file is checked, durable and only yours to read when the command ends.
    """
    url = load(config, assignments).store.url
    typer.echo(back_up_store(url, file, force=force))


@_store.command()
def restore(
    file: _From, config: Config = None, assignments: Assignments = None, force: _Force = False
) -> None:
    """Put a backup back; a service that runs takes it up between two passes.

    The backup is checked before anything is changed.
    """
    settings = load(config, assignments)
    try:
        typer.echo(restore_store(settings.store.url, file, force=force))
    except StoreInUseError:
        if not force:
            raise
        typer.echo(_restore_while_serving(settings, file))


def _restore_while_serving(settings: Settings, file: Path) -> str:
    with (
        staged_restore(settings.store.url, file) as taken_up,
        ServiceClient(configured_access(settings)) as service,
    ):
        service.reload()
        if not taken_up():
            raise ResponderError(
                f"the service did not take {file} up: one of them is of another version; stop the "
                "service, restore, and start it"
            )
    return f"the service has taken {file} up, and reads every target before it changes one"


@_store.command()
def migrate(to: _To = None, config: Config = None, assignments: Assignments = None) -> None:
    """Bring the store to another version of its schema; stop the service first.

    The service migrates upwards by itself. Downwards is for going back to an older version of the
    program, which must be the next one to start.
    """
    url = load(config, assignments).store.url
    typer.echo(migrate_store(url, to))
