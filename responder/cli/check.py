"""`responder check`: one pass, for cron or a cloud function."""

import json
import sys

import typer

from responder.app import SystemClock
from responder.cli.answers import TargetAnswer
from responder.cli.options import Assignments, Config, Output, OutputOption, load
from responder.cli.status import print_targets
from responder.logs import configure_logs
from responder.once import check as check_once
from responder.web.documents import target_document

__all__ = ["app"]

app = typer.Typer()

BLIND = 3
"""The exit code when no Alertmanager could be asked, so that nothing could be decided."""


@app.command()
def check(
    config: Config = None,
    assignments: Assignments = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Make one pass: look, decide, act and confirm, then end.

    It uses the same store and the same guards as the service, and refuses to run beside it. Waits
    count from one run to the next, at most a minute each: run it every minute. Its exit code is 3
    when no Alertmanager was usable; then nothing is released, and nothing new engaged.
    """
    settings = load(config, assignments)
    for warning in settings.warnings:
        typer.echo(f"warning: {warning}", err=True)
    configure_logs(settings.log, settings.secrets, sys.stderr)
    clock = SystemClock()
    made = check_once(settings, clock)
    documents = [target_document(view) for view in made.targets]
    if output is Output.JSON:
        typer.echo(json.dumps({"blind": made.blind, "targets": documents}))
    else:
        print_targets([TargetAnswer.model_validate(one) for one in documents], clock.now())
    if made.blind:
        typer.echo("Error: blind: no Alertmanager is usable; `responder doctor` says why", err=True)
        raise typer.Exit(BLIND)
