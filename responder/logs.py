"""Structured logs: where they go and how they look; what they say is said where it happens."""

import logging
import logging.handlers
import sys
from typing import Protocol, cast

import structlog

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


def configure_logs(settings: LogSettings) -> None:
    """Send every log line, ours and the libraries', to one place in one form; raises OSError."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = _handler(settings)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _renderer(settings),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.level.upper())
    for noisy in ("httpx", "httpcore", "uvicorn", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(root.level),
        cache_logger_on_first_use=True,
    )


def _handler(settings: LogSettings) -> logging.Handler:
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
    return logging.StreamHandler(sys.stdout)


def _renderer(settings: LogSettings) -> structlog.typing.Processor:
    """Return what makes the line; both escape line breaks, so that data cannot forge lines."""
    if settings.format == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.processors.LogfmtRenderer(
        key_order=["timestamp", "level", "logger", "event"], bool_as_flag=False
    )
