"""What happens below a request: connections that send too slowly, too much, or never read.

uvicorn bounds the time between two requests and nothing else. A sender that never finishes its
headers, or never reads its answer, would keep a connection and its memory for ever.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from responder.web.limits import Limits

__all__ = ["bounded"]


def bounded(limits: Limits) -> type[HttpToolsProtocol]:
    """Return uvicorn's protocol with these limits."""
    return type("Bounded", (_Bounded,), {"limits": limits})


class _Bounded(HttpToolsProtocol):
    """One connection; it is cut without an answer where nobody waits for one."""

    limits = Limits()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._received = 0
        self._body = 0
        self._whole = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request, unless there are too many connections already."""
        super().connection_made(cast("asyncio.Transport", transport))
        if len(self.connections) > self.limits.connections:
            self.transport.abort()
            return
        self._expect(self.limits.request_within.total_seconds())

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        super().connection_lost(exc)
        self._expect(None)

    def data_received(self, data: bytes) -> None:
        """Take what comes, as long as it is mostly body."""
        self._received += len(data)
        super().data_received(data)
        if self._received - 2 * self._body > self.limits.head_bytes:
            self.transport.abort()

    def on_message_begin(self) -> None:
        """Begin to wait for the whole of a request."""
        super().on_message_begin()
        self._received = self._body = 0
        self._whole = False
        self._expect(self.limits.request_within.total_seconds())

    def on_body(self, body: bytes) -> None:
        """Take a part of the body; what nobody will read counts as none."""
        if not self.cycle.response_complete:
            self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Begin to wait for the answer."""
        super().on_message_complete()
        self._whole = True
        self._go_on()

    def on_response_complete(self) -> None:
        """Wait for the next request as uvicorn does, but for the rest of this one not longer."""
        super().on_response_complete()
        self._go_on()

    def _go_on(self) -> None:
        """Wait for whatever of request and answer is not done yet."""
        if not self._whole:
            return
        done = self.cycle.response_complete and not self.transport.get_write_buffer_size()
        self._expect(None if done else self.limits.exchange_within.total_seconds())

    def _expect(self, seconds: float | None) -> None:
        """Cut the connection in so many seconds, unless something else is expected by then."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if seconds is not None:
            self._timer = self.loop.call_later(seconds, self.transport.abort)
