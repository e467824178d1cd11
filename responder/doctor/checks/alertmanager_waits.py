"""Whether our route costs time that an attack would use."""

from collections.abc import Sequence
from datetime import timedelta

from responder.doctor.context import AskedAlertmanager, Context
from responder.doctor.delivery import NOTHING_SENT
from responder.doctor.finding import Finding, failure, ok, skipped, warning
from responder.doctor.known import known_examples
from responder.doctor.routing import Route
from responder.doctor.runner import each_alertmanager
from responder.settings import format_duration
from responder.settings.sections import Alertmanager

__all__ = ["judge", "look"]

LONGEST_GROUP_WAIT = timedelta(seconds=1)
LONGEST_GROUP_INTERVAL = timedelta(seconds=10)
LONGEST_REPEAT = timedelta(minutes=5)


async def _look(context: Context, asked: AskedAlertmanager) -> Sequence[Finding]:
    travel = await asked.delivery()
    tried = await known_examples(context)
    return [
        finding
        for route in travel.ways(tried)
        for finding in judge(route, context.settings.alertmanager)
    ] or [skipped(NOTHING_SENT)]


look = each_alertmanager(_look)


def judge(route: Route, settings: Alertmanager) -> list[Finding]:
    """Judge the waits of one route that leads to us."""
    waits = route.waits
    wait, interval, repeat = map(
        format_duration, (waits.group_wait, waits.group_interval, waits.repeat_interval)
    )
    found = []
    if waits.group_wait > LONGEST_GROUP_WAIT:
        seen = f"{route} has group_wait {wait}: every mitigation begins that much later"
        found.append(warning(seen, "set group_wait: 0s there"))
    if waits.group_interval > LONGEST_GROUP_INTERVAL:
        seen = (
            f"{route} has group_interval {interval}: a second alert of a group, the end of one,"
            " and a webhook that was refused wait up to that long"
        )
        found.append(warning(seen, "set group_interval: 5s there"))
    if not settings.urls and waits.repeat_interval + waits.group_interval >= settings.webhook_ttl:
        ttl = format_duration(settings.webhook_ttl)
        seen = f"{route} repeats every {repeat}, and without a poll alerts are believed for {ttl}"
        found.append(failure(seen, "set repeat_interval: 1m there"))
    elif waits.repeat_interval > LONGEST_REPEAT:
        seen = f"{route} has repeat_interval {repeat}: a lost webhook is repaired only by the poll"
        found.append(warning(seen, "set repeat_interval: 1m there"))
    seen = f"{route}: group_wait {wait}, group_interval {interval}, repeat_interval {repeat}"
    return found or [ok(seen)]
