"""Whatever is sent, the answer is one that somebody wrote: never a 500, never a trace."""

import json
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TARGET = "/api/v1/targets/under_attack:example.com"
PATHS = (
    *("/", "/metrics", "/live", "/ready", "/health", "/-/reload", "/-/healthy", "/nowhere"),
    *("/webhooks/alertmanager", "/webhooks/cloudflare", "/api/v1/targets", "/api/v1/events"),
    *(TARGET, f"{TARGET}/override", "/api/v1/targets/", "/api/v1/targets//override"),
)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "")
NAMES = (
    *(b"host", b"origin", b"content-type", b"content-length", b"transfer-encoding", b"expect"),
    *(b"accept", b"cookie", b"x-responder-actor", b"x-forwarded-for", b"authorization", b"range"),
)
KEYS = (
    *("version", "alerts", "status", "labels", "annotations", "startsAt", "fingerprint"),
    *("truncatedAlerts", "receiver", "groupKey", "state", "for", "reason"),
)
WORDS = (
    *("4", "firing", "resolved", "engaged", "released", "paused", "30m", "2026-11-20T10:00:00Z"),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59-05:00", "-1", "1e400", "\0", "\x1b[2J"),
)

texts = st.one_of(st.sampled_from(WORDS), st.text(max_size=20))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=5)), inner, max_size=5),
    ),
    max_leaves=12,
)
alerts = st.fixed_dictionaries(
    {"status": texts, "labels": st.dictionaries(texts, texts, max_size=3)},
    optional=dict.fromkeys(("annotations", "startsAt", "fingerprint"), values),
)
webhooks = st.fixed_dictionaries(
    {"version": st.one_of(st.just("4"), texts), "alerts": st.lists(alerts, max_size=3)},
    optional={"truncatedAlerts": values, "receiver": values, "groupKey": values},
)
orders = st.fixed_dictionaries({"state": texts, "for": texts, "reason": texts})
bodies = st.one_of(
    st.binary(max_size=200),
    st.one_of(values, webhooks, orders).map(lambda value: json.dumps(value).encode()),
)
queries = st.one_of(
    st.binary(max_size=50),
    st.tuples(st.sampled_from(["target", "since", "limit", "x"]), texts).map(
        lambda pair: f"{pair[0]}={pair[1]}".encode()
    ),
)


@dataclass
class Sent:
    """What an ASGI application answered."""

    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""


async def send(app, scope, *chunks: bytes) -> Sent:
    left = list(chunks)
    sent = Sent()

    async def receive():
        if not left:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def take(message):
        if message["type"] == "http.response.start":
            sent.status, sent.headers = message["status"], dict(message["headers"])
        else:
            sent.body += message.get("body", b"")

    await app({"type": "http", "http_version": "1.1", "root_path": "", **scope}, receive, take)
    return sent


@pytest.mark.long
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(METHODS),
    path=st.one_of(
        st.sampled_from(PATHS),
        st.text(max_size=20).map(lambda text: f"/{text}"),
        st.tuples(st.sampled_from(PATHS), st.text(max_size=8)).map("".join),
    ),
    token=st.sampled_from([b"Bearer webhook-s3cret", b"Bearer api-s3cret", b"Basic eDp5", b"\xff"]),
    headers=st.lists(st.tuples(st.sampled_from(NAMES), st.binary(max_size=20)), max_size=4),
    query=queries,
    body=st.lists(bodies, min_size=1, max_size=2),
)
async def test_no_request_is_answered_with_a_surprise(
    web, method, path, token, headers, query, body
):
    scope = {
        "method": method,
        "path": path,
        "raw_path": path.encode("utf-8", "surrogatepass"),
        "query_string": query,
        "headers": [(b"authorization", token), *headers],
        "client": ("192.0.2.7", 4711),
        "server": ("127.0.0.1", 9847),
        "scheme": "http",
    }
    sent = await send(web.app(), scope, *body)

    assert 200 <= sent.status < 500, sent.body
    assert sent.headers[b"x-content-type-options"] == b"nosniff"
    if sent.status >= 400 and method != "HEAD":
        assert list(json.loads(sent.body)) == ["error"]
