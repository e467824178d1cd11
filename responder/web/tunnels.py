"""`/api/v1/account/tunnels`: tunnels and interconnects, and how well they are."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from fastapi import APIRouter
from starlette.responses import Response

from responder.cloudflare.interconnects import Interconnect, Link, interconnects
from responder.cloudflare.magic_tunnels import (
    MagicTunnel,
    TunnelChecks,
    magic_tunnels,
    tunnel_checks,
)
from responder.errors import ProviderError
from responder.tools.desk import Desk
from responder.web.answers import Answer
from responder.web.documents import moment_text
from responder.web.tools import answering

__all__ = ["TunnelApi"]

_T = TypeVar("_T")


class TunnelApi:
    """Shows tunnels."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/api/v1/account")
        router.add_api_route("/tunnels", answering(self.tunnels), methods=["GET"])
        return router

    async def tunnels(self) -> Response:
        """List them all; what cannot be had besides is left out, and said."""
        async with self._desk.reading() as account:
            found = await magic_tunnels(account.client, account.id)
            (checks, unhealthy), (lines, unseen) = await asyncio.gather(
                _had(tunnel_checks(account.client, account.id, account.now())),
                _had(interconnects(account.client, account.id)),
            )
        known, problems = lines or (None, [unseen])
        shown = [_shown(one, (checks or {}).get(one.name)) for one in found]
        return Answer(
            {
                "tunnels": shown,
                "health_problem": unhealthy or None,
                "interconnects": None if known is None else [_line(one) for one in known],
                "interconnects_problem": "; ".join(problems) or None,
            }
        )


async def _had(asked: Awaitable[_T]) -> tuple[_T | None, str]:
    """Return what was asked for, or why it cannot be had."""
    try:
        return await asked, ""
    except ProviderError as error:
        return None, str(error)


def _line(line: Interconnect) -> Mapping[str, Any]:
    return {
        "name": line.name,
        "type": line.kind,
        "site": line.site,
        "facility": line.facility,
        "address": line.address,
        "speed": line.speed,
        "state": line.state,
        "reason": line.reason,
        "problem": line.problem,
        "links": [_link(one) for one in line.links],
    }


def _link(link: Link) -> Mapping[str, Any]:
    return {
        "id": link.id,
        "tunnel": link.tunnel,
        "cloudflare_address": link.cloudflare_address,
        "customer_address": link.customer_address,
        "mtu": link.mtu,
        "bgp": link.asn and {"customer_asn": link.asn, "mode": link.bgp_mode},
    }


def _shown(tunnel: MagicTunnel, checks: TunnelChecks | None) -> Mapping[str, Any]:
    health = checks and {
        "percent": checks.percent,
        "checks": checks.count,
        "newest": moment_text(checks.newest),
    }
    return {
        "id": tunnel.id,
        "name": tunnel.name,
        "kind": tunnel.kind,
        "description": tunnel.description,
        "cloudflare_endpoint": tunnel.cloudflare_endpoint,
        "customer_endpoint": tunnel.customer_endpoint,
        "interface_address": tunnel.interface_address,
        "mtu": tunnel.mtu,
        "bgp_state": tunnel.bgp_state,
        "checked": tunnel.checked,
        "check_target": tunnel.check_target,
        "health": health,
    }
