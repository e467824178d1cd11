"""`/`: one plain page that says what is on, and why."""

from jinja2 import Environment, PackageLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from responder.ports import Automation
from responder.web.answers import SAFE_HEADERS
from responder.web.documents import target_document

__all__ = ["Console"]

_HEADERS = {
    **SAFE_HEADERS,
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
}


class Console:
    """Shows people what the API shows programs."""

    def __init__(self, automation: Automation) -> None:
        self._automation = automation
        self._templates = Environment(
            loader=PackageLoader("responder.web"), autoescape=True, trim_blocks=True
        )

    async def show(self, _request: Request) -> Response:
        """Answer the page."""
        targets = [target_document(view) for view in await self._automation.targets()]
        page = self._templates.get_template("console.html").render(targets=targets)
        return HTMLResponse(page, headers=_HEADERS)
