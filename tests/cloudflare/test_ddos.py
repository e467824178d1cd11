"""Overrides of the managed DDoS rules: what is read, and what a write must keep."""

from dataclasses import replace

import pytest

from responder.cloudflare.ddos import DdosOverrides, DdosScope
from responder.errors import ProviderError

SCOPE = DdosScope.network("a")
RULE = {
    "id": "1",
    "version": "3",
    "last_updated": "2026-11-20T10:00:00Z",
    "ref": "ours",
    "description": "as agreed",
    "expression": "true",
    "action": "execute",
    "enabled": False,
    "logging": {"enabled": True},
    "action_parameters": {
        "id": SCOPE.managed_id,
        "matched_data": {"public_key": "k"},
        "overrides": {"action": "log"},
    },
}


@pytest.fixture
def overrides(client_for):
    return lambda answer: DdosOverrides(client_for(lambda _: answer), SCOPE)


async def test_a_patch_keeps_what_we_do_not_know(overrides, success):
    api = overrides(success({"id": "r", "rules": [RULE]}))
    there = await api.entrypoint()
    call = api.edit(there, replace(there.rules[0], overrides={"action": "block"}))
    given = {key: RULE[key] for key in RULE if key not in {"id", "version", "last_updated"}}
    parameters = RULE["action_parameters"] | {"overrides": {"action": "block"}}
    assert (call.method, call.path) == ("PATCH", "/accounts/a/rulesets/r/rules/1")
    assert call.body == given | {"action_parameters": parameters}


async def test_a_move_says_nothing_but_the_place(overrides, success):
    api = overrides(success({"id": "r", "rules": [RULE]}))
    there = await api.entrypoint()
    call = api.move(there, there.rules[0], {"after": ""})
    assert call.body == {"position": {"after": ""}}


async def test_an_empty_entrypoint_is_not_the_same_as_none(overrides, success, failure):
    there = await overrides(success({"id": "r"})).entrypoint()
    assert (there.id, there.rules) == ("r", ())
    missing = failure(404, {"code": 10003, "message": "no such thing"})
    assert await overrides(missing).entrypoint() is None


@pytest.mark.parametrize("status", [404, 403, 500])
async def test_no_other_failure_is_taken_for_an_empty_list(overrides, failure, status):
    """A second entrypoint cannot be made, but rules that are not seen would be doubled."""
    with pytest.raises(ProviderError):
        await overrides(failure(status, {"code": 7003, "message": "no route"})).entrypoint()


@pytest.mark.parametrize(
    "result",
    [None, [], {}, {"id": "r", "rules": None}, {"id": "r", "rules": [{"id": "1"}]}],
    ids=str,
)
async def test_what_is_no_ruleset_is_a_failure(overrides, success, result):
    with pytest.raises(ProviderError, match="list_ddos_overrides"):
        await overrides(success(result)).entrypoint()


async def test_a_rule_without_allowed_actions_is_read_only(overrides, success):
    rules = [{"id": "1", "ref": "a", "allowed_override_actions": ["block"]}, {"id": "2"}]
    found = await overrides(success({"id": "m", "rules": rules})).managed()
    assert [(one.ref, one.allowed_actions) for one in found] == [("a", ("block",)), ("2", ())]
