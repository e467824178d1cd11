"""`responder tunnels`: tunnels and interconnects, and how well they are."""

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


class _TunnelsAnswer(_Answer):
    tunnels: tuple[_Tunnel, ...]
    health_problem: str | None = None


@app.command()
@spread
def tunnels(asked: Asking) -> None:
    """Show tunnels, and how well they are.

    They are GRE and IPsec tunnels and interconnects. HEALTH is the mean of all health checks of
    the last 30 minutes, as Cloudflare's data centres saw them: 100% healthy, 50% degraded, 0%
    down. AGE is that of the newest; a few minutes are usual.
    """
    with tool_client(asked) as client:
        answer = client.ask(ToolQuestion("GET", ("account", "tunnels")), _TunnelsAnswer)
        if asked.as_json:
            print_json(answer)
            return
        print_table(_COLUMNS, [_row(one, client.now()) for one in answer.tunnels])
    if answer.health_problem:
        typer.echo(printable(f"health is not known: {answer.health_problem}"), err=True)


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
