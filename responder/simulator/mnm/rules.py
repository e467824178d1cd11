"""Family: rules of MNM, and their switch for automatic advertisement.

A partial PATCH is taken, as in the field, though the schema wants the required fields repeated.
Codes of refusals are assumed.
"""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse

from responder.simulator.auth import Caller, account_family, caller_of
from responder.simulator.bodies import Body, read_body
from responder.simulator.envelope import Layout, success
from responder.simulator.inventory import Account
from responder.simulator.mnm.fields import NamedFields, RuleFields
from responder.simulator.mnm.rule import Rule, RuleType, spelled

__all__ = ["READS", "WRITES", "router", "rule_json"]

router = APIRouter(prefix="/accounts/{account_id}/mnm/rules")

WRITES = ("Magic Network Monitoring Write", "Magic Network Monitoring Admin")
READS = ("Magic Network Monitoring Read", *WRITES)

_FAMILY = account_family(Layout.RESULT_LAST)
_BAD_NAME = (
    "Invalid account settings request body: account name format contains illegal characters "
    "or is not supported"
)

_Caller = Annotated[Caller, Depends(caller_of(_FAMILY))]


class _Advertisement(Body):
    automatic_advertisement: bool | None = None


@router.get("")
async def list_rules(account_id: str, caller: _Caller) -> JSONResponse:
    """List the account's rules, all at once."""
    account = caller.account(account_id, *READS)
    own = [rule for rule in caller.simulation.mnm_rules.values() if rule.account == account]
    return success([rule_json(rule, caller) for rule in own], _FAMILY.layout)


@router.post("")
async def create_rule(account_id: str, request: Request, caller: _Caller) -> JSONResponse:
    """Make a rule."""
    account = caller.account(account_id, *WRITES)
    if set(account.name) & set("&<>\"'`"):
        raise caller.error(400, 1000, _BAD_NAME)
    fields = await read_body(request, RuleFields, caller)
    for required in ("name", "type", "prefixes", "automatic_advertisement"):
        if required not in fields.model_fields_set:
            raise caller.error(400, 1004, f"Invalid value for {required}: it is required")
    empty = Rule(caller.simulation.new_id("mnm_rule"), "", RuleType.THRESHOLD, (), account=account)
    return _written(empty, fields, caller)


@router.put("")
async def update_rule(account_id: str, request: Request, caller: _Caller) -> JSONResponse:
    """Change the rule that the body names by id or name."""
    account = caller.account(account_id, *WRITES)
    order = await read_body(request, NamedFields, caller)
    rules = caller.simulation.mnm_rules.values()
    own = (rule for rule in rules if rule.account == account)
    found = next((r for r in own if order.id == r.id or order.name == r.name), None)
    if found is None:
        raise caller.error(404, 1001, "Rule not found")
    return _written(found, order, caller)


@router.get("/{rule_id}")
async def get_rule(account_id: str, rule_id: str, caller: _Caller) -> JSONResponse:
    """Show one rule."""
    rule = _rule(caller, rule_id, caller.account(account_id, *READS))
    return success(rule_json(rule, caller), _FAMILY.layout)


@router.patch("/{rule_id}")
async def edit_rule(
    account_id: str, rule_id: str, request: Request, caller: _Caller
) -> JSONResponse:
    """Change one rule; what is left out stays."""
    rule = _rule(caller, rule_id, caller.account(account_id, *WRITES))
    fields = await read_body(request, RuleFields, caller)
    return _written(rule, fields, caller)


@router.delete("/{rule_id}")
async def delete_rule(account_id: str, rule_id: str, caller: _Caller) -> JSONResponse:
    """Take a rule away, and show it once more."""
    rule = _rule(caller, rule_id, caller.account(account_id, *WRITES))
    del caller.simulation.mnm_rules[rule.id]
    return success(rule_json(rule, caller), _FAMILY.layout)


@router.patch("/{rule_id}/advertisement")
async def edit_advertisement(
    account_id: str, rule_id: str, request: Request, caller: _Caller
) -> JSONResponse:
    """Switch automatic advertisement on or off; a body is needed, though it may be empty."""
    rule = _rule(caller, rule_id, caller.account(account_id, *WRITES))
    order = await read_body(request, _Advertisement, caller)
    fields = order.model_dump(exclude_unset=True)
    written = replace(rule, **fields)
    caller.simulation.mnm_rules[rule.id] = written
    return success({"automatic_advertisement": written.automatic_advertisement}, _FAMILY.layout)


def rule_json(rule: Rule, caller: Caller) -> dict[str, object]:
    """Build the rule as sent; what it has not is left out."""
    go = caller.simulation.mnm.go_durations
    optional: dict[str, object] = {
        "bandwidth_threshold": rule.bandwidth_threshold,
        "packet_threshold": rule.packet_threshold,
        "duration": None if rule.duration is None else spelled(rule.duration, go=go),
        "prefix_match": rule.prefix_match,
        "zscore_sensitivity": rule.zscore_sensitivity,
        "zscore_target": rule.zscore_target,
    }
    return {
        "id": rule.id,
        "name": rule.name,
        "type": rule.type,
        "prefixes": list(rule.prefixes),
        "automatic_advertisement": rule.automatic_advertisement,
        **{key: value for key, value in optional.items() if value is not None},
    }


def _written(rule: Rule, fields: RuleFields, caller: Caller) -> JSONResponse:
    written = fields.onto(rule)
    problem = _problem(written, caller)
    if problem is not None:
        raise caller.error(400, 1004, problem)
    caller.simulation.mnm_rules[written.id] = written
    return success(rule_json(written, caller), _FAMILY.layout)


def _problem(rule: Rule, caller: Caller) -> str | None:
    """Say what is wrong with a rule as a whole."""
    others = (r for r in caller.simulation.mnm_rules.values() if r.id != rule.id)
    if any(other.name == rule.name and other.account == rule.account for other in others):
        return f"Invalid value for name: {rule.name} is there already"
    if not (rule.name and rule.type and rule.prefixes):
        return "Invalid rule: name, type and prefixes cannot be null"
    if rule.type is RuleType.THRESHOLD and not (rule.bandwidth_threshold or rule.packet_threshold):
        return "Invalid rule: a threshold rule needs bandwidth_threshold or packet_threshold"
    if rule.type is RuleType.ZSCORE and not (rule.zscore_sensitivity and rule.zscore_target):
        return "Invalid rule: a zscore rule needs zscore_sensitivity and zscore_target"
    return None


def _rule(caller: Caller, rule_id: str, account: Account) -> Rule:
    rule = caller.simulation.mnm_rules.get(rule_id)
    if rule is None or rule.account != account:
        raise caller.error(404, 1001, "Rule not found")
    return rule
