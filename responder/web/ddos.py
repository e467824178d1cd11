"""`/api/v1/account/ddos/{scope}`: managed DDoS rules and their overrides.

A scope is `l3-4`, the account's network, or the name or id of a zone, for layer 7.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from responder.cloudflare.ddos import DdosOverrides, OverrideRule
from responder.tools.ddos import (
    Wanted,
    Where,
    adding,
    deleting,
    editing,
    moving,
    overrides_of,
)
from responder.tools.ddos_levels import Level, Levels
from responder.tools.desk import Change, Desk
from responder.web.answers import Answer
from responder.web.limits import Limits
from responder.web.overrides import actor
from responder.web.tools import answering, made_document, read_model

__all__ = ["DdosApi"]

_DryRun = Annotated[bool, Query()]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Level(_Body):
    sensitivity_level: str | None = None
    action: str | None = None

    def value(self) -> Level:
        """Return it as the tools take it."""
        return Level(self.sensitivity_level, self.action)


class _Levels(_Level):
    categories: dict[str, _Level] = Field(default_factory=dict)
    rules: dict[str, _Level] = Field(default_factory=dict)

    def all(self) -> Levels:
        """Return them as the tools take them."""
        return Levels(
            self.value(),
            {name: one.value() for name, one in self.categories.items()},
            {name: one.value() for name, one in self.rules.items()},
        )


class _Where(_Body):
    before: str | None = None
    after: str | None = None
    index: int | None = None

    def value(self) -> Where:
        """Return it as the tools take it."""
        return Where(self.before, self.after, self.index)


class _Override(_Body):
    expression: str | None = None
    overrides: _Levels | None = None
    description: str | None = None
    enabled: bool | None = None

    def wanted(self) -> Wanted:
        """Return what is said."""
        levels = self.overrides.all() if self.overrides is not None else None
        return Wanted(self.expression, levels, self.description, self.enabled)


class _New(_Override):
    ref: str
    position: _Where | None = None


class DdosApi:
    """Shows Cloudflare's rules, and changes what overrides them."""

    def __init__(self, desk: Desk, limits: Limits) -> None:
        self._desk = desk
        self._limits = limits

    def router(self) -> APIRouter:
        """Return the routes; a ref may hold whatever its author liked."""
        router = APIRouter(prefix="/api/v1/account/ddos/{scope}")
        one = "/overrides/{ref}"
        router.add_api_route("/rules", answering(self.rules), methods=["GET"])
        router.add_api_route("/overrides", answering(self.overrides), methods=["GET"])
        router.add_api_route("/overrides", answering(self.add), methods=["POST"])
        router.add_api_route(f"{one}/position", answering(self.move), methods=["PUT"])
        router.add_api_route(one, answering(self.edit), methods=["PATCH"])
        router.add_api_route(one, answering(self.delete), methods=["DELETE"])
        return router

    async def rules(self, scope: str) -> Response:
        """List Cloudflare's own rules."""
        async with self._desk.reading() as account:
            api = await overrides_of(account, scope)
            return Answer({"rules": [asdict(one) for one in await api.managed()]})

    async def overrides(self, scope: str) -> Response:
        """List the overrides in their order; the first one that matches wins."""
        async with self._desk.reading() as account:
            there = await (await overrides_of(account, scope)).entrypoint()
        rules = there.rules if there is not None else ()
        return Answer({"overrides": [_document(one) for one in rules]})

    async def add(self, request: Request, *, dry_run: _DryRun = False) -> Response:
        """Add an override, last or where the position says."""
        new = await read_model(request, _New, self._limits)
        where = new.position.value() if new.position is not None else None
        return await self._made(
            request, lambda api: adding(api, new.ref, new.wanted(), where), dry_run=dry_run
        )

    async def edit(self, ref: str, request: Request, *, dry_run: _DryRun = False) -> Response:
        """Change what the body says; overrides are replaced as a whole."""
        said = await read_model(request, _Override, self._limits)
        return await self._made(
            request, lambda api: editing(api, ref, said.wanted()), dry_run=dry_run
        )

    async def move(self, ref: str, request: Request, *, dry_run: _DryRun = False) -> Response:
        """Give an override another place."""
        where = await read_model(request, _Where, self._limits)
        return await self._made(
            request, lambda api: moving(api, ref, where.value()), dry_run=dry_run
        )

    async def delete(self, ref: str, request: Request, *, dry_run: _DryRun = False) -> Response:
        """Take an override away."""
        return await self._made(request, lambda api: deleting(api, ref), dry_run=dry_run)

    async def _made(
        self,
        request: Request,
        change: Callable[[DdosOverrides], Awaitable[Change]],
        *,
        dry_run: bool,
    ) -> Response:
        async with self._desk.writing() as account:
            api = await overrides_of(account, request.path_params["scope"])
            made = await self._desk.make(
                account, await change(api), actor(request), dry_run=dry_run
            )
        return Answer(made_document(made))


def _document(rule: OverrideRule) -> Mapping[str, Any]:
    shown = asdict(rule)
    return {name: shown[name] for name in ("id", "ref", "description", "enabled")} | {
        "expression": rule.expression,
        "overrides": dict(rule.overrides),
    }
