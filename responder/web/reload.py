"""`POST /-/reload`: the configuration anew, answered when it is in force or refused."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from responder.errors import ConfigError
from responder.ports import Automation
from responder.web.answers import Answer

__all__ = ["Reload"]


class Reload:
    """Reloads as SIGHUP does, and says what came of it."""

    def __init__(self, automation: Automation) -> None:
        self._automation = automation

    async def take(self, _request: Request) -> Response:
        """Answer 200 when it is in force; 500 with every problem when the old one stays.

        Prometheus and Alertmanager answer their own reload so.
        """
        try:
            await self._automation.reload()
        except ConfigError as error:
            told = {"error": "the configuration is refused; the old one stays"}
            return Answer(told | {"problems": error.problems}, HTTPStatus.INTERNAL_SERVER_ERROR)
        return Answer({"status": "reloaded"})
