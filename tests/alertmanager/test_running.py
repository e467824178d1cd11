"""What Alertmanager says of itself."""

import httpx
import pytest

from responder.alertmanager.access import Access
from responder.alertmanager.poll import AlertmanagerClient
from responder.alertmanager.running import Running
from responder.errors import AlertmanagerError


async def asked(handler):
    access = Access(transport=httpx.MockTransport(handler))
    client = AlertmanagerClient("http://alertmanager.test:9093/prefix", [], access)
    try:
        return await client.running()
    finally:
        await client.aclose()


async def test_version_and_configuration_are_read_as_they_are():
    def handler(request):
        assert request.url.path == "/prefix/api/v2/status"
        versions = {"version": "0.25.0", "branch": "main"}
        config = {"original": "route: {receiver: a}\n"}
        return httpx.Response(200, json={"versionInfo": versions, "config": config, "uptime": "x"})

    assert await asked(handler) == Running("0.25.0", "route: {receiver: a}\n")


def raising(error):
    def handler(request):
        raise error("All connection attempts failed", request=request)

    return handler


@pytest.mark.parametrize(
    ("handler", "problem"),
    [
        pytest.param(raising(httpx.ConnectError), "cannot be asked", id="connect"),
        pytest.param(raising(httpx.ReadTimeout), "no answer within 5 s", id="timeout"),
        pytest.param(lambda _: httpx.Response(401), "check the credential", id="unauthorized"),
        pytest.param(lambda _: httpx.Response(200, text="<html>"), "not JSON", id="html"),
        pytest.param(lambda _: httpx.Response(200, json=[]), "not an object", id="a list"),
        pytest.param(
            lambda _: httpx.Response(200, json={"versionInfo": {}, "config": {"original": 1}}),
            "config is no object",
            id="no text",
        ),
    ],
)
async def test_whatever_is_wrong_is_told(handler, problem):
    with pytest.raises(AlertmanagerError, match=problem):
        await asked(handler)
