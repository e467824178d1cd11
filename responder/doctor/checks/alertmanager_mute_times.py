"""Whether time intervals mute our route, which would pause nothing."""

from collections.abc import Sequence

from responder.doctor.context import AskedAlertmanager, Context
from responder.doctor.delivery import NOTHING_SENT
from responder.doctor.examples import HEARTBEAT_EXAMPLE
from responder.doctor.finding import Finding, failure, ok, skipped
from responder.doctor.known import known_examples
from responder.doctor.routing import Route
from responder.doctor.runner import each_alertmanager

__all__ = ["judge", "look"]


async def _look(context: Context, asked: AskedAlertmanager) -> Sequence[Finding]:
    travel = await asked.delivery()
    tried = [HEARTBEAT_EXAMPLE, *await known_examples(context)]
    return judge(travel.ways(tried))


look = each_alertmanager(_look)


def judge(routes: Sequence[Route]) -> list[Finding]:
    """Judge the routes that lead to us."""
    if not routes:
        return [skipped(NOTHING_SENT)]
    muted = [route for route in routes if route.intervals]
    if not muted:
        return [ok("no time interval mutes our route")]
    return [
        failure(
            f"{route} has time intervals ({', '.join(route.intervals)}): they mute its webhooks,"
            " but alerts stay active and mitigations go on",
            "remove them from this route; pause with silences, which are obeyed",
        )
        for route in muted
    ]
