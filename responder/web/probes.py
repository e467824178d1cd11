"""`/live`, `/ready` and `/health`: how the service is, for machines, from what is known."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from responder import __version__
from responder.ports import Automation, Component, ComponentStatus, Health
from responder.web.answers import Answer

__all__ = ["Probes"]

_WORST_FIRST = (ComponentStatus.FAILED, ComponentStatus.DEGRADED)


class Probes:
    """Answers whether to restart the service, to send it requests, or to look after it."""

    def __init__(
        self, automation: Automation, beside: Callable[[], Sequence[Component]] = tuple
    ) -> None:
        """Take what is looked after, and what gives the lines of parts `beside` it."""
        self._automation = automation
        self._beside = beside

    async def live(self, _request: Request) -> Response:
        """Answer 200: who can answer is alive."""
        return Answer({"status": "live"})

    async def ready(self, _request: Request) -> Response:
        """Answer 200 when the store answers and the first pass is done, else 503."""
        if self._automation.health().ready:
            return Answer({"status": "ready"})
        return Answer({"status": "not ready"}, HTTPStatus.SERVICE_UNAVAILABLE)

    async def health(self, _request: Request) -> Response:
        """List the components; 503 only when one has failed."""
        health = self._automation.health()
        health = replace(health, components=(*health.components, *self._beside()))
        status = _worst(health)
        failed = status is ComponentStatus.FAILED
        components = [
            {"name": one.name, "status": one.status, "detail": one.detail}
            for one in health.components
        ]
        return Answer(
            {"status": status, "version": __version__, "components": components},
            HTTPStatus.SERVICE_UNAVAILABLE if failed else HTTPStatus.OK,
        )


def _worst(health: Health) -> ComponentStatus:
    found = {component.status for component in health.components}
    return next((status for status in _WORST_FIRST if status in found), ComponentStatus.OK)
