"""`/api/v1/prefixes`: prefixes on demand as the service knows them, and as the account has them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from responder.cloudflare.prefix_inventory import HeldPrefix, held_prefixes
from responder.ports import Automation, TargetView
from responder.tools.account import Account
from responder.tools.desk import Desk
from responder.web.answers import Answer
from responder.web.documents import moment_text, target_document
from responder.web.tools import answering

__all__ = ["PrefixApi"]

_MITIGATION = "prefix_advertisement"


class PrefixApi:
    """Shows prefixes; they are switched by orders to their targets, with all guards."""

    def __init__(self, automation: Automation, desk: Desk, now: Callable[[], datetime]) -> None:
        self._automation = automation
        self._desk = desk
        self._now = now

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/api/v1")
        router.add_api_route("/prefixes", self.known, methods=["GET"])
        router.add_api_route("/account/prefixes", answering(self.held), methods=["GET"])
        return router

    async def known(self) -> Response:
        """List the configured prefixes as the service last read them; asks nobody."""
        views = await self._automation.targets()
        now = self._now()
        shown = [_known(view, now) for view in views if view.memory.mitigation == _MITIGATION]
        return Answer({"prefixes": shown})

    async def held(self) -> Response:
        """List all prefixes of the account; asks Cloudflare."""
        async with self._desk.reading() as account:
            found = await held_prefixes(account.client, account.id)
            return Answer({"prefixes": [_held(one, account) for one in found]})


def _known(view: TargetView, now: datetime) -> Mapping[str, Any]:
    reading = view.memory.reading
    changeable_at = None
    if reading is not None and reading.at is not None and reading.constrained_for:
        changeable_at = reading.at + reading.constrained_for
        changeable_at = changeable_at if changeable_at > now else None
    return {
        **target_document(view),
        "prefix": view.memory.resource,
        "value": reading.value if reading else None,
        "changed_at": moment_text(reading.changed_at) if reading else None,
        "changeable_at": moment_text(changeable_at),
        "ineligible": reading.ineligible if reading else None,
        "unprepared": reading.unprepared if reading else None,
        "read_at": moment_text(reading.at) if reading else None,
    }


def _held(one: HeldPrefix, account: Account) -> Mapping[str, Any]:
    switches = {
        word: one.switch(advertise=word == "advertise").shown(account.base_url)
        for word in ("advertise", "withdraw")
    }
    part = one.part
    return {
        "prefix": part.cidr,
        "within": one.within,
        "site": account.prefixes.get(part.cidr),
        "description": one.description,
        "asn": one.asn,
        "approved": one.approved,
        "on_demand": part.on_demand,
        "locked": part.locked,
        "bgp_controlled": part.bgp_controlled,
        "advertised": part.advertised,
        "changed_at": moment_text(part.changed_at),
        "requests": switches,
    }
