"""The endpoints of operators' tools, added to an application."""

from collections.abc import Callable
from datetime import datetime

from fastapi import FastAPI

from responder.ports import Automation
from responder.tools.desk import Desk
from responder.web.ddos import DdosApi
from responder.web.limits import Limits
from responder.web.mnm import MnmApi
from responder.web.prefixes import PrefixApi
from responder.web.tunnels import TunnelApi

__all__ = ["include_tools"]


def include_tools(
    app: FastAPI, automation: Automation, desk: Desk, now: Callable[[], datetime]
) -> None:
    """Add a router for each family of tools; the gate asks for the API token before each."""
    limits = Limits()
    app.include_router(PrefixApi(automation, desk, now).router())
    app.include_router(TunnelApi(desk).router())
    app.include_router(MnmApi(desk, limits).router())
    app.include_router(DdosApi(desk, limits).router())
