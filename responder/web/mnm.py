"""`/api/v1/account/mnm/rules`: rules of Magic Network Monitoring."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from responder.cloudflare.mnm import MnmRule
from responder.tools.account import Account
from responder.tools.desk import Change, Desk
from responder.tools.mnm import adding, competing, deleting, editing, mnm_rules
from responder.web.answers import Answer
from responder.web.limits import Limits
from responder.web.overrides import actor
from responder.web.tools import answering, made_document, read_model

__all__ = ["MnmApi"]

_DryRun = Annotated[bool, Query()]


_EMPTY: Mapping[str, Any] = {
    "name": "",
    "type": "",
    "prefixes": (),
    "automatic_advertisement": False,
}
"""A rule about which nothing was said; what it must have is told as missing."""


class _Fields(BaseModel):
    """What may be said of a rule, as Cloudflare names it; null is as if it were left out."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str | None = None
    type: str | None = None
    prefixes: list[str] | None = None
    automatic_advertisement: bool | None = None
    bandwidth_threshold: float | None = None
    packet_threshold: float | None = None
    duration: str | None = None
    prefix_match: str | None = None
    zscore_sensitivity: str | None = None
    zscore_target: str | None = None

    def given(self) -> dict[str, Any]:
        """Return what was said."""
        fields = self.model_dump(exclude_none=True)
        return fields | ({"prefixes": tuple(fields["prefixes"])} if "prefixes" in fields else {})


class MnmApi:
    """Shows and changes the rules; the automation itself never does."""

    def __init__(self, desk: Desk, limits: Limits) -> None:
        self._desk = desk
        self._limits = limits

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/api/v1/account/mnm/rules")
        router.add_api_route("", answering(self.rules), methods=["GET"])
        router.add_api_route("", answering(self.add), methods=["POST"])
        router.add_api_route("/{name}", answering(self.edit), methods=["PATCH"])
        router.add_api_route("/{name}", answering(self.delete), methods=["DELETE"])
        return router

    async def rules(self) -> Response:
        """List all rules, each with what must be warned of."""
        async with self._desk.reading() as account:
            rules = await mnm_rules(account)
            return Answer({"rules": [_document(one, account) for one in rules]})

    async def add(self, request: Request, *, dry_run: _DryRun = False) -> Response:
        """Add a rule."""
        fields = (await read_model(request, _Fields, self._limits)).given()
        rule = MnmRule(**{**_EMPTY, **fields})
        return await self._made(request, lambda account: adding(account, rule), dry_run=dry_run)

    async def edit(self, name: str, request: Request, *, dry_run: _DryRun = False) -> Response:
        """Change what the body names."""
        fields = (await read_model(request, _Fields, self._limits)).given()
        return await self._made(
            request, lambda account: editing(account, name, fields), dry_run=dry_run
        )

    async def delete(self, name: str, request: Request, *, dry_run: _DryRun = False) -> Response:
        """Take a rule away."""
        return await self._made(request, lambda account: deleting(account, name), dry_run=dry_run)

    async def _made(
        self,
        request: Request,
        change: Callable[[Account], Awaitable[Change]],
        *,
        dry_run: bool,
    ) -> Response:
        async with self._desk.writing() as account:
            made = await self._desk.make(
                account, await change(account), actor(request), dry_run=dry_run
            )
        return Answer(made_document(made))


def _document(rule: MnmRule, account: Account) -> Mapping[str, Any]:
    return {**asdict(rule), "warnings": list(competing(rule, account.prefixes))}
