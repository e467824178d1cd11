"""Who asks, and may they: credentials, permission groups, and how each family says no."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request

from responder.simulator.envelope import NO_ROUTE, ApiError, Layout, Problem
from responder.simulator.inventory import Account, Token, TokenKind, TokenStatus, Zone
from responder.simulator.state import Simulation

__all__ = ["Caller", "Family", "Refusal", "account_family", "caller_of", "find_token", "identify"]

# Assumed: only the alphabet is checked, so that a short made-up token works in a test.
_BEARER = re.compile(r"Bearer ([A-Za-z0-9_-]+)")
_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ID = re.compile(r"[0-9a-f]{32}")

_BAD_BEARER = Problem(6111, "Invalid format for Authorization header")
_BAD_KEY = Problem(6103, "Invalid format for X-Auth-Key header")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status and the problem it comes with."""

    status: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class Family:
    """How one API family answers: its layout, and its refusals for credentials."""

    layout: Layout
    missing: Refusal  # no credentials at all
    unknown: Refusal  # credentials nobody has, or that are disabled or expired
    forbidden: Refusal  # a permission or a resource the token has not

    def refuse(self, refusal: Refusal) -> ApiError:
        """Build the error to raise."""
        return ApiError(refusal.status, refusal.problem, layout=self.layout)


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated request: the simulation it may act on, as whom, and when."""

    simulation: Simulation
    token: Token
    now: datetime
    path: str
    family: Family

    def require(self, *groups: str) -> None:
        """Refuse a token that has none of these permission groups."""
        if self.token.permissions.isdisjoint(groups):
            raise self.family.refuse(self.family.forbidden)

    def zone(self, zone_id: str, *groups: str) -> Zone:
        """Find a zone this token may use; one that does not exist looks like a foreign one."""
        self._check_route(zone_id)
        self.require(*groups)
        zone = self.simulation.zones.get(zone_id)
        if zone is None or not self.token.sees(zone):
            raise self.family.refuse(self.family.forbidden)
        return zone

    def account(self, account_id: str, *groups: str) -> Account:
        """Find an account this token may use; one that does not exist looks like a foreign one."""
        self._check_route(account_id)
        self.require(*groups)
        account = self.simulation.accounts.get(account_id)
        if account is None or not self.token.reaches(account):
            raise self.family.refuse(self.family.forbidden)
        return account

    def error(self, status: int, code: int, message: str) -> ApiError:
        """Build the error to raise for a request that this family cannot fulfil."""
        return ApiError(status, Problem(code, message), layout=self.family.layout)

    def _check_route(self, named: str) -> None:
        if not _ID.fullmatch(named):
            raise ApiError(404, _unroutable(self.path), NO_ROUTE, layout=self.family.layout)


def account_family(layout: Layout) -> Family:
    """Build the family of an API of accounts: it is the API's gateway that refuses there."""
    no = Refusal(403, Problem(10000, "Authentication error"))
    missing = Problem(9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
    return Family(layout=layout, missing=Refusal(400, missing), unknown=no, forbidden=no)


def caller_of(family: Family) -> Callable[[Request], Awaitable[Caller]]:
    """Build the dependency that gives a family's endpoints their authenticated caller."""

    async def caller(request: Request) -> Caller:
        now: datetime = request.state.clock()
        token = identify(request, family)
        if token.standing(now) is not TokenStatus.ACTIVE:
            raise family.refuse(family.unknown)
        return Caller(request.state.simulation, token, now, request.url.path, family)

    return caller


def identify(request: Request, family: Family) -> Token:
    """Find the token that the request presents, whatever its status."""
    headers = request.headers
    if "authorization" in headers:
        if not _BEARER.fullmatch(headers["authorization"]):
            raise _malformed(_BAD_BEARER)
    elif "x-auth-key" not in headers or "x-auth-email" not in headers:
        raise family.refuse(family.missing)
    elif not _KEY.fullmatch(headers["x-auth-key"]):
        raise _malformed(_BAD_KEY)
    token = find_token(headers, request.state.simulation.tokens.values())
    if token is None:
        raise family.refuse(family.unknown)
    return token


def find_token(headers: Mapping[str, str], tokens: Iterable[Token]) -> Token | None:
    """Match Bearer credentials, else e-mail and key, against the table; None for a stranger."""
    bearer = headers.get("authorization")
    if bearer is not None:
        match = _BEARER.fullmatch(bearer)
        value = match and match[1]
        return next((t for t in tokens if t.kind is not TokenKind.KEY and t.value == value), None)
    pair = (headers.get("x-auth-email"), headers.get("x-auth-key"))
    return next((t for t in tokens if t.kind is TokenKind.KEY and (t.email, t.value) == pair), None)


def _malformed(problem: Problem) -> ApiError:
    return ApiError(400, Problem(6003, "Invalid request headers", (problem,)))


def _unroutable(path: str) -> Problem:
    return Problem(7003, f"Could not route to {path}, perhaps your object identifier is invalid?")
