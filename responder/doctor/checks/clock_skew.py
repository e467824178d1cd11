"""Whether our clock agrees with those of our neighbours, by the Date of their answers."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta

from responder.doctor.context import Context
from responder.doctor.dates import Dated, DatingTransport
from responder.doctor.finding import Finding, failure, ok, skipped, warning
from responder.errors import ResponderError

__all__ = ["judge", "look"]

NOTICEABLE = timedelta(seconds=2)
WRONG = timedelta(seconds=30)

_ADVICE = "let chrony or systemd-timesyncd set the clocks, here and there"


async def look(context: Context) -> Sequence[Finding]:
    """Let each neighbour answer something, and look at the Date."""
    prometheus = context.known_prometheus
    questions = [one.running for one in context.alertmanagers]
    for question in (*questions, *([prometheus.version] if prometheus else ())):
        await _asked(question)
    await _asked(context.cloudflare.token)
    return [judge(name, dates.last) for name, dates in _clocks(context)]


def judge(name: str, dated: Dated | None) -> Finding:
    """Judge one clock by an answer that it dated."""
    if dated is None:
        return skipped("no answer with a Date has come", subject=name)
    off = abs(dated.ahead)
    if off <= NOTICEABLE:
        return ok("its clock agrees with ours", name)
    direction = "ahead of" if dated.ahead > timedelta(0) else "behind"
    seen = f"its clock is {off.total_seconds():.1f} s {direction} ours"
    return (failure if off > WRONG else warning)(seen, _ADVICE, name)


def _clocks(context: Context) -> Iterator[tuple[str, DatingTransport]]:
    for one in context.alertmanagers:
        yield f"Alertmanager {one.url}", one.dates
    if context.known_prometheus is not None:
        yield f"Prometheus {context.known_prometheus.url}", context.known_prometheus.dates
    yield f"Cloudflare {context.cloudflare.base_url}", context.cloudflare.dates


async def _asked(question: Callable[[], Awaitable[object]]) -> None:
    """Wait for an answer; what else is in it, and what is wrong with it, is for other checks."""
    with suppress(ResponderError):
        await question()
