"""`responder doctor`: the whole installation, point by point."""

import asyncio
import json
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

import typer

from responder.app import SystemClock
from responder.cli.access import configured_access
from responder.cli.options import Config, Output, OutputOption, load
from responder.cli.tables import printable
from responder.doctor import CHECKS, Entrance, Finding, Status, examine, open_context
from responder.settings import Settings

__all__ = ["app", "examined"]

app = typer.Typer()

_COLOURS = {Status.FAILURE: "red", Status.WARNING: "yellow", Status.OK: "green"}
_WORDS = {
    Status.OK: ("ok", "ok"),
    Status.WARNING: ("warning", "warnings"),
    Status.FAILURE: ("failure", "failures"),
    Status.SKIPPED: ("not checked", "not checked"),
}
_STATUS = max(map(len, Status)) + 2
_POINT = max(len(check.name.partition("/")[2]) for check in CHECKS) + 2
_INDENT = " " * (2 + _STATUS + _POINT)
_PIPED = 100_000


@app.command()
def doctor(config: Config = None, output: OutputOption = Output.TABLE) -> None:
    """Check the whole installation, and say what to do.

    Nothing is changed anywhere, and the service need not run. Ends with 1 when something fails.
    """
    findings = asyncio.run(examined(load(config)))
    if output is Output.JSON:
        typer.echo(_as_json(findings))
    else:
        for line in _lines(findings):
            typer.echo(line)
    if any(one.status is Status.FAILURE for one in findings):
        raise typer.Exit(1)


async def examined(settings: Settings) -> list[Finding]:
    """Return what every check finds in the installation of these settings."""
    access = configured_access(settings)
    entrance = Entrance(access.url, access.tls)
    async with open_context(settings, SystemClock(), entrance) as context:
        return await examine(context, CHECKS)


def _as_json(findings: Sequence[Finding]) -> str:
    counted = Counter(one.status for one in findings)
    document = {
        "findings": [
            {
                "check": one.check,
                "subject": one.subject,
                "status": one.status,
                "seen": one.seen,
                "advice": one.advice,
            }
            for one in findings
        ],
        "summary": {status: counted[status] for status in _WORDS},
    }
    return json.dumps(document, indent=2)


def _lines(findings: Sequence[Finding]) -> Iterator[str]:
    """Return what people read: by neighbour, with the advice below what is not as it should be."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _PIPED
    for neighbour, found in groupby(findings, lambda one: one.check.partition("/")[0]):
        yield typer.style(neighbour, bold=True)
        for one in found:
            yield from _of_one(one, width)
        yield ""
    yield _summary(findings)


def _of_one(finding: Finding, width: int) -> Iterator[str]:
    subject = f"{finding.subject}: " if finding.subject else ""
    point = finding.check.partition("/")[2]
    first, *rest = _folded(subject + finding.seen, width)
    status = typer.style(f"{finding.status:<{_STATUS}}", fg=_COLOURS.get(finding.status))
    yield f"  {status}{point:<{_POINT}}{first}"
    yield from (_INDENT + line for line in rest)
    if finding.advice:
        first, *rest = _folded(f"-> {finding.advice}", width)
        yield _INDENT + first
        yield from (f"{_INDENT}   {line}" for line in rest)


def _folded(text: str, width: int) -> list[str]:
    """Break a text into lines that fit beside the columns; nothing is cut."""
    room = max(width - len(_INDENT) - 3, 30)
    return textwrap.wrap(printable(text), room, break_on_hyphens=False) or [""]


def _summary(findings: Sequence[Finding]) -> str:
    counted = Counter(one.status for one in findings)
    told = [
        f"{counted[status]} {words[counted[status] != 1]}"
        for status, words in _WORDS.items()
        if counted[status] or status is not Status.SKIPPED
    ]
    return ", ".join(told)
