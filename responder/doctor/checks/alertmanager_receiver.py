"""Whether our receiver is told everything: the end of alerts, and all of them."""

from collections.abc import Sequence

from responder.doctor.context import AskedAlertmanager, Context
from responder.doctor.delivery import NOTHING_SENT
from responder.doctor.finding import Finding, failure, ok, skipped, warning
from responder.doctor.routing import Webhook
from responder.doctor.runner import each_alertmanager
from responder.settings import Settings

__all__ = ["judge", "look"]


async def _look(context: Context, asked: AskedAlertmanager) -> Sequence[Finding]:
    travel = await asked.delivery()
    return [
        finding
        for name, webhook in travel.webhooks.items()
        for finding in judge(name, webhook, context.settings)
    ] or [skipped(NOTHING_SENT)]


look = each_alertmanager(_look)


def judge(name: str, webhook: Webhook, settings: Settings) -> list[Finding]:
    """Judge one webhook that leads to us."""
    found = []
    if not webhook.send_resolved:
        seen = f"receiver {name} has send_resolved: false, so the end of an alert is not told"
        advice = "set send_resolved: true there"
        only_webhooks = not settings.alertmanager.urls
        found.append((failure if only_webhooks else warning)(seen, advice))
    if webhook.max_alerts:
        seen = (
            f"receiver {name} has max_alerts: {webhook.max_alerts}, and Alertmanager never tells"
            " the end of what it cuts"
        )
        found.append(warning(seen, "set max_alerts: 0 there"))
    expected = "https" if settings.server.tls else "http"
    if webhook.url is not None and _is_here(webhook.url, settings):
        scheme = webhook.url.partition(":")[0].lower()
        if scheme != expected:
            seen = f"receiver {name} speaks {scheme} to us, and we speak {expected}"
            found.append(failure(seen, f"write {expected}:// in its url"))
    return found or [ok(f"receiver {name} tells the end of alerts, and never cuts the list")]


def _is_here(url: str, settings: Settings) -> bool:
    """Tell whether a URL names our own address, and not a proxy before it."""
    return f"//{settings.server.listen}/" in url
