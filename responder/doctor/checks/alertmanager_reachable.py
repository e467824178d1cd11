"""Whether an Alertmanager answers, and is new enough."""

import re
from collections.abc import Sequence

from responder.doctor.context import AskedAlertmanager, Context
from responder.doctor.finding import Finding, failure, ok, warning
from responder.doctor.runner import each_alertmanager
from responder.errors import ResponderError

__all__ = ["judge", "look"]

OLDEST = (0, 25)


async def _look(_context: Context, asked: AskedAlertmanager) -> Sequence[Finding]:
    try:
        return [judge((await asked.running()).version)]
    except ResponderError as error:
        advice = "start it, or correct alertmanager.urls and alertmanager.http"
        return [failure(str(error), advice)]


look = each_alertmanager(_look)


def judge(version: str) -> Finding:
    """Judge the version of an Alertmanager that answers."""
    seen = f"it answers, version {version}"
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if numbers and (int(numbers[1]), int(numbers[2])) < OLDEST:
        return warning(seen, "upgrade it: what follows was tried with 0.25 and newer")
    return ok(seen)
