"""Whether Alertmanager's webhooks arrive, by the service's own count of its answers."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from responder.doctor.context import Context
from responder.doctor.finding import Finding, failure, ok, skipped, warning

__all__ = ["judge", "look"]

_WINDOW = "10m"
_ANSWERS = (
    "sum by (code) (increase(responder_webhook_requests_total"
    f'{{source="alertmanager"}}[{_WINDOW}]))'
)
_TAKEN = str(HTTPStatus.OK.value)
_UNKNOWN = str(HTTPStatus.UNAUTHORIZED.value)


async def look(context: Context) -> Sequence[Finding]:
    """Ask Prometheus how webhooks were answered lately."""
    samples = await context.prometheus.query(_ANSWERS)
    return [judge({one.labels.get("code", ""): one.value for one in samples})]


def judge(answers: Mapping[str, float]) -> Finding:
    """Judge how many webhooks got which answer; fractions come of how Prometheus counts."""
    if not answers:
        return skipped(
            "Prometheus does not know yet how the service has answered webhooks",
            "ask again in a minute; else add the job `responder` of docs/examples/prometheus.yml",
        )
    refused = {code: count for code, count in answers.items() if code != _TAKEN and count > 0}
    taken = answers.get(_TAKEN, 0.0)
    told = ", ".join(f"{count:.0f} x {code}" for code, count in sorted(refused.items()))
    if refused and taken <= 0:
        advice = (
            "give Alertmanager the token of server.webhook_token_file"
            if _UNKNOWN in refused
            else "the service's log says why"
        )
        return failure(f"every webhook of the last {_WINDOW} was refused: {told}", advice)
    if refused:
        advice = "find out who sends them: another Alertmanager, or a token that was changed?"
        return warning(f"webhooks of the last {_WINDOW} were refused: {told}", advice)
    if taken <= 0:
        return warning(
            f"no webhook has come in the last {_WINDOW}, though the heartbeat should ring",
            "look at alertmanager/route and at Alertmanager's log; the poll sees alerts meanwhile",
        )
    return ok(f"{taken:.0f} webhooks were taken in the last {_WINDOW}")
