"""Whether an inhibit rule could disarm a mitigation."""

from collections.abc import Sequence

from responder.doctor.context import AskedAlertmanager, Context
from responder.doctor.examples import Example
from responder.doctor.finding import Finding, ok, warning
from responder.doctor.known import known_examples
from responder.doctor.routing import Routing
from responder.doctor.runner import each_alertmanager

__all__ = ["judge", "look"]


async def _look(context: Context, asked: AskedAlertmanager) -> Sequence[Finding]:
    tried = await known_examples(context)
    real = [example for example in tried if example.rule]
    return judge((await asked.delivery()).routing, real or tried)


look = each_alertmanager(_look)


def judge(routing: Routing, tried: Sequence[Example]) -> list[Finding]:
    """Judge which of the examples the inhibit rules may inhibit."""
    found = []
    for number, matchers in enumerate(routing.inhibitions, start=1):
        hit = next(
            (one for one in tried if all(each.matches(one.labels) for each in matchers)), None
        )
        if hit is not None:
            shown = ", ".join(map(str, matchers))
            found.append(
                warning(
                    f"inhibit rule {number} (targets {shown}) may inhibit {hit.rule or hit}: an"
                    " inhibited alert keeps a mitigation, and never starts one",
                    "add 'mitigation=\"\"' to its target_matchers",
                )
            )
    return found or [ok("no inhibit rule can disarm a mitigation")]
