"""Whether an Alertmanager holds a fresh heartbeat, without which it is not believed."""

from collections.abc import Sequence

from responder.doctor.context import AskedAlertmanager, Context
from responder.doctor.finding import Finding, failure, ok, warning
from responder.doctor.heartbeats import judge_poll
from responder.doctor.runner import each_alertmanager
from responder.domain.demand import HEARTBEAT_AGE
from responder.ports import Poll
from responder.settings import format_duration
from responder.settings.sections import Alertmanager

__all__ = ["judge", "look"]

_MISSING = (
    "load rules/heartbeat.yml into Prometheus, and name this Alertmanager under `alerting` there;"
    " after a restart of either, wait for one resend delay"
)


async def _look(context: Context, asked: AskedAlertmanager) -> Sequence[Finding]:
    return [judge(await asked.poll(), context.settings.alertmanager)]


look = each_alertmanager(_look)


def judge(poll: Poll, settings: Alertmanager) -> Finding:
    """Judge the heartbeats in one poll, as the service itself does."""
    if poll.problem or poll.date is None:
        advice = "its alerts and silences must be readable too; check alertmanager.http"
        return failure(f"it cannot be polled: {poll.problem or 'it sends no Date'}", advice)
    view = judge_poll(poll, settings)
    if not poll.heartbeats:
        return failure("it holds no heartbeat, so nothing it says is believed", _MISSING)
    ages = [poll.date - one.updated_at for one in poll.heartbeats if one.updated_at]
    believed = format_duration(settings.resend_delay * HEARTBEAT_AGE)
    seconds = max(min(ages, default=settings.resend_delay).total_seconds(), 0.0)
    seen = f"the heartbeat is {seconds:.0f} s old, and believed for {believed}"
    if not view.usable:
        return failure(
            f"{seen}: nothing this Alertmanager says is believed",
            "look whether Prometheus lives and reaches it, and at prometheus/resend-delay",
        )
    if view.heartbeat_silenced:
        return warning(
            f"{seen}; it is silenced, which pauses every mitigation",
            "expire the silence on ResponderHeartbeat when the pause shall end",
        )
    return ok(seen)
