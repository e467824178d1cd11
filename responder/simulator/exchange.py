"""One API request and its answer, between the server and the API families.

The body is read before anything else, so that it can be logged, and so that a write can take
effect after its sender has gone.
"""

from urllib.parse import parse_qs

from pydantic_core import from_json
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

__all__ = ["Exchange"]

_LONGEST_LOGGED_BODY = 16_384


class Exchange:
    """A request that has been read, and what becomes of its answer.

    `status` is that of the answer on the wire, None until there is one. `extra_headers` go on
    every answer.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: str = scope["query_string"].decode("latin-1")
        self.headers = Headers(scope=scope)
        self.body = b""
        self.status: int | None = None
        self.extra_headers: list[tuple[bytes, bytes]] = []
        self._receive = receive
        self._send = send

    @classmethod
    async def read(cls, scope: Scope, receive: Receive, send: Send) -> "Exchange | None":
        """Take the whole request from the connection; None when its sender left within it."""
        exchange = cls(scope, receive, send)
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            exchange.body += message.get("body", b"")
            more = message.get("more_body", False)
        return exchange

    def named_zone(self) -> str | None:
        """Find which zone the request is about: an id in the path, or `name=` of the list."""
        steps = self.path.split("/")
        if "zones" in steps[:-1]:
            return steps[steps.index("zones") + 1]
        return parse_qs(self.query).get("name", [None])[0]

    def logged_body(self) -> object:
        """Give the body as the request log keeps it: decoded JSON, else text, cut when long.

        The secret of a webhook is not kept.
        """
        if len(self.body) > _LONGEST_LOGGED_BODY:
            return self.body[:_LONGEST_LOGGED_BODY].decode(errors="replace")
        try:
            # Stricter than json.loads: what it lets in, the control API can show again.
            body = from_json(self.body, allow_inf_nan=False) if self.body else None
            return (
                {**body, "secret": "***"} if isinstance(body, dict) and "secret" in body else body
            )
        except ValueError:
            return self.body.decode(errors="replace")

    async def replay(self) -> Message:
        """Stand in for the connection's `receive`, whose body has been read already."""
        return {"type": "http.request", "body": self.body, "more_body": False}

    async def send(self, message: Message) -> None:
        """Pass the answer on with the extra headers, noting its status."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": [*message.get("headers", ()), *self.extra_headers]}
        await self._send(message)

    async def disconnected(self) -> None:
        """Wait until the client has gone, or the answer is complete."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def reset(self) -> None:
        """Reset the connection, as far as the server allows: `server` puts the means in `state`.

        Under a transport without a connection raise ConnectionResetError.
        """
        reset = self.scope["state"].get("reset_connection")
        if reset is None:
            raise ConnectionResetError("the simulated connection was reset")
        reset()
        await self.disconnected()
