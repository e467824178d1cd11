"""Structured logs: where they go and how they look; what they say is said where it happens."""

import logging
import logging.handlers
import sys
from collections.abc import Sequence
from typing import Protocol, TextIO, cast

import structlog

from responder.redaction import escaped, without

__all__ = ["configure_logs"]

SYSLOG_SOCKET = "/dev/log"


class LogSettings(Protocol):
    """The section `log` of the configuration."""

    @property
    def level(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def output(self) -> str: ...
    @property
    def file(self) -> object: ...
    @property
    def max_size_mb(self) -> int: ...
    @property
    def max_backups(self) -> int: ...


class KnownSecret(Protocol):
    """A secret as it was last read."""

    @property
    def known(self) -> str: ...


def configure_logs(
    settings: LogSettings, secrets: Sequence[KnownSecret] = (), stdout: TextIO | None = None
) -> None:
    """Send every log line, ours and the libraries', to one place in one form; raises OSError.

    None of the secrets is ever written: a last net, for what an unforeseen exception may hold.
    `stdout` takes the place of the real one, for commands that print an answer there.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = _handler(settings, stdout or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _line(_renderer(settings), secrets),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.level.upper())
    for noisy in ("httpx", "httpcore", "uvicorn", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # It warns of each malformed request, which anybody can send.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(root.level),
        cache_logger_on_first_use=True,
    )


def _handler(settings: LogSettings, stdout: TextIO) -> logging.Handler:
    if settings.output == "file":
        return logging.handlers.RotatingFileHandler(
            cast("str", settings.file),
            maxBytes=settings.max_size_mb * 1024 * 1024,
            backupCount=settings.max_backups,
            encoding="utf-8",
        )
    if settings.output == "syslog":
        handler = logging.handlers.SysLogHandler(SYSLOG_SOCKET)
        handler.ident = "responder: "
        return handler
    return logging.StreamHandler(stdout)


def _line(
    render: structlog.typing.Processor, secrets: Sequence[KnownSecret]
) -> structlog.typing.Processor:
    """Return what makes the line: one line of what prints, so that data cannot forge lines.

    The escapes are those of JSON, and stand inside of texts only: what was JSON still is.
    """

    def line(logger: object, method: str, event: structlog.typing.EventDict) -> str:
        text = escaped(str(render(logger, method, event)))
        return without(text, [secret.known for secret in secrets])

    return line


def _renderer(settings: LogSettings) -> structlog.typing.Processor:
    if settings.format == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.processors.LogfmtRenderer(
        key_order=["timestamp", "level", "logger", "event"], bool_as_flag=False
    )
