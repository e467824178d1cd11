"""Whether Prometheus sends its alerts to the Alertmanagers that we ask."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from responder.doctor.context import Context
from responder.doctor.finding import Finding, failure, ok, warning

__all__ = ["judge", "look"]


async def look(context: Context) -> Sequence[Finding]:
    """Ask Prometheus to whom it sends."""
    return judge(await context.prometheus.alertmanagers(), context.settings.alertmanager.urls)


def judge(fed: Sequence[str], polled: Sequence[str]) -> list[Finding]:
    """Compare whom Prometheus feeds with whom we poll; one machine may have several names."""
    if not fed:
        seen = "Prometheus sends alerts to nobody"
        return [failure(seen, "name the Alertmanagers under `alerting` of prometheus.yml")]
    theirs, ours = {_host(url) for url in fed}, {_host(url) for url in polled}
    found = [
        warning(
            f"we ask {host}, and Prometheus sends to no Alertmanager of this name",
            "if it is not the same one under another name, add it under `alerting`",
        )
        for host in sorted(ours - theirs)
    ]
    if polled:
        found += [
            warning(
                f"Prometheus sends to {host}, and we ask no Alertmanager of this name",
                "if it is not the same one under another name, add it to alertmanager.urls",
            )
            for host in sorted(theirs - ours)
        ]
    return found or [ok(f"Prometheus sends to {', '.join(sorted(theirs))}")]


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return url
