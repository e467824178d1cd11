"""`responder simulator`: a stateful Cloudflare to try things on."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer

from responder.app import SystemClock
from responder.errors import ResponderError
from responder.settings.addresses import parse_address
from responder.simulator import Endpoints, Simulation, Token, seed, serve
from responder.simulator.state import default_token

__all__ = ["app"]

app = typer.Typer()

_DEFAULT_ZONE = "example.com"
_DEFAULT_LEVEL = "medium"
_Listen = Annotated[str, typer.Option(metavar="ADDRESS:PORT", help="On loopback only.")]
_Zones = Annotated[
    list[str] | None,
    typer.Option(
        "--zone",
        metavar="NAME=LEVEL",
        show_default=False,
        help=f"A zone and its security level; else {_DEFAULT_ZONE}={_DEFAULT_LEVEL}."
        " May be repeated.",
    ),
]
_TokenOption = Annotated[
    str | None,
    typer.Option(
        "--token", metavar="VALUE", show_default=False, help="The API token; else simulator-token."
    ),
]


@app.command()
def simulator(
    listen: _Listen = "127.0.0.1:8787",
    zones: _Zones = None,
    token: _TokenOption = None,
) -> None:
    """Run a stateful Cloudflare on loopback.

    It ends on SIGINT or SIGTERM and forgets everything.
    """
    try:
        address = parse_address(listen)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--listen") from None
    admitted = replace(default_token(), value=token) if token else default_token()
    simulation = _seeded(zones or [_DEFAULT_ZONE], admitted)
    zone = next(iter(simulation.zones.values())).id
    try:
        serve(
            simulation,
            SystemClock().now,
            host=address.host,
            port=address.port,
            on_start=lambda endpoints: typer.echo(_welcome(endpoints, admitted.value, zone)),
        )
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--listen") from None
    except OSError as error:
        raise ResponderError(f"cannot listen on {address} ({error.strerror})") from error


def _seeded(zones: Sequence[str], token: Token) -> Simulation:
    levels = {}
    for zone in zones:
        name, _, level = zone.partition("=")
        levels[name] = level or _DEFAULT_LEVEL
    try:
        return seed(levels, tokens=[token])
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--zone") from None


def _welcome(endpoints: Endpoints, token: str, zone: str) -> str:
    base, control = endpoints.base_url, endpoints.control_url
    level = f"{base}/zones/{zone}/settings/security_level"
    return f"""\
base_url     {base}
control_url  {control}
api_token    {token}

Try it:
  curl -H 'Authorization: Bearer {token}' '{base}/zones'
  curl -H 'Authorization: Bearer {token}' '{level}'
  curl -X PATCH -H 'Authorization: Bearer {token}' -d '{{"value": "under_attack"}}' '{level}'
  curl '{control}/requests'
  curl -d '{{"kind": "rate_limited", "retry_after": 30}}' '{control}/faults'"""
