"""The options of commands that look at a past, and the past that they then look at."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cached_property, wraps
from inspect import Signature, signature
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from responder.alertmanager.access import Access
from responder.app import SystemClock
from responder.backtest.folder import FolderHistory
from responder.backtest.history import History, opened
from responder.backtest.marks import moment
from responder.backtest.replay import Window
from responder.backtest.rules import Rule, read_rules, shipped_rules
from responder.cli.durations import duration
from responder.cli.options import Config, load
from responder.connections import access
from responder.errors import ConfigError, ResponderError
from responder.prometheus import PrometheusError
from responder.settings import Settings, parse_duration

__all__ = ["Past", "looking_back"]

_NOWHERE = (
    "no history to ask: name a Prometheus with --prometheus URL or prometheus.url in the"
    " configuration, or a recording with --from-dir DIR"
)

_SINCE = "30d"
_EXAMPLE = "http://127.0.0.1:9090"
_Url = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        show_default=False,
        help="The Prometheus with the history; else that of the configuration.",
    ),
]
_Folder = Annotated[
    Path | None,
    typer.Option(
        "--from-dir",
        metavar="DIR",
        show_default=False,
        help="A folder that `responder backtest record` has written, in place of a Prometheus.",
    ),
]
_Since = Annotated[
    str | None,
    typer.Option(
        metavar="DURATION",
        parser=duration,
        show_default=False,
        help="How far back, such as 14d; else 30d, or all of a recording.",
    ),
]
_Begin = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="MOMENT",
        show_default=False,
        help="From when on, such as 2026-11-01T00:00 (UTC), in place of --since.",
    ),
]
_End = Annotated[
    str | None,
    typer.Option("--to", metavar="MOMENT", show_default=False, help="Until when; else now."),
]
_Step = Annotated[
    str, typer.Option(metavar="DURATION", parser=duration, help="How finely, such as 15s.")
]
_Rules = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATTERN",
        show_default=False,
        help="Rule files in place of the shipped ones. May be repeated.",
    ),
]
_Own = Annotated[
    list[str] | None,
    typer.Option(
        "--own-rules",
        metavar="PATTERN",
        show_default=False,
        help="Rule files beside them, such as rendered thresholds. May be repeated.",
    ),
]


@dataclass(frozen=True)
class Past:
    """Which past is looked at, through which rules; each field is an option."""

    config: Config = None
    prometheus: _Url = None
    folder: _Folder = None
    since: _Since = None
    begin: _Begin = None
    end: _End = None
    step: _Step = "15s"
    rules: _Rules = None
    own_rules: _Own = None

    @cached_property
    def settings(self) -> Settings | None:
        """The configuration; None where there is none and the history is named without it."""
        named = self.config is not None
        try:
            return load(self.config)
        except ConfigError:
            if named or not (self.prometheus or self.folder):
                raise
            return None

    def read_rules(self) -> list[Rule]:
        """Read the rule files; raises RuleFileError."""
        return read_rules([*(self.rules or shipped_rules()), *(self.own_rules or ())])

    def window(self, history: History) -> Window:
        """Return the time that is meant; of a recording, all of it unless something is said."""
        step = int(parse_duration(self.step).total_seconds())
        recorded = history.meta if isinstance(history, FolderHistory) else None
        if recorded is not None:
            step = max(step, recorded.step)
        end = int(_seconds(self.end) or (recorded.end if recorded else _now()))
        begin = _seconds(self.begin)
        if begin is None and self.since is None and recorded is not None:
            begin = recorded.begin
        if begin is None:
            begin = end - parse_duration(self.since or _SINCE).total_seconds()
        start = max(int(begin), recorded.begin if recorded else 0)
        if start >= end:
            raise ResponderError("the window ends before it begins; look at --from and --to")
        return Window(start - start % step, end - end % step, step)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[History]:
        """Open the history."""
        if self.folder is not None:
            yield FolderHistory(self.folder)
            return
        settings = self.settings
        url = self.prometheus or (settings.prometheus.url if settings else None)
        if url is None:
            raise ResponderError(_NOWHERE)
        if not re.match(r"https?://[^/]", url):
            raise ResponderError(f"{url} is no URL of a Prometheus; write one such as {_EXAMPLE}")
        configured = settings is not None and url == settings.prometheus.url
        reached = access(settings.prometheus.http) if settings and configured else Access()
        try:
            async with opened(url, reached) as history:
                yield history
        except PrometheusError as error:
            shown = re.sub(r"//[^/@]*@", "//", url)
            raise ResponderError(f"Prometheus at {shown}: {error}") from error


def _now() -> float:
    return SystemClock().now().timestamp()


def _seconds(text: str | None) -> float | None:
    try:
        return None if text is None else moment(text).timestamp()
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def looking_back(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `Past`; it takes them as one value, its first."""
    shared = signature(Past).parameters
    _, *own = signature(command).parameters.values()

    @wraps(command)
    def run(**options: Any) -> None:
        past = Past(**{name: options.pop(name) for name in shared})
        command(past, **options)

    # Where typer looks for the options that a command has.
    vars(run)["__signature__"] = Signature([*own, *shared.values()])
    return run


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[float], None]]:
    """Show how far it is, on stderr and only to people."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(task, completed=share)
