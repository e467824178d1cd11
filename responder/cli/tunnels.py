"""`responder tunnels`: tunnels and interconnects, and how well they are."""

from collections.abc import Iterator
from datetime import datetime

import typer
from pydantic import BaseModel, ConfigDict

from responder.cli.asking import Asking
from responder.cli.tables import Column, ago, print_table, printable
from responder.cli.tools import ToolQuestion, print_json, spread, tool_client

__all__ = ["app"]

app = typer.Typer()

HEALTHY, DEGRADED = 80.0, 40.0
"""From so many percent on a tunnel is called healthy, or at least degraded."""

_COLUMNS = (
    Column("TUNNEL"),
    Column("KIND", spare=4),
    Column("CLOUDFLARE", spare=6),
    Column("CUSTOMER", spare=5),
    Column("INTERFACE", spare=8),
    Column("MTU", spare=7),
    Column("BGP", spare=3),
    Column("HEALTH"),
    Column("AGE"),
    Column("DESCRIPTION", spare=9),
)


_LINES = (
    Column("INTERCONNECT"),
    Column("STATE"),
    Column("REASON", folds=True),
    Column("FACILITY", spare=2, folds=True),
    Column("SPEED", spare=6),
    Column("CLOUDFLARE", spare=3),
    Column("CUSTOMER", spare=4),
    Column("BGP", spare=5),
    Column("TUNNEL", spare=7),
)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class _Health(_Answer):
    percent: float
    newest: datetime


class _Tunnel(_Answer):
    name: str
    kind: str
    description: str = ""
    cloudflare_endpoint: str | None = None
    customer_endpoint: str | None = None
    interface_address: str | None = None
    mtu: int | None = None
    bgp_state: str | None = None
    checked: bool = True
    health: _Health | None = None


class _Bgp(_Answer):
    customer_asn: int


class _Link(_Answer):
    tunnel: str | None = None
    cloudflare_address: str | None = None
    customer_address: str | None = None
    bgp: _Bgp | None = None


class _Line(_Answer):
    name: str
    facility: str | None = None
    address: str | None = None
    site: str | None = None
    speed: str | None = None
    state: str | None = None
    reason: str | None = None
    problem: str | None = None
    links: tuple[_Link, ...] = ()


class _TunnelsAnswer(_Answer):
    tunnels: tuple[_Tunnel, ...]
    health_problem: str | None = None
    interconnects: tuple[_Line, ...] | None = None
    interconnects_problem: str | None = None


@app.command()
@spread
def tunnels(asked: Asking) -> None:
    """Show tunnels, and how well they are.

    They are GRE and IPsec tunnels and interconnects. HEALTH is the mean of all health checks of
    the last 30 minutes, as Cloudflare's data centres saw them: 100% healthy, 50% degraded, 0%
    down. AGE is that of the newest; a few minutes are usual.

    Below are the physical lines of interconnects: pending, down, unhealthy or healthy, and what
    runs over each.
    """
    with tool_client(asked) as client:
        answer = client.ask(ToolQuestion("GET", ("account", "tunnels")), _TunnelsAnswer)
        if asked.as_json:
            print_json(answer)
            return
        print_table(_COLUMNS, [_row(one, client.now()) for one in answer.tunnels])
    if answer.interconnects:
        typer.echo()
        print_table(_LINES, [row for line in answer.interconnects for row in _line_rows(line)])
    for problem in _problems(answer):
        typer.echo(printable(problem), err=True)


def _problems(answer: _TunnelsAnswer) -> Iterator[str]:
    """Yield what is not known, and why; lines with the same trouble in one sentence."""
    if answer.health_problem:
        yield f"health is not known: {answer.health_problem}"
    if answer.interconnects_problem:
        yield f"interconnects are not all known: {answer.interconnects_problem}"
    lines = answer.interconnects or ()
    for problem in dict.fromkeys(line.problem for line in lines if line.problem):
        names = ", ".join(line.name for line in lines if line.problem == problem)
        yield f"the state of {names} is not known: {problem}"


def _line_rows(line: _Line) -> Iterator[tuple[str, ...]]:
    """Yield a row for each link over a line, or one for a line without any."""
    place = ", ".join(part for part in (line.facility, line.address) if part) or line.site
    state = line.state.lower() if line.state else "unknown"
    for link in line.links or (_Link(),):
        yield (
            line.name,
            state,
            line.reason or "",
            place or "",
            line.speed or "",
            link.cloudflare_address or "",
            link.customer_address or "",
            f"AS{link.bgp.customer_asn}" if link.bgp else "",
            link.tunnel or "",
        )


def _row(tunnel: _Tunnel, now: datetime) -> tuple[str, ...]:
    return (
        tunnel.name,
        tunnel.kind,
        tunnel.cloudflare_endpoint or "",
        tunnel.customer_endpoint or "",
        tunnel.interface_address or "",
        str(tunnel.mtu or ""),
        (tunnel.bgp_state or "").removeprefix("BGP_").lower(),
        _health(tunnel),
        ago(tunnel.health.newest, now) if tunnel.health else "",
        tunnel.description,
    )


def _health(tunnel: _Tunnel) -> str:
    if tunnel.health is None:
        return "unknown" if tunnel.checked else "not checked"
    percent = tunnel.health.percent
    word = "healthy" if percent >= HEALTHY else "degraded" if percent >= DEGRADED else "down"
    return f"{percent:g}% {word}"
