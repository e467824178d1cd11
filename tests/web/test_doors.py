"""Who may come in, and that this is settled before anything else is looked at."""

from base64 import b64encode

import pytest

from responder.errors import ConfigError
from responder.web.doors import Doors, Knock

TARGET = "/api/v1/targets/under_attack:example.com"
OVERRIDE = f"{TARGET}/override"
HOOK = "/webhooks/alertmanager"
OPEN = ["/metrics", "/live", "/ready", "/health", "/-/healthy", "/-/ready"]
TOKENS = Doors(lambda: "hook", lambda: "api", loopback=True)
LOOPBACK = Doors(loopback=True)
OUTSIDE = Doors()


def basic(text):
    return b"Basic " + b64encode(text.encode())


def status(doors, path, method="GET", authorization=b"", **facts):
    refusal = doors.refusal(Knock(path, method, authorization, **facts))
    return 200 if refusal is None else refusal.status


@pytest.mark.parametrize("path", OPEN)
@pytest.mark.parametrize("doors", [TOKENS, LOOPBACK, OUTSIDE], ids=["tokens", "loopback", "none"])
def test_what_machines_ask_is_open(doors, path):
    assert status(doors, path) == 200


@pytest.mark.parametrize(
    ("path", "authorization", "expected"),
    [
        pytest.param(HOOK, b"Bearer hook", 200, id="webhook token"),
        pytest.param(HOOK, b"bearer  hook ", 200, id="scheme in any case"),
        pytest.param(HOOK, b"Bearer api", 401, id="api token is no webhook token"),
        pytest.param(HOOK, b"Bearer hoo", 401, id="part of the token"),
        pytest.param(HOOK, b"Bearer hook2", 401, id="more than the token"),
        pytest.param(HOOK, b"Bearer \xff\xfe", 401, id="not text"),
        pytest.param(HOOK, b"Bearer", 401, id="scheme alone"),
        pytest.param(HOOK, b"hook", 401, id="token alone"),
        pytest.param(HOOK, b"", 401, id="nothing"),
        pytest.param(HOOK, basic("any:hook"), 401, id="webhook basic"),
        pytest.param("/webhooks/other", b"", 401, id="any webhook"),
        pytest.param(TARGET, b"Bearer api", 200, id="api token"),
        pytest.param(TARGET, b"Bearer hook", 401, id="webhook token is no api token"),
        pytest.param(TARGET, basic("any:api"), 401, id="api basic"),
        pytest.param("/", b"Bearer api", 200, id="page bearer"),
        pytest.param("/", basic("anybody:api"), 200, id="page basic"),
        pytest.param("/", basic(":api"), 200, id="page without a name"),
        pytest.param("/", basic("api"), 401, id="page without a password"),
        pytest.param("/", basic("api:hook"), 401, id="page wrong password"),
        pytest.param("/", b"Basic ###", 401, id="page no base64"),
        pytest.param("/-/reload", b"", 401, id="reload"),
        pytest.param("/nowhere", b"", 401, id="a path that does not exist"),
        pytest.param("/metrics/", b"", 401, id="nearly an open path"),
    ],
)
def test_each_door_has_its_own_token(path, authorization, expected):
    assert status(TOKENS, path, authorization=authorization) == expected


@pytest.mark.parametrize(
    ("doors", "path", "method", "expected"),
    [
        pytest.param(LOOPBACK, HOOK, "POST", 200, id="loopback webhook"),
        pytest.param(LOOPBACK, "/", "GET", 200, id="loopback page"),
        pytest.param(LOOPBACK, TARGET, "HEAD", 200, id="loopback read"),
        pytest.param(LOOPBACK, OVERRIDE, "PUT", 403, id="loopback override"),
        pytest.param(LOOPBACK, OVERRIDE, "DELETE", 403, id="loopback lift"),
        pytest.param(LOOPBACK, "/-/reload", "POST", 403, id="loopback reload"),
        pytest.param(OUTSIDE, HOOK, "POST", 401, id="outside webhook"),
        pytest.param(OUTSIDE, "/", "GET", 401, id="outside page"),
        pytest.param(OUTSIDE, TARGET, "GET", 401, id="outside read"),
        pytest.param(OUTSIDE, OVERRIDE, "PUT", 401, id="outside override"),
    ],
)
def test_without_a_token_only_loopback_reads_and_rings(doors, path, method, expected):
    assert status(doors, path, method) == expected


@pytest.mark.parametrize(
    ("doors", "expected"), [(LOOPBACK, 403), (TOKENS, 200)], ids=["no token", "with its token"]
)
def test_a_web_page_cannot_ring_the_unlocked_bell(doors, expected):
    assert status(doors, HOOK, "POST", b"Bearer hook", from_page=True) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (b"127.0.0.1:9847", 200),
        (b"127.0.0.1", 200),
        (b"localhost:9847", 200),
        (b"LOCALHOST", 200),
        (b"[::1]:9847", 200),
        (b"127.8.9.10:9847", 200),
        (b"", 200),
        (b"evil.example:9847", 403),
        (b"127.0.0.1.evil.example", 403),
        (b"localhost.evil.example", 403),
        (b"192.0.2.1:9847", 403),
        (b"0.0.0.0:9847", 403),
        (b"\xff", 403),
    ],
)
@pytest.mark.parametrize(("path", "method"), [(TARGET, "GET"), ("/", "GET"), (HOOK, "POST")])
def test_without_a_token_no_page_gets_in_by_a_name_that_points_here(host, expected, path, method):
    """A page can let its own name lead to this machine, and would then read all answers."""
    assert status(LOOPBACK, path, method, host=host) == expected


def test_with_its_token_any_name_will_do():
    assert status(TOKENS, TARGET, "GET", b"Bearer api", host=b"responder.example.com") == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/-/reload"),
        ("PUT", OVERRIDE),
        ("DELETE", OVERRIDE),
        ("GET", TARGET),
        ("GET", "/api/v1/events"),
        ("POST", HOOK),
    ],
)
async def test_what_a_browser_sends_by_itself_opens_the_page_and_nothing_else(web, method, path):
    """Basic credentials go with every request to this service, whichever page has caused it."""
    client = await web.client()

    answer = await client.request(method, path, auth=("anybody", "api-s3cret"), json={})

    assert answer.status_code == 401
    assert web.automation.orders == []


@pytest.mark.parametrize("name", ["Origin", "Sec-Fetch-Site"])
async def test_a_browser_is_known_by_either_of_its_headers(web, name):
    client = await web.client(LOOPBACK)

    answer = await client.post(HOOK, headers={name: "null"}, json={"version": "4", "alerts": []})

    assert answer.status_code == 403


def test_a_token_that_cannot_be_read_lets_nobody_in():
    def unreadable():
        raise ConfigError(["/etc/responder/api.token cannot be read"])

    refusal = Doors(unreadable, unreadable, loopback=True).refusal(Knock(HOOK, "POST"))

    assert refusal.status == 503
    assert "/etc" not in refusal.reason


def test_a_token_is_asked_for_each_time_so_that_it_can_be_rotated():
    tokens = iter(["old", "new"])
    doors = Doors(api_token=lambda: next(tokens))

    assert [status(doors, "/", authorization=b"Bearer new") for _ in range(2)] == [401, 200]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("GET", HOOK),
        ("BREW", TARGET),
        ("POST", "/"),
        ("GET", "/docs"),
        ("GET", "/openapi.json"),
        ("PUT", OVERRIDE),
        ("GET", "/live/"),
    ],
)
async def test_a_stranger_learns_nothing_of_which_paths_exist(anonymous, method, path):
    answer = await anonymous.request(method, path)

    assert (answer.status_code, list(answer.json())) == (401, ["error"])


@pytest.mark.parametrize(("path", "scheme"), [("/", "Basic"), (TARGET, "Bearer"), (HOOK, "Bearer")])
async def test_a_refusal_says_how_to_come_in(anonymous, path, scheme):
    answer = await anonymous.get(path)

    assert answer.headers["www-authenticate"] == f'{scheme} realm="responder"'


async def test_two_authorizations_are_none(anonymous):
    headers = [("Authorization", "Bearer api-s3cret"), ("Authorization", "Bearer other")]

    answer = await anonymous.get(TARGET, headers=headers)

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/docs", 404),
        ("GET", "/openapi.json", 404),
        ("GET", "/api/v1/targets/", 404),
        ("POST", "/api/v1/targets", 405),
        ("PUT", TARGET, 405),
        ("GET", OVERRIDE, 405),
        ("POST", OVERRIDE, 405),
        ("PATCH", OVERRIDE, 405),
        ("GET", "/-/reload", 405),
        ("POST", "/metrics", 405),
    ],
)
async def test_who_is_let_in_is_told_what_is_there(operator, method, path, expected):
    answer = await operator.request(method, path)

    assert (answer.status_code, list(answer.json())) == (expected, ["error"])


async def test_who_brings_the_webhook_token_may_only_post(sender):
    assert (await sender.get(HOOK)).status_code == 405
    assert (await sender.post("/webhooks/other")).status_code == 404
