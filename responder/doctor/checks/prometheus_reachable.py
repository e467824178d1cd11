"""Whether Prometheus answers, and is new enough."""

import re
from collections.abc import Sequence

from responder.doctor.context import Context
from responder.doctor.finding import Finding, failure, ok, warning
from responder.errors import ResponderError

__all__ = ["judge", "look"]

OLDEST = (2, 42)


async def look(context: Context) -> Sequence[Finding]:
    """Ask Prometheus for its version."""
    asked = context.known_prometheus
    if asked is None:
        advice = "set prometheus.url: rules, targets and thresholds are then looked at too"
        return [warning("prometheus.url is not set", advice)]
    try:
        return [judge(await asked.version(), asked.url)]
    except ResponderError as error:
        advice = "start it, or correct prometheus.url and prometheus.http"
        return [failure(str(error), advice, asked.url)]


def judge(version: str, url: str) -> Finding:
    """Judge the version of a Prometheus that answers."""
    seen = f"it answers, version {version}"
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if numbers and (int(numbers[1]), int(numbers[2])) < OLDEST:
        return warning(seen, "upgrade it: the shipped rules need 2.42", url)
    return ok(seen, url)
