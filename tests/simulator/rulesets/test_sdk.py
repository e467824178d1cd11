"""Cloudflare's own SDK, in strict mode, takes what the rulesets answer."""

from collections.abc import AsyncIterator

import cloudflare
import pytest
import pytest_asyncio

from responder.simulator.inventory import Account
from responder.simulator.rulesets.managed import PHASES

pytestmark = pytest.mark.asyncio(loop_scope="session")

ACCOUNT = Account().id
PHASE = PHASES["ddos_l4"]
RULE = {
    "ref": "ours",
    "expression": "ip.dst in {203.0.113.0/24}",
    "action": "execute",
    "action_parameters": {
        "id": PHASE.managed_id,
        "overrides": {"sensitivity_level": "medium"},
    },
}


@pytest_asyncio.fixture(loop_scope="session")
async def sdk(live) -> AsyncIterator[cloudflare.AsyncCloudflare]:
    live.simulation.rulesets.clear()
    async with cloudflare.AsyncCloudflare(
        api_token="simulator-token",
        base_url=live.endpoints.base_url,
        max_retries=0,
        _strict_response_validation=True,
    ) as client:
        yield client


async def entrypoint(sdk):
    return await sdk.rulesets.phases.get("ddos_l4", account_id=ACCOUNT)


async def written(sdk, *refs):
    rules = [RULE | {"ref": ref} for ref in refs]
    await sdk.rulesets.phases.update("ddos_l4", account_id=ACCOUNT, rules=rules)
    return await entrypoint(sdk)


async def test_there_is_no_entrypoint_before_the_first_rule(sdk):
    with pytest.raises(cloudflare.NotFoundError) as raised:
        await entrypoint(sdk)
    assert raised.value.errors[0].code == 10003
    await sdk.rulesets.create(
        account_id=ACCOUNT, name="default", kind="root", phase="ddos_l4", rules=[RULE]
    )
    assert [rule.ref for rule in (await entrypoint(sdk)).rules] == ["ours"]
    with pytest.raises(cloudflare.BadRequestError) as raised:
        await sdk.rulesets.create(
            account_id=ACCOUNT, name="default", kind="root", phase="ddos_l4", rules=[RULE]
        )
    assert raised.value.errors[0].code == 20217


async def test_cloudflares_own_rules_say_what_may_be_overridden(sdk):
    """Their shape is the one that was observed: the schema wants an expression that none has."""
    path = f"/accounts/{ACCOUNT}/rulesets/{PHASE.managed_id}"
    ruleset = (await sdk.get(path, cast_to=object))["result"]
    allowed = {rule["ref"]: rule.get("allowed_override_actions") for rule in ruleset["rules"]}
    assert allowed["UDP4-0002"] == ["block", "log"]
    assert allowed["GEN4-0001"] is None


async def test_ids_survive_a_put_by_their_refs_and_the_version_grows(sdk):
    first = await written(sdk, "a", "b")
    second = await written(sdk, "b", "a")
    ids = {rule.ref: rule.id for rule in first.rules}
    assert [rule.id for rule in second.rules] == [ids["b"], ids["a"]]
    assert int(second.version) == int(first.version) + 1


async def test_a_dry_run_checks_and_keeps_nothing(sdk):
    there = await written(sdk, "a")
    where = {"account_id": ACCOUNT, "ruleset_id": there.id}
    await sdk.rulesets.rules.create(**where, dry_run=True, **(RULE | {"ref": "b"}))
    await sdk.rulesets.rules.delete(there.rules[0].id, **where, dry_run=True)
    assert (await entrypoint(sdk)).model_dump() == there.model_dump()
    with pytest.raises(cloudflare.BadRequestError, match="parsing error"):
        await sdk.rulesets.rules.create(
            **where, dry_run=True, **(RULE | {"expression": "ip.dst.port eq 80"})
        )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ref": "a"}, "unique"),
        ({"action": "block"}, "not a valid value for action"),
        ({"expression": ""}, "expression because it is required"),
        ({"expression": 'http.host eq "a'}, r"parsing error \(1:14\)"),
        ({"expression": "(tcp.dstport eq 80"}, "parsing error"),
        pytest.param({"expression": "t" * 4001}, "4000", id="long"),
        ({"nonsense": 1}, "nonsense"),
        ({"position": {"index": 9}}, "position"),
        ({"position": {"index": 1, "before": ""}}, "exactly one"),
    ],
    ids=str,
)
async def test_what_is_not_valid_is_refused(sdk, change, said):
    there = await written(sdk, "a")
    with pytest.raises(cloudflare.BadRequestError, match=said):
        await sdk.post(
            f"/accounts/{ACCOUNT}/rulesets/{there.id}/rules",
            body=RULE | {"ref": "b"} | change,
            cast_to=object,
        )


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"sensitivity_level": "huge"}, "sensitivity_level"),
        ({"action": "challenge"}, "not allowed"),
        ({"enabled": False}, "cannot be disabled"),
        ({"categories": [{"category": "no"}]}, "category"),
        ({"rules": [{"id": PHASE.rules[3].id, "action": "log"}]}, "may not be overridden"),
        ({"rules": [{"id": PHASE.rules[2].id, "action": "log"}]}, "not allowed"),
        ({"rules": [{"id": "no"}]}, "does not exist"),
    ],
    ids=str,
)
async def test_only_what_is_allowed_can_be_overridden(sdk, overrides, said):
    parameters = {"id": PHASE.managed_id, "overrides": overrides}
    with pytest.raises(cloudflare.BadRequestError, match=said):
        await sdk.rulesets.phases.update(
            "ddos_l4", account_id=ACCOUNT, rules=[RULE | {"action_parameters": parameters}]
        )


async def test_a_patch_replaces_the_whole_definition_or_only_moves(sdk):
    there = await written(sdk, "a", "b")
    where = {"account_id": ACCOUNT, "ruleset_id": there.id}
    rule = there.rules[1]
    await sdk.rulesets.rules.edit(rule.id, **where, position={"before": ""})
    assert [one.ref for one in (await entrypoint(sdk)).rules] == ["b", "a"]
    await sdk.rulesets.rules.edit(rule.id, **where, **(RULE | {"ref": "c", "description": "new"}))
    first = (await entrypoint(sdk)).rules[0]
    assert (first.id, first.ref, first.description) == (rule.id, "c", "new")
    with pytest.raises(cloudflare.BadRequestError):
        await sdk.rulesets.rules.edit(rule.id, **where, description="half")
