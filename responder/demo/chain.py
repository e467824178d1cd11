"""What the programs of a stack say of themselves, asked one by one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

import httpx

from responder.demo.errors import StackError
from responder.demo.stack import Stack

__all__ = ["Chain", "Write"]

_TIMEOUT = timedelta(seconds=10)

_LOAD = 'max(node_load1{site="%s"}) / max(instance:node_cpu:count{site="%s"})'
"""As the detector reads it: straight from the last scrape."""


@dataclass(frozen=True, slots=True)
class Write:
    """A write as it reached the simulated Cloudflare; `status` is None until it is answered."""

    at: datetime
    level: str
    status: int | None


class Chain:
    """Asks the programs; what does not answer raises StackError."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._client = httpx.Client(timeout=_TIMEOUT.total_seconds(), trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def load(self, site: str) -> float | None:
        """Return the load per core as the detectors see it; None before the first evaluation."""
        answer = self._ask("prometheus", "/api/v1/query", query=_LOAD % (site, site))
        series = answer["data"]["result"]
        return float(series[0]["value"][1]) if series else None

    def armed(self, site: str) -> bool:
        """Tell whether the detectors have both their input and their thresholds."""
        thresholds = 'count(mitigation:threshold:default{signal="load"}) == 2'
        answer = self._ask("prometheus", "/api/v1/query", query=thresholds)
        return bool(answer["data"]["result"]) and self.load(site) is not None

    def alerts(self, site: str) -> list[dict[str, Any]]:
        """Return the alerts that Alertmanager holds for a site and any mitigation."""
        answer: list[dict[str, Any]] = self._ask(
            "alertmanager", "/api/v2/alerts", filter=[f'site="{site}"', 'mitigation=~".+"']
        )
        return answer

    def target(self, target: str) -> dict[str, Any]:
        """Return a target as the responder's API shows it."""
        found: dict[str, Any] = self._ask("responder", f"/api/v1/targets/{target}")
        return found

    def events(self, target: str) -> list[dict[str, Any]]:
        """Return the audit trail of a target, oldest first."""
        answer = self._ask("responder", "/api/v1/events", target=target, limit=1000)
        events: list[dict[str, Any]] = answer["events"]
        return events[::-1]

    def health(self) -> dict[str, Any]:
        """Return the responder's health."""
        health: dict[str, Any] = self._ask("responder", "/health")
        return health

    def level(self, zone: str) -> str:
        """Return the level at which a zone stands at the simulated Cloudflare."""
        return str(self._zone(zone)["level"])

    def writes(self, zone: str) -> list[Write]:
        """Return what was written to a zone, oldest first."""
        path = f"/zones/{self._zone(zone)['id']}/settings/"
        return [
            Write(
                datetime.fromisoformat(one["at"]),
                one["body"]["value"],
                one["status"],
            )
            for one in self._ask("simulator", "/simulator/requests")["requests"]
            if one["method"] == "PATCH" and path in one["path"]
        ]

    def requests(self) -> int:
        """Return how many requests the simulated Cloudflare has had."""
        return int(self._ask("simulator", "/simulator/state")["requests"]["total"])

    def _zone(self, name: str) -> dict[str, Any]:
        zones = self._ask("simulator", "/simulator/state")["zones"]
        zone: dict[str, Any] = next(one for one in zones if one["name"] == name)
        return zone

    def _ask(self, program: str, path: str, **query: Any) -> Any:
        url = self._stack.url(program) + path
        headers = (
            {"Authorization": f"Bearer {self._stack.api_token}"} if program == "responder" else {}
        )
        try:
            answer = self._client.get(url, params=query, headers=headers)
        except httpx.HTTPError as error:
            raise StackError(f"{program} does not answer at {url}: {error!r}") from error
        if answer.status_code >= httpx.codes.BAD_REQUEST and path != "/health":
            told = f"{answer.status_code}: {answer.text[:300]}"
            raise StackError(f"{program} answers {told} at {url}")
        return answer.json()
