"""`/`: one plain page that says what is on, and why."""

from functools import lru_cache
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from responder.ports import Automation
from responder.web.answers import SAFE_HEADERS
from responder.web.documents import target_document

if TYPE_CHECKING:
    from jinja2 import Template

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

    async def show(self, _request: Request) -> Response:
        """Answer the page."""
        targets = [target_document(view) for view in await self._automation.targets()]
        return HTMLResponse(_page().render(targets=targets), headers=_HEADERS)


@lru_cache(maxsize=1)
def _page() -> "Template":
    # A megabyte that a service does without until somebody looks.
    from jinja2 import Environment, PackageLoader  # noqa: PLC0415

    loader = PackageLoader("responder.web")
    return Environment(loader=loader, autoescape=True, trim_blocks=True).get_template(
        "console.html"
    )
