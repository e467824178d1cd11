"""The listener's certificate, renewed while it is served."""

import ssl
from collections.abc import Sequence
from pathlib import Path

import structlog

from responder.errors import ConfigError
from responder.settings.listener_tls import listener_context

__all__ = ["Certificates"]

_Stamp = tuple[tuple[int, int, int], ...]

_log = structlog.get_logger("responder.web")


class Certificates:
    """Certificate, key and client authority, read again when their files change.

    Each handshake looks at them first. What cannot be used, such as a new certificate whose key is
    not there yet, is said once; the last good pair stands, and the next handshake looks again.
    """

    def __init__(self, cert: Path, key: Path, client_ca: Path | None = None) -> None:
        """Read the files; raises ConfigError."""
        self._files = (cert, key, client_ca)
        self._stamp = _stamp(self._present)
        self._newest = listener_context(cert, key, client_ca)
        self._refused: _Stamp | None = None

    def context(self) -> ssl.SSLContext:
        """Return what to listen with; it hands every new connection over to the newest."""
        context = listener_context(*self._files)

        def hand_over(connection: ssl.SSLObject, *_: object) -> None:
            connection.context = self._renewed()

        context.sni_callback = hand_over
        return context

    @property
    def _present(self) -> Sequence[Path]:
        return [file for file in self._files if file is not None]

    def _renewed(self) -> ssl.SSLContext:
        stamp = _stamp(self._present)
        if stamp in {self._stamp, self._refused}:
            return self._newest
        try:
            self._newest = listener_context(*self._files)
        except ConfigError as error:
            self._refused = stamp
            _log.warning("the renewed certificate is not used", error=str(error))
        else:
            self._stamp, self._refused = stamp, None
            _log.info("certificate renewed", file=str(self._files[0]))
        return self._newest


def _stamp(files: Sequence[Path]) -> _Stamp:
    return tuple(_of(file) for file in files)


def _of(file: Path) -> tuple[int, int, int]:
    try:
        status = file.stat()
    except OSError:
        return (0, 0, 0)
    return (status.st_mtime_ns, status.st_ino, status.st_size)
