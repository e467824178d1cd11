"""The first thing every request meets: is it let in."""

from starlette.types import ASGIApp, Receive, Scope, Send

from responder.web.answers import LastAnswer
from responder.web.doors import Doors, Knock

__all__ = ["Gate"]


class Gate:
    """An ASGI middleware that turns away what the doors refuse, whether its path exists or not."""

    def __init__(self, app: ASGIApp, doors: Doors) -> None:
        self._app = app
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer why not."""
        refusal = self._doors.refusal(_knock(scope)) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
            return
        challenge = {"WWW-Authenticate": refusal.challenge} if refusal.challenge else None
        answer = LastAnswer({"error": refusal.reason}, refusal.status, challenge)
        await answer(scope, receive, send)


def _knock(scope: Scope) -> Knock:
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    return Knock(
        path=scope["path"],
        method=scope["method"],
        authorization=given[0] if len(given) == 1 else b"",
        from_page=any(name == b"origin" for name, _ in scope["headers"]),
    )
