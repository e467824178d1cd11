"""Whether what the policies match is really sent to us."""

from collections.abc import Sequence

from responder.doctor.context import AskedAlertmanager, Context
from responder.doctor.delivery import WEBHOOK_PATH, Delivery
from responder.doctor.examples import Example, unmatchable
from responder.doctor.finding import Finding, failure, ok, skipped
from responder.doctor.known import known_examples
from responder.doctor.runner import each_alertmanager

__all__ = ["judge", "look"]

_ADVICE = (
    "put the route of alertmanager/alertmanager.yml before all that could take these alerts,"
    " or let those say `continue: true`"
)


async def _look(context: Context, asked: AskedAlertmanager) -> Sequence[Finding]:
    travel = await asked.delivery()
    tried = await known_examples(context)
    return [
        judge(travel, tried),
        *(
            skipped(
                f"no alert that policy {policy.name} matches could be made up",
                "try its route with `amtool config routes test`",
            )
            for policy in unmatchable(context.inventory)
        ),
    ]


look = each_alertmanager(_look)


def judge(travel: Delivery, tried: Sequence[Example]) -> Finding:
    """Judge where the examples end."""
    if not travel.webhooks:
        return failure(
            f"no receiver has a webhook to {WEBHOOK_PATH}"
            + ("" if travel.certain else ", as far as Alertmanager shows their URLs"),
            "add the receiver of alertmanager/alertmanager.yml, under the name `responder`",
        )
    lost = [example for example in tried if not travel.routes(example)]
    if lost:
        # An alert that exists says more than one that was made up.
        worst = next((example for example in lost if example.rule), lost[0])
        ends = " and ".join(
            f"receiver {one.receiver} by {one}" for one in travel.routing.root.ends(worst.labels)
        )
        seen = f"{len(lost)} of {len(tried)} examples never reach us: {worst} ends at {ends}"
        return failure(seen + travel.guess, _ADVICE)
    return ok(f"{len(tried)} examples of what the policies match all reach us{travel.guess}")
