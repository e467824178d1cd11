"""The first thing every request meets: is it let in, and is there room for it."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from responder.web.answers import LastAnswer
from responder.web.doors import Doors, Knock
from responder.web.limits import Limits

__all__ = ["Gate"]

_FROM_PAGES = frozenset({b"origin", b"sec-fetch-site"})
"""Headers that browsers add by themselves, and that no page can leave out."""


class Gate:
    """An ASGI middleware that turns away what the doors refuse, whether its path exists or not.

    It also counts what all bodies together hold in memory: many large ones at once must not cost
    more than is there.
    """

    def __init__(self, app: ASGIApp, doors: Doors, limits: Limits | None = None) -> None:
        self._app = app
        self._doors = doors
        self._most = (limits or Limits()).held_bytes
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer why not."""
        refusal = self._doors.refusal(_knock(scope)) if scope["type"] == "http" else None
        if refusal is None:
            await self._let_in(scope, receive, send)
            return
        challenge = {"WWW-Authenticate": refusal.challenge} if refusal.challenge else None
        answer = LastAnswer({"error": refusal.reason}, refusal.status, challenge)
        await answer(scope, receive, send)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count its body for as long as it takes to answer it."""
        mine, answered = 0, False

        async def counted() -> Message:
            nonlocal mine
            message = await receive()
            size = 0 if answered else len(message.get("body", b""))
            if self._held + size > self._most:
                raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, "too much at once; try again")
            mine += size
            self._held += size
            return message

        async def noting(message: Message) -> None:
            nonlocal answered
            answered = True  # whatever still comes is thrown away
            await send(message)

        try:
            await self._app(scope, counted, noting)
        finally:
            self._held -= mine


def _knock(scope: Scope) -> Knock:
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    secrets = [value for name, value in scope["headers"] if name == b"cf-webhook-auth"]
    return Knock(
        path=scope["path"],
        method=scope["method"],
        authorization=given[0] if len(given) == 1 else b"",
        cloudflare_secret=secrets[0] if len(secrets) == 1 else b"",
        host=next((value for name, value in scope["headers"] if name == b"host"), b""),
        from_page=any(name in _FROM_PAGES for name, _ in scope["headers"]),
    )
