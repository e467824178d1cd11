"""From the first word of the command line to the module that holds the command."""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from typing import Annotated, NamedTuple

import typer

from responder import __version__
from responder.errors import ConfigError, ResponderError

__all__ = ["COMMANDS", "main"]


class _Command(NamedTuple):
    """One line of the table: where a command lives, and what the overview says of it."""

    module: str
    summary: str
    without: frozenset[str] = frozenset()
    """Optional libraries that this command does not let others import."""


_COLOURS = frozenset({"rich", "pygments"})
"""httpx and structlog load these where they find them, for faces that a service never shows."""

COMMANDS = {
    "serve": _Command(
        "responder.cli.serve", "Run the service until SIGTERM or SIGINT.", without=_COLOURS
    ),
    "check": _Command(
        "responder.cli.check", "Make one pass: look, decide, act and confirm, then end."
    ),
    "status": _Command("responder.cli.status", "Show all targets and what was decided of each."),
    "explain": _Command("responder.cli.explain", "Tell why a target is on, off or waiting."),
    "events": _Command("responder.cli.events", "Show the audit trail, newest first."),
    "report": _Command("responder.cli.report", "Sum up what happened, by policy."),
    "attacks": _Command(
        "responder.cli.attacks", "Show attacks as records, newest first, or one with its steps."
    ),
    "ledger": _Command(
        "responder.cli.attacks", "Sum up for how long each target was on, by calendar month in UTC."
    ),
    "engage": _Command("responder.cli.overrides", "Order a mitigation on for a while."),
    "release": _Command("responder.cli.overrides", "Order a mitigation off for a while."),
    "pause": _Command("responder.cli.overrides", "Order that nothing is changed for a while."),
    "resume": _Command("responder.cli.overrides", "End an order before its time is over."),
    "prefix": _Command("responder.cli.prefix", "Look at prefixes on demand, and switch them."),
    "tunnels": _Command("responder.cli.tunnels", "Show tunnels, and how well they are."),
    "mnm": _Command("responder.cli.mnm", "Rules of Magic Network Monitoring."),
    "ddos": _Command("responder.cli.ddos", "Overrides of Cloudflare's managed DDoS rules."),
    "config": _Command("responder.cli.config", "Begin, check and show the configuration."),
    "rules": _Command(
        "responder.cli.rules", "Render thresholds of your own, and check rule files."
    ),
    "store": _Command("responder.cli.store", "Back up, restore and migrate the store."),
    "notifications": _Command(
        "responder.cli.notifications", "Set up Cloudflare's notifications, and check them."
    ),
    "doctor": _Command("responder.cli.doctor", "Check the whole installation, and say what to do."),
    "backtest": _Command("responder.cli.backtest", "Tell what would have been on, over a history."),
    "simulator": _Command("responder.cli.simulator", "Run a stateful Cloudflare on loopback."),
    "demo": _Command("responder.cli.demo", "Show the whole chain at work."),
}


def main(words: Sequence[str] | None = None) -> None:
    """Run the command that the words name, and end with its exit code."""
    words = sys.argv[1:] if words is None else words
    try:
        _program(words)(args=words, prog_name="responder")
    except ConfigError as error:
        _fail(2, error.problems)
    except ResponderError as error:
        _fail(1, [f"Error: {error}"])
    except KeyboardInterrupt:
        sys.exit(130)


def _program(words: Sequence[str]) -> typer.Typer:
    """Build the program with the command that is meant; with an overview of all, if none is."""
    program = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    program.callback()(_responder)
    command = COMMANDS.get(words[0]) if words else None
    if command is None:
        for name, listed in COMMANDS.items():
            program.command(name, help=listed.summary)(_overview)
    else:
        if command.without:
            sys.meta_path.insert(0, _Missing(command.without))
        program.add_typer(import_module(command.module).app)
    return program


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"responder {__version__}")
        raise typer.Exit


def _responder(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Prometheus alerts in, Cloudflare mitigations out, and safely off again."""


def _overview() -> None:
    """Stand in for a command in the overview."""


def _fail(code: int, lines: Sequence[str]) -> None:
    for line in lines:
        typer.echo(line, err=True)
    sys.exit(code)


class _Missing(MetaPathFinder):
    """Makes libraries look as if they were not installed."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    def find_spec(self, fullname: str, *_: object) -> None:
        """Refuse the names, and leave all others to the next finder."""
        if fullname in self._names:
            raise ModuleNotFoundError(f"{fullname} is left out to save memory", name=fullname)
