"""What Alertmanager says of itself: its version, and the configuration that it runs with."""

from dataclasses import dataclass

from responder.alertmanager.wire import as_object, decoded, texts

__all__ = ["Running", "parse_running"]


@dataclass(frozen=True, slots=True)
class Running:
    """The part of `/api/v2/status` that tells how alerts travel."""

    version: str
    config: str
    """The configuration in YAML as it was loaded; Alertmanager itself hides the secrets in it."""


def parse_running(body: bytes) -> Running:
    """Read the answer of `/api/v2/status`; raises ValueError with what is wrong where."""
    status = as_object(decoded(body))
    version = texts(status, "versionInfo").get("version", "unknown")
    return Running(version, texts(status, "config").get("original", ""))
