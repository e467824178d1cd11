"""How the service is, for machines."""

import pytest

from responder import __version__
from responder.ports import Component, ComponentStatus, Health

OK, DEGRADED, FAILED = ComponentStatus


def health(*statuses, ready=True):
    parts = tuple(Component(f"part-{n}", status, "so") for n, status in enumerate(statuses))
    return Health(ready=ready, components=parts)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/live", "/-/healthy"])
async def test_who_can_answer_is_alive_however_it_feels(anonymous, automation, method, path):
    automation.how = health(FAILED, ready=False)

    assert (await anonymous.request(method, path)).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/ready", "/-/ready"])
async def test_ready_says_whether_to_send_requests(anonymous, automation, method, path):
    codes = []
    for ready in (False, True):
        automation.how = health(DEGRADED, ready=ready)
        codes.append((await anonymous.request(method, path)).status_code)

    assert codes == [503, 200]


@pytest.mark.parametrize(
    ("statuses", "code", "overall"),
    [
        pytest.param((), 200, "ok", id="nothing known"),
        pytest.param((OK, OK), 200, "ok", id="all well"),
        pytest.param((OK, DEGRADED, OK), 200, "degraded", id="one degraded"),
        pytest.param((DEGRADED, FAILED, OK), 503, "failed", id="one failed"),
    ],
)
async def test_health_is_as_good_as_its_worst_part(anonymous, automation, statuses, code, overall):
    automation.how = health(*statuses)

    answer = await anonymous.get("/health")

    assert (answer.status_code, answer.json()["status"]) == (code, overall)


async def test_health_lists_every_part(anonymous, automation):
    automation.how = health(OK, DEGRADED)

    assert (await anonymous.get("/health")).json() == {
        "status": "degraded",
        "version": __version__,
        "components": [
            {"name": "part-0", "status": "ok", "detail": "so"},
            {"name": "part-1", "status": "degraded", "detail": "so"},
        ],
    }
