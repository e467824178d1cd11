"""No answer, whatever went wrong, repeats a secret or a traceback."""

import pytest

SECRETS = ("webhook-s3cret", "api-s3cret", "store-s3cret", "sent-s3cret")
TARGET = "/api/v1/targets/under_attack:example.com"


async def _broken():
    raise RuntimeError("store-s3cret")


@pytest.mark.parametrize("token", ["webhook-s3cret", "api-s3cret", "sent-s3cret"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/metrics"),
        ("GET", "/health"),
        ("GET", "/nowhere"),
        ("GET", TARGET),
        ("GET", "/api/v1/events"),
        ("PUT", f"{TARGET}/override"),
        ("DELETE", f"{TARGET}/override"),
        ("POST", "/-/reload"),
        ("POST", "/webhooks/alertmanager"),
    ],
)
async def test_no_answer_holds_a_secret(web, token, method, path):
    web.automation.before = _broken
    client = await web.client(token=token)

    answer = await client.request(method, path, json={"for": "sent-s3cret"})

    told = answer.text + str(answer.headers)
    assert not [secret for secret in SECRETS if secret in told and secret != "sent-s3cret"]
    assert "Traceback" not in told


async def test_a_failure_nobody_expected_tells_that_and_no_more(operator, automation):
    automation.before = _broken

    answer = await operator.get("/api/v1/events")

    assert answer.status_code == 500
    assert answer.json() == {"error": "this failed in a way nobody expected; the log says how"}


async def test_every_answer_is_for_this_moment_only(operator):
    for path in ("/live", "/health", "/metrics", "/nowhere", TARGET, "/"):
        headers = (await operator.get(path)).headers
        assert (headers["cache-control"], headers["x-content-type-options"]) == (
            "no-store",
            "nosniff",
        )
