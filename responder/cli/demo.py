"""`responder demo`: the whole chain at work, with a real overload and a simulated Cloudflare."""

import signal
import sys
from types import FrameType
from typing import Annotated

import typer

from responder.app import SystemClock
from responder.demo.prefix_show import show_prefix
from responder.demo.show import show

__all__ = ["app"]

app = typer.Typer()

_Keep = Annotated[bool, typer.Option("--keep", help="Let everything run on afterwards.")]
_Prefix = Annotated[
    bool,
    typer.Option("--prefix", help="Show a prefix that is advertised in a flood; makes no load."),
]


@app.command()
def demo(keep: _Keep = False, prefix: _Prefix = False) -> None:
    """Show the whole chain at work.

    It needs Prometheus, Alertmanager and node_exporter, makes a real load on this machine for half
    a minute (with --prefix none at all), and talks to nothing outside of it.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    # A shell lets what it starts in the background ignore this one.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        tell = show_prefix if prefix else show
        tell(sys.stdout, SystemClock(), keep=keep)
    except KeyboardInterrupt:
        typer.echo("stopped; nothing of it runs any more", err=True)
        raise


def _end(number: int, _: FrameType | None) -> None:
    """End in order, as on Ctrl-C."""
    sys.exit(128 + number)
