"""A zone's security level, of which `under_attack` is one."""

from dataclasses import dataclass
from datetime import datetime

from responder.cloudflare.answers import Operation, malformed, moment
from responder.cloudflare.client import CloudflareClient

__all__ = ["SecurityLevel", "SecurityLevels"]

_READ = Operation("read_security_level", "Zone Settings Read")
_WRITE = Operation("write_security_level", "Zone Settings Write")


@dataclass(frozen=True, slots=True)
class SecurityLevel:
    """The setting as Cloudflare holds it."""

    value: str
    editable: bool
    modified_on: datetime | None


class SecurityLevels:
    """The security levels of the zones of one credential."""

    def __init__(self, client: CloudflareClient) -> None:
        self._client = client

    async def read(self, zone_id: str) -> SecurityLevel:
        """Ask for the level; raises ProviderError."""
        answer = await self._client.request("GET", _path(zone_id), _READ)
        return _level(answer.result, _READ)

    async def write(self, zone_id: str, value: str) -> SecurityLevel:
        """Set the level, and return what Cloudflare answered; raises ProviderError."""
        body = {"value": value}
        answer = await self._client.request("PATCH", _path(zone_id), _WRITE, json=body)
        return _level(answer.result, _WRITE)


def _path(zone_id: str) -> str:
    return f"/zones/{zone_id}/settings/security_level"


def _level(item: object, operation: Operation) -> SecurityLevel:
    setting = item if isinstance(item, dict) else {}
    value = setting.get("value")
    if not isinstance(value, str):
        raise malformed(operation, "a setting without its value")
    return SecurityLevel(
        value=value,
        editable=setting.get("editable") is not False,
        modified_on=moment(setting.get("modified_on")),
    )
