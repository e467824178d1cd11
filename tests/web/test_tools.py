"""The API of operators' tools: who may come in, and what failures are answered."""

import json

import httpx
import pytest
from cli.service import Service
from prometheus_client import CollectorRegistry
from support.tools import CLOCK, configuration

from responder.cli.options import load
from responder.tools.account import Opening
from responder.tools.desk import Desk
from responder.web.app import create_app
from responder.web.doors import Doors
from responder.web.instruments import Instruments
from responder.web.tool_routes import include_tools

RULES = "/api/v1/account/mnm/rules"
PATHS = [
    ("GET", "/api/v1/prefixes"),
    ("GET", "/api/v1/account/prefixes"),
    ("GET", "/api/v1/account/tunnels"),
    ("GET", RULES),
    ("POST", RULES),
    ("PATCH", f"{RULES}/web"),
    ("DELETE", f"{RULES}/web?dry_run=true"),
    ("GET", "/api/v1/account/ddos/l3-4/overrides"),
    ("POST", "/api/v1/account/ddos/l3-4/overrides"),
    ("PUT", "/api/v1/account/ddos/l3-4/overrides/web/position"),
    ("DELETE", "/api/v1/account/ddos/example.com/overrides/web"),
]


async def nothing(_changes):
    raise AssertionError("nothing must be written down")


@pytest.fixture
def settings(tmp_path):
    def build(**cloudflare):
        path = tmp_path / "responder.json"
        document = configuration("http://127.0.0.1:1/client/v4")
        document["cloudflare"] |= cloudflare
        document["sites"] = {"shop": {"zones": ["example.com"]}}
        if not document["cloudflare"]["account_id"]:
            del document["cloudflare"]["account_id"]
        path.write_text(json.dumps(document))
        return load(path)

    return build


@pytest.fixture
def opening(settings):
    return Opening(settings(), CLOCK.now, CLOCK.monotonic, lambda *_: None)


@pytest.fixture
async def client(opening):
    service = Service()
    service.reset()
    instruments = Instruments(CollectorRegistry(), lambda *_: None, lambda *_: None)
    app = create_app(service, Doors(None, lambda: "s3cret"), instruments, now=CLOCK.now)
    include_tools(app, service, Desk(opening, nothing, CLOCK.now), CLOCK.now)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": "Bearer s3cret"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", headers=headers
    ) as client:
        yield client


@pytest.mark.parametrize(("method", "path"), PATHS, ids=lambda one: one[-30:])
async def test_no_tool_is_open_without_the_token(client, method, path):
    refused = await client.request(method, path, headers={"Authorization": "Bearer other"})
    assert refused.status_code == 401
    assert (await client.request(method, path)).status_code != 401


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"[]", "the body: "),
        (b'{"nme": "web"}', "nme: "),
        (b'{"name": 1}', "name: "),
        (b'{"name": "a b"}', "no space"),
        (b"{", "the body: "),
    ],
    ids=str,
)
async def test_a_body_that_is_none_is_400_and_says_why(client, body, said):
    answer = await client.post(RULES, content=body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]


async def test_cloudflare_that_does_not_answer_is_502(client):
    answer = await client.get(RULES)
    assert answer.status_code == 502
    assert answer.json()["error"].startswith("list_mnm_rules: Cloudflare cannot be reached")


async def test_without_an_account_it_is_409_until_a_reload_brings_one(client, opening, settings):
    opening.follow(settings(account_id=""))
    answer = await client.get(RULES)
    assert answer.status_code == 409
    assert "cloudflare.account_id" in answer.json()["error"]
    opening.follow(settings())
    assert (await client.get(RULES)).status_code == 502


async def test_dry_run_is_true_or_false_and_nothing_else(client):
    answer = await client.post(f"{RULES}?dry_run=perhaps", content=b"{}")
    assert answer.status_code == 400
