"""Whether our receiver proves itself with the token that we demand."""

from collections.abc import Sequence
from hmac import compare_digest
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from responder.doctor.context import AskedAlertmanager, Context
from responder.doctor.delivery import NOTHING_SENT
from responder.doctor.finding import Finding, failure, ok, skipped
from responder.doctor.routing import Authorization
from responder.doctor.runner import each_alertmanager

__all__ = ["judge", "look"]


async def _look(context: Context, asked: AskedAlertmanager) -> Sequence[Finding]:
    travel = await asked.delivery()
    secret = context.settings.server.webhook_token
    if secret is None:
        return [ok("no token is demanded (server.webhook_token_file is not set)")]
    token = secret.value()
    here = _is_this_machine(asked.url)
    return [
        judge(name, one.authorization, token, _read(one.authorization.file) if here else None)
        for name, one in travel.webhooks.items()
    ] or [skipped(NOTHING_SENT)]


look = each_alertmanager(_look)


def judge(name: str, authorization: Authorization, token: str, sent: str | None) -> Finding:
    """Judge what a receiver sends; `sent` is None when it cannot be read from here."""
    advice = "set http_config.authorization.credentials_file there, with the token of ours in it"
    if not authorization.scheme:
        return failure(f"receiver {name} sends no token, and is turned away with 401", advice)
    if authorization.scheme.lower() != "bearer":
        seen = f"receiver {name} uses {authorization.scheme}, and only a Bearer token is taken"
        return failure(seen, advice)
    if sent is None:
        return ok(
            f"receiver {name} sends a Bearer token; which one cannot be seen from here"
            " (service/webhooks tells whether it is taken)"
        )
    if not compare_digest(sent.strip().encode(), token.encode()):
        return failure(
            f"receiver {name} sends another token ({authorization.file}) than we demand",
            "write the token of server.webhook_token_file into that file",
        )
    return ok(f"receiver {name} sends the token that we demand")


def _read(file: str) -> str | None:
    """Return the credential, if Alertmanager names its file and this user may read it."""
    try:
        return Path(file).read_text() if Path(file).is_file() else None
    except (OSError, UnicodeError):
        return None


def _is_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
