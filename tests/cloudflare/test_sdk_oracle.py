"""Our requests are those that Cloudflare's own SDK makes."""

import json

import httpx
import pytest
from cloudflare import AsyncCloudflare

from responder.cloudflare.credentials import Key, Token
from responder.cloudflare.ddos import DdosOverrides, DdosScope, Entrypoint, OverrideRule
from responder.cloudflare.interconnects import interconnects
from responder.cloudflare.magic_tunnels import magic_tunnels
from responder.cloudflare.mnm import MnmRule, MnmRules
from responder.cloudflare.prefix_inventory import held_prefixes
from responder.cloudflare.prefixes import Prefixes
from responder.cloudflare.security_level import SecurityLevels
from responder.cloudflare.tokens import verify_token
from responder.cloudflare.zones import Zones

BASE_URL = "https://api.test/client/v4"
ZONE = "0123456789abcdef0123456789abcdef"
ACCOUNT = "fedcba9876543210fedcba9876543210"
PREFIX, PART_ID, CIDR = "1" * 32, "2" * 32, "203.0.113.0/24"
PART = {
    "id": PART_ID,
    "cidr": CIDR,
    "on_demand": {"advertised": False, "on_demand_enabled": True, "on_demand_locked": False},
}
RULE = MnmRule(
    name="web",
    type="threshold",
    prefixes=(CIDR,),
    automatic_advertisement=False,
    bandwidth_threshold=2e9,
    duration="5m",
    id="3" * 32,
)
MANAGED = "3b64149bfa6e4220bbbc2bd6db589552"
OVERRIDES = {
    "sensitivity_level": "medium",
    "categories": [{"category": "udp", "action": "log"}],
    "rules": [{"id": "4" * 32, "sensitivity_level": "low", "action": "block"}],
}
OVERRIDE = OverrideRule("ours", "ip.dst in {203.0.113.0/24}", OVERRIDES, "as agreed", id="5" * 32)
DEFINITION = {
    "ref": "ours",
    "expression": OVERRIDE.expression,
    "description": "as agreed",
    "enabled": True,
    "action": "execute",
    "action_parameters": {"id": MANAGED, "overrides": OVERRIDES},
}
THERE = Entrypoint("6" * 32)
RULESET = {"id": THERE.id, "rules": []}
WHERE = {"account_id": ACCOUNT, "prefix_id": PREFIX}
COMPARED = ("authorization", "x-auth-email", "x-auth-key", "content-type")
ANSWERS = {
    "/zones": [{"id": ZONE, "name": "example.com"}],
    f"/zones/{ZONE}": {"id": ZONE, "name": "example.com"},
    f"/zones/{ZONE}/settings/security_level": {"id": "security_level", "value": "medium"},
    "/user/tokens/verify": {"id": "t", "status": "active"},
    f"/accounts/{ACCOUNT}/tokens/verify": {"id": "t", "status": "active"},
    f"/accounts/{ACCOUNT}/addressing/prefixes": [{"id": PREFIX, "cidr": CIDR}],
    f"/accounts/{ACCOUNT}/addressing/prefixes/{PREFIX}/bgp/prefixes": [PART],
    f"/accounts/{ACCOUNT}/addressing/prefixes/{PREFIX}/bgp/prefixes/{PART_ID}": PART,
    f"/accounts/{ACCOUNT}/magic/gre_tunnels": {"gre_tunnels": []},
    f"/accounts/{ACCOUNT}/magic/ipsec_tunnels": {"ipsec_tunnels": []},
    f"/accounts/{ACCOUNT}/magic/cf_interconnects": {"interconnects": []},
    f"/accounts/{ACCOUNT}/mnm/rules": [],
    f"/accounts/{ACCOUNT}/rulesets": RULESET,
    f"/accounts/{ACCOUNT}/rulesets/{MANAGED}": RULESET,
    f"/accounts/{ACCOUNT}/rulesets/phases/ddos_l4/entrypoint": RULESET,
    f"/accounts/{ACCOUNT}/rulesets/{THERE.id}/rules": RULESET,
    f"/accounts/{ACCOUNT}/rulesets/{THERE.id}/rules/{OVERRIDE.id}": RULESET,
    f"/zones/{ZONE}/rulesets/phases/ddos_l7/entrypoint": RULESET,
    f"/accounts/{ACCOUNT}/mnm/rules/{RULE.id}": {},
    f"/accounts/{ACCOUNT}/mnm/rules/{RULE.id}/advertisement": {},
}


LINE = "Line 1/east"
BARE = {
    f"/accounts/{ACCOUNT}/cni/interconnects": {"items": [{"name": LINE}], "next": 1},
    f"/accounts/{ACCOUNT}/cni/interconnects?cursor=1": {"items": [], "next": None},
    f"/accounts/{ACCOUNT}/cni/cnis": {"items": []},
    f"/accounts/{ACCOUNT}/cni/interconnects/{LINE}/status": {"state": "Healthy"},
}
"""What is answered without an envelope."""


class Recorder:
    """Answers as Cloudflare would, and keeps the shape of each request."""

    def __init__(self, success):
        self.success = success
        self.shapes = []

    def __call__(self, request):
        headers = {name: request.headers[name] for name in COMPARED if name in request.headers}
        body = json.loads(request.content) if request.content else None
        self.shapes.append((request.method, str(request.url), body, headers))
        path = request.url.path.removeprefix("/client/v4")
        query = request.url.query.decode()
        if answer := BARE.get(f"{path}?{query}" if query else path):
            return httpx.Response(200, json=answer)
        return self.success(ANSWERS[path])


# for us, and for the SDK
CREDENTIALS = {
    "bearer": (Token(lambda: "cfut_secret"), {"api_token": "cfut_secret"}),
    "email and key": (
        Key("anna@example.com", lambda: "cfk_secret"),
        {"api_email": "anna@example.com", "api_key": "cfk_secret"},
    ),
}
CALLS = {
    "list zones by name": (
        lambda client, elapsed: Zones(client, elapsed).find("example.com"),
        lambda sdk: sdk.zones.list(name="example.com"),
    ),
    "get zone": (
        lambda client, elapsed: Zones(client, elapsed).find(ZONE),
        lambda sdk: sdk.zones.get(zone_id=ZONE),
    ),
    "get security_level": (
        lambda client, _: SecurityLevels(client).read(ZONE),
        lambda sdk: sdk.zones.settings.get("security_level", zone_id=ZONE),
    ),
    "patch security_level": (
        lambda client, _: SecurityLevels(client).write(ZONE, "under_attack"),
        lambda sdk: sdk.zones.settings.edit("security_level", zone_id=ZONE, value="under_attack"),
    ),
}


async def sdk_shapes(success, call, credential):
    recorder = Recorder(success)
    transport = httpx.MockTransport(recorder)
    async with httpx.AsyncClient(transport=transport) as http_client:
        await call(AsyncCloudflare(base_url=BASE_URL, http_client=http_client, **credential))
    return recorder.shapes


@pytest.fixture
def our_shapes(client_for, success, elapsed):
    async def shapes(call, credential):
        recorder = Recorder(success)
        await call(client_for(recorder, base_url=BASE_URL, credential=credential), elapsed)
        return recorder.shapes

    return shapes


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("credential", CREDENTIALS.values(), ids=CREDENTIALS)
async def test_our_request_is_the_one_of_the_sdk(our_shapes, success, call, credential):
    expected = await sdk_shapes(success, call[1], credential[1])

    assert await our_shapes(call[0], credential[0]) == expected
    assert len(expected) == 1


@pytest.mark.parametrize(
    ("token", "sdk"),
    [
        pytest.param("cfut_secret", lambda sdk: sdk.user.tokens.verify(), id="user"),
        pytest.param(
            "cfat_secret",
            lambda sdk: sdk.accounts.tokens.verify(account_id=ACCOUNT),
            id="account",
        ),
    ],
)
async def test_a_token_is_verified_as_the_sdk_verifies_it(our_shapes, success, token, sdk):
    def ours(client, _elapsed):
        return verify_token(client, ACCOUNT)

    assert await our_shapes(ours, Token(lambda: token)) == await sdk_shapes(
        success, sdk, {"api_token": token}
    )


SWITCH = f"/accounts/{ACCOUNT}/addressing/prefixes/{PREFIX}/bgp/prefixes/{PART_ID}"


async def drained(pages):
    return [one async for one in pages]


def rules(client):
    return MnmRules(client, ACCOUNT)


def ddos(client):
    return DdosOverrides(client, DdosScope.network(ACCOUNT))


async def read_twice(client):
    prefixes = Prefixes(client, ACCOUNT)
    await prefixes.read(CIDR)
    client.monotonic.pass_(minutes=1)
    await prefixes.read(CIDR)


async def switched(client):
    (held,) = await held_prefixes(client, ACCOUNT)
    await held.switch(advertise=True).make(client)


# Ours first, then each request of the SDK in the same order.
ACCOUNT_CALLS = {
    "read a prefix": (
        read_twice,
        [
            lambda sdk: drained(sdk.addressing.prefixes.list(account_id=ACCOUNT)),
            lambda sdk: drained(sdk.addressing.prefixes.bgp_prefixes.list(**WHERE)),
            lambda sdk: sdk.addressing.prefixes.bgp_prefixes.get(PART_ID, **WHERE),
        ],
    ),
    "advertise a prefix": (
        lambda client: Prefixes(client, ACCOUNT).advertise(CIDR, advertised=True),
        [
            lambda sdk: drained(sdk.addressing.prefixes.list(account_id=ACCOUNT)),
            lambda sdk: drained(sdk.addressing.prefixes.bgp_prefixes.list(**WHERE)),
            lambda sdk: sdk.addressing.prefixes.bgp_prefixes.edit(
                PART_ID, **WHERE, on_demand={"advertised": True}
            ),
        ],
    ),
    "the switch that a dry run shows": (
        switched,
        [
            lambda sdk: drained(sdk.addressing.prefixes.list(account_id=ACCOUNT)),
            lambda sdk: drained(sdk.addressing.prefixes.bgp_prefixes.list(**WHERE)),
            lambda sdk: sdk.addressing.prefixes.bgp_prefixes.edit(
                PART_ID, **WHERE, on_demand={"advertised": True}
            ),
        ],
    ),
    "list tunnels": (
        lambda client: magic_tunnels(client, ACCOUNT),
        [
            lambda sdk: sdk.magic_transit.gre_tunnels.list(account_id=ACCOUNT),
            lambda sdk: sdk.magic_transit.ipsec_tunnels.list(account_id=ACCOUNT),
            lambda sdk: sdk.magic_transit.cf_interconnects.list(account_id=ACCOUNT),
        ],
    ),
    "list interconnects and how they are": (
        lambda client: interconnects(client, ACCOUNT),
        [
            lambda sdk: sdk.network_interconnects.interconnects.list(account_id=ACCOUNT),
            lambda sdk: sdk.network_interconnects.interconnects.list(account_id=ACCOUNT, cursor=1),
            lambda sdk: sdk.network_interconnects.cnis.list(account_id=ACCOUNT),
            lambda sdk: sdk.network_interconnects.interconnects.status(LINE, account_id=ACCOUNT),
        ],
    ),
    "list managed ddos rules": (
        lambda client: ddos(client).managed(),
        [lambda sdk: sdk.rulesets.get(MANAGED, account_id=ACCOUNT)],
    ),
    "list ddos overrides": (
        lambda client: ddos(client).entrypoint(),
        [lambda sdk: sdk.rulesets.phases.get("ddos_l4", account_id=ACCOUNT)],
    ),
    "list ddos overrides of a zone": (
        lambda client: DdosOverrides(client, DdosScope.zone(ZONE)).entrypoint(),
        [lambda sdk: sdk.rulesets.phases.get("ddos_l7", zone_id=ZONE)],
    ),
    "add the first ddos override": (
        lambda client: ddos(client).add(None, OVERRIDE, None).make(client),
        [
            lambda sdk: sdk.rulesets.create(
                account_id=ACCOUNT, name="default", kind="root", phase="ddos_l4", rules=[DEFINITION]
            )
        ],
    ),
    "check a ddos override": (
        lambda client: ddos(client).add(THERE, OVERRIDE, {"index": 1}).rehearsed().make(client),
        [
            lambda sdk: sdk.rulesets.rules.create(
                THERE.id, account_id=ACCOUNT, dry_run=True, position={"index": 1}, **DEFINITION
            )
        ],
    ),
    "edit a ddos override": (
        lambda client: ddos(client).edit(THERE, OVERRIDE).make(client),
        [
            lambda sdk: sdk.rulesets.rules.edit(
                OVERRIDE.id, account_id=ACCOUNT, ruleset_id=THERE.id, **DEFINITION
            )
        ],
    ),
    "move a ddos override": (
        lambda client: ddos(client).move(THERE, OVERRIDE, {"before": ""}).make(client),
        [
            lambda sdk: sdk.rulesets.rules.edit(
                OVERRIDE.id, account_id=ACCOUNT, ruleset_id=THERE.id, position={"before": ""}
            )
        ],
    ),
    "delete a ddos override": (
        lambda client: ddos(client).delete(THERE, OVERRIDE).make(client),
        [
            lambda sdk: sdk.rulesets.rules.delete(
                OVERRIDE.id, account_id=ACCOUNT, ruleset_id=THERE.id
            )
        ],
    ),
    "list mnm rules": (
        lambda client: rules(client).read(),
        [lambda sdk: drained(sdk.magic_network_monitoring.rules.list(account_id=ACCOUNT))],
    ),
    "add an mnm rule": (
        lambda client: rules(client).add(RULE).make(client),
        [lambda sdk: sdk.magic_network_monitoring.rules.create(account_id=ACCOUNT, **RULE.body())],
    ),
    "edit an mnm rule": (
        lambda client: rules(client).edit(RULE).make(client),
        [
            lambda sdk: sdk.magic_network_monitoring.rules.edit(
                RULE.id, account_id=ACCOUNT, **RULE.body()
            )
        ],
    ),
    "delete an mnm rule": (
        lambda client: rules(client).delete(RULE).make(client),
        [lambda sdk: sdk.magic_network_monitoring.rules.delete(RULE.id, account_id=ACCOUNT)],
    ),
    "switch automatic advertisement": (
        lambda client: rules(client).switch(RULE, advertise=True).make(client),
        [
            lambda sdk: sdk.magic_network_monitoring.rules.advertisements.edit(
                RULE.id, account_id=ACCOUNT, body={"automatic_advertisement": True}
            )
        ],
    ),
}


@pytest.mark.parametrize(("ours", "sdk"), ACCOUNT_CALLS.values(), ids=ACCOUNT_CALLS)
async def test_our_requests_for_an_account_are_those_of_the_sdk(our_shapes, success, ours, sdk):
    credential = CREDENTIALS["bearer"]
    expected = [shape for call in sdk for shape in await sdk_shapes(success, call, credential[1])]
    made = await our_shapes(lambda client, _: ours(client), credential[0])

    assert without_content_type_of_nothing(made) == without_content_type_of_nothing(expected)


def without_content_type_of_nothing(shapes):
    """Leave out the content type of a request without a body: the SDK always sends one."""
    return [
        (method, url, body, headers if body is not None else {**headers, "content-type": ""})
        for method, url, body, headers in shapes
    ]
