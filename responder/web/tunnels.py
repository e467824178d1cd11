"""`/api/v1/account/tunnels`: tunnels and interconnects, and how well they are."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

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
        """List them all; without an answer about their health they are listed without it."""
        async with self._desk.reading() as account:
            found = await magic_tunnels(account.client, account.id)
            problem, checks = "", {}
            try:
                checks = dict(await tunnel_checks(account.client, account.id, account.now()))
            except ProviderError as error:
                problem = str(error)
        shown = [_shown(one, checks.get(one.name)) for one in found]
        return Answer({"tunnels": shown, "health_problem": problem or None})


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
