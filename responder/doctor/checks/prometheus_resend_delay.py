"""Whether Prometheus repeats alerts as often as the configuration says."""

from collections.abc import Sequence
from datetime import timedelta

from responder.alertmanager.poll import HEARTBEAT
from responder.doctor.context import Context
from responder.doctor.finding import Finding, failure, ok, skipped, warning
from responder.prometheus import RuleGroup
from responder.settings import format_duration, parse_duration

__all__ = ["judge", "look"]

FLAG = "rules.alert.resend-delay"


async def look(context: Context) -> Sequence[Finding]:
    """Ask Prometheus for its flag, and for the interval of the heartbeat."""
    text = (await context.prometheus.flags()).get(FLAG)
    try:
        flag = parse_duration(text or "")
    except ValueError:
        return [skipped(f"Prometheus does not tell its --{FLAG}")]
    interval = _interval(await context.prometheus.rules())
    return [judge(flag, interval, context.settings.alertmanager.resend_delay)]


def judge(flag: timedelta, interval: timedelta | None, configured: timedelta) -> Finding:
    """Compare the flag, and the interval of the heartbeat's group, with the setting.

    An alert is repeated at the first evaluation of its group that is later than the flag: a
    setting between the two and one interval more is right. Without a heartbeat (None) only what
    is too short can be told.
    """
    repeated = max(flag, interval or flag)
    seen = (
        f"Prometheus has --{FLAG}={format_duration(flag)}, alertmanager.resend_delay is"
        f" {format_duration(configured)}"
    )
    advice = f"set alertmanager.resend_delay: {format_duration(repeated)}"
    if configured < repeated:
        lost = "an alert may count as gone before it is repeated, and the heartbeat as dead"
        return failure(f"{seen}: {lost}", advice)
    if interval is not None and configured > repeated + interval:
        late = "a dead Prometheus and the end of an alert are noticed later than need be"
        return warning(f"{seen}: {late}", advice)
    return ok(seen)


def _interval(groups: Sequence[RuleGroup]) -> timedelta | None:
    """Return how often the heartbeat is evaluated, None when it is not."""
    beating = [
        group.interval for group in groups if any(rule.name == HEARTBEAT for rule in group.rules)
    ]
    return timedelta(seconds=min(beating)) if beating else None
