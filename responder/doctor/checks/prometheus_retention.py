"""Whether Prometheus remembers long enough for the baselines."""

from collections.abc import Sequence
from datetime import timedelta

from responder.doctor.context import Context
from responder.doctor.finding import Finding, ok, skipped, warning
from responder.settings import format_duration, parse_duration

__all__ = ["judge", "look"]

WEEK = timedelta(days=7)
"""The window of the percentile that a load or a request rate is compared with."""
THREE_WEEKS = timedelta(days=22)
"""What the median of the same hour one, two and three weeks ago looks back at."""

_ADVICE = "start Prometheus with --storage.tsdb.retention.time=30d"


async def look(context: Context) -> Sequence[Finding]:
    """Ask Prometheus how long it keeps samples."""
    return [judge(await context.prometheus.retention())]


def judge(retention: str) -> Finding:
    """Judge a text such as `15d`, `50GiB` or `15d or 50GiB`."""
    try:
        kept = parse_duration(retention.partition(" ")[0])
    except ValueError:
        return skipped(f"the retention is {retention or 'not told'}, which is no time", _ADVICE)
    seen = f"samples are kept for {format_duration(kept)}"
    if kept < WEEK:
        return warning(f"{seen}: not even the 7 days of the short baselines", _ADVICE)
    if kept < THREE_WEEKS:
        need = format_duration(THREE_WEEKS)
        return warning(f"{seen}: seasonal baselines look back {need}", _ADVICE)
    return ok(f"{seen}, enough for every baseline")
