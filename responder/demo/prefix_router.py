"""A router in front of the prefix: it counts what it receives, and the demo drives it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from responder.ports import Clock

__all__ = ["Router"]

_SERIES = 'node_network_receive_bytes_total{{device="eth0"}} {:.0f}\n'
_STOP_WITHIN = 0.1
"""Seconds until the server notices that it is to end."""


class Router:
    """Serves on loopback what node_exporter on a Linux router would of its line."""

    def __init__(self, clock: Clock, bits: float) -> None:
        self._clock = clock
        self._bits = bits
        self._bytes = 0.0
        self._since = clock.monotonic()
        self._turn = threading.Lock()

    def receive(self, bits: float) -> None:
        """Receive so many bits a second from now on."""
        with self._turn:
            self._count()
            self._bits = bits

    def metrics(self) -> str:
        """Return what Prometheus scrapes."""
        with self._turn:
            return _SERIES.format(self._count())

    def _count(self) -> float:
        now = self._clock.monotonic()
        self._bytes += self._bits / 8 * (now - self._since).total_seconds()
        self._since = now
        return self._bytes

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve on a free port of loopback; give its address."""
        router = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = router.metrics().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing: the timeline has the screen."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(_STOP_WITHIN,))
            thread.start()
            try:
                yield f"127.0.0.1:{server.server_address[1]}"
            finally:
                server.shutdown()
                thread.join()
