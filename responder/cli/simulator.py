"""`responder simulator`: a stateful Cloudflare to try things on."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from responder.app import SystemClock
from responder.errors import ResponderError
from responder.settings.addresses import parse_address
from responder.simulator import Endpoints, Simulation, Token, Zone, serve
from responder.simulator.inventory import Level
from responder.simulator.magic.prefix import BgpPrefix, Turn
from responder.simulator.seedfile import read_seed
from responder.simulator.state import default_token

__all__ = ["app"]

app = typer.Typer()

_DEFAULT_ZONE = "example.com"
_DEFAULT_LEVEL = "medium"
_PREFIX_STATES = {"advertised", "withdrawn", "locked"}
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
_Prefixes = Annotated[
    list[str] | None,
    typer.Option(
        "--prefix",
        metavar="CIDR=STATE",
        show_default=False,
        help="A prefix on demand, and whether it is withdrawn (the default), advertised or locked."
        " May be repeated.",
    ),
]
_SeedFile = Annotated[
    Path | None,
    typer.Option(
        "--seed",
        metavar="FILE",
        show_default=False,
        help="A YAML file with accounts, zones, tokens, prefixes, tunnels and limits.",
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
    prefixes: _Prefixes = None,
    token: _TokenOption = None,
    seed: _SeedFile = None,
) -> None:
    """Run a stateful Cloudflare on loopback.

    It ends on SIGINT or SIGTERM and forgets everything.
    """
    try:
        address = parse_address(listen)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--listen") from None
    simulation = _seeded(seed)
    _add_zones(simulation, zones or ([] if seed else [_DEFAULT_ZONE]))
    _add_prefixes(simulation, prefixes or [])
    admitted = _admitted(simulation, token)
    try:
        serve(
            simulation,
            SystemClock().now,
            host=address.host,
            port=address.port,
            on_start=lambda endpoints: typer.echo(_welcome(endpoints, admitted.value, simulation)),
        )
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--listen") from None
    except OSError as error:
        raise ResponderError(f"cannot listen on {address} ({error.strerror})") from error


def _seeded(seed: Path | None) -> Simulation:
    if seed is None:
        return Simulation()
    try:
        return read_seed(seed.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise typer.BadParameter(f"{seed}: {reason}", param_hint="--seed") from None


def _add_zones(simulation: Simulation, zones: Sequence[str]) -> None:
    owner = next(iter(simulation.accounts.values()))
    for zone in zones:
        name, _, level = zone.partition("=")
        try:
            simulation.put_zone(Zone(name, Level(level or _DEFAULT_LEVEL), account=owner))
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--zone") from None


def _add_prefixes(simulation: Simulation, prefixes: Sequence[str]) -> None:
    for prefix in prefixes:
        cidr, _, state = prefix.partition("=")
        if state and state not in _PREFIX_STATES:
            words = f"{prefix!r}: {state!r} is none of {', '.join(sorted(_PREFIX_STATES))}"
            raise typer.BadParameter(words, param_hint="--prefix")
        try:
            turns = (Turn(state == "advertised"),)
            part = BgpPrefix(cidr, locked=state == "locked", turns=turns)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--prefix") from None
        simulation.put_bgp_prefix(part)


def _admitted(simulation: Simulation, value: str | None) -> Token:
    """Let in the token of the command line, else those of the seed file, else the default one."""
    if value is None and simulation.tokens:
        return next(iter(simulation.tokens.values()))
    token = replace(default_token(), value=value) if value else default_token()
    simulation.put_token(token)
    return token


def _welcome(endpoints: Endpoints, token: str, simulation: Simulation) -> str:
    base, control = endpoints.base_url, endpoints.control_url
    account = next(iter(simulation.accounts))
    lines = [
        f"base_url     {base}",
        f"control_url  {control}",
        f"api_token    {token}",
        f"account_id   {account}",
        "",
        "Try it:",
        f"  curl -H 'Authorization: Bearer {token}' '{base}/zones'",
    ]
    zone = next(iter(simulation.zones), None)
    if zone is not None:
        level = f"{base}/zones/{zone}/settings/security_level"
        attack = """-d '{"value": "under_attack"}'"""
        lines += [
            f"  curl -H 'Authorization: Bearer {token}' '{level}'",
            f"  curl -X PATCH -H 'Authorization: Bearer {token}' {attack} '{level}'",
        ]
    part = next(iter(simulation.bgp_prefixes.values()), None)
    if part is not None:
        prefixes = f"{base}/accounts/{account}/addressing/prefixes"
        switch = f"{prefixes}/{part.parent_id}/bgp/prefixes/{part.id}"
        advertise = """-d '{"on_demand": {"advertised": true}}'"""
        lines.append(f"  curl -X PATCH -H 'Authorization: Bearer {token}' {advertise} '{switch}'")
    limited = """--json '{"kind": "rate_limited", "retry_after": 30}'"""
    lines += [f"  curl '{control}/requests'", f"  curl {limited} '{control}/faults'"]
    return "\n".join(lines)
