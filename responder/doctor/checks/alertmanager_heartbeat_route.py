"""Whether the heartbeat is sent to us as well."""

from collections.abc import Sequence

from responder.doctor.context import AskedAlertmanager, Context
from responder.doctor.delivery import Delivery
from responder.doctor.examples import HEARTBEAT_EXAMPLE
from responder.doctor.finding import Finding, ok, warning
from responder.doctor.runner import each_alertmanager

__all__ = ["judge", "look"]


async def _look(_context: Context, asked: AskedAlertmanager) -> Sequence[Finding]:
    return [judge(await asked.delivery())]


look = each_alertmanager(_look)


def judge(travel: Delivery) -> Finding:
    """Judge where the heartbeat ends."""
    if travel.routes(HEARTBEAT_EXAMPLE):
        return ok("the heartbeat reaches us")
    ends = ", ".join(one.receiver for one in travel.routing.root.ends(HEARTBEAT_EXAMPLE.labels))
    return warning(
        f"the heartbeat goes to {ends} and not to us",
        'let our route match mitigation=~".+": the heartbeat then shows that webhooks arrive',
    )
