"""Family: rulesets of zones and accounts, as far as the DDoS phases go.

`dry_run=true` checks all and keeps nothing; the result is null then. Codes of refusals are
assumed, but for 20217.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse

from responder.simulator.auth import Caller, account_family, caller_of
from responder.simulator.envelope import Layout, moment, success
from responder.simulator.inventory import BORN, identifier
from responder.simulator.rulesets.checks import problems
from responder.simulator.rulesets.managed import PHASES, Phase
from responder.simulator.rulesets.ruleset import PositionError, Ruleset, placed

__all__ = ["router"]

router = APIRouter(prefix="/{owner}/{owner_id}/rulesets")

_FAMILY = account_family(Layout.RESULT_FIRST)
_INVALID, _NO_ENTRYPOINT, _NOT_FOUND, _EXISTS = 20127, 10003, 10001, 20217

_Caller = Annotated[Caller, Depends(caller_of(_FAMILY))]
_Owner = Literal["accounts", "zones"]


@dataclass(frozen=True, slots=True)
class _Place:
    """Which ruleset of whom a path names."""

    owner: str
    owner_id: str
    ruleset_id: str


def _place(owner: _Owner, owner_id: str, ruleset_id: str) -> _Place:
    return _Place(owner, owner_id, ruleset_id)


@router.get("/phases/{phase}/entrypoint")
async def get_entrypoint(owner: _Owner, owner_id: str, phase: str, caller: _Caller) -> JSONResponse:
    """Show the entrypoint; there is none before the first rule."""
    found = _entrypoint(caller, owner_id, _phase(caller, owner, owner_id, phase, "Read"))
    if found is None:
        said = f"could not find entrypoint ruleset in the {phase} phase"
        raise caller.error(404, _NO_ENTRYPOINT, said)
    return success(found.as_json(), _FAMILY.layout)


@router.put("/phases/{phase}/entrypoint")
async def put_entrypoint(
    owner: _Owner, owner_id: str, phase: str, request: Request, caller: _Caller
) -> JSONResponse:
    """Write all rules anew; those with a known ref keep their ids."""
    known = _phase(caller, owner, owner_id, phase, "Write")
    found = _entrypoint(caller, owner_id, known) or _new(owner_id, known)
    body = await _body(request, caller)
    refs = {rule["ref"]: rule["id"] for rule in found.rules}
    rules = [_rule(one, caller, known, refs.get(one.get("ref", ""))) for one in body["rules"]]
    return _written(found.with_rules(rules, caller.now), request, caller)


@router.post("")
async def create_ruleset(
    owner: _Owner, owner_id: str, request: Request, caller: _Caller
) -> JSONResponse:
    """Make the entrypoint of a phase."""
    body = await _body(request, caller)
    phase = _phase(caller, owner, owner_id, str(body.get("phase")), "Write")
    if body.get("kind") != phase.kind or _entrypoint(caller, owner_id, phase) is not None:
        said = (
            f"'{body.get('kind')}' is not a valid value for kind because exceeded maximum number "
            f"of {phase.kind} rulesets for phase {phase.name}"
        )
        raise caller.error(400, _EXISTS, said)
    rules = [_rule(one, caller, phase, None) for one in body.get("rules", [])]
    return _written(_new(owner_id, phase).with_rules(rules, caller.now), request, caller)


@router.get("/{ruleset_id}")
async def get_ruleset(place: Annotated[_Place, Depends(_place)], caller: _Caller) -> JSONResponse:
    """Show a managed ruleset, or an entrypoint."""
    for phase in PHASES.values():
        if phase.owner == place.owner and phase.managed_id == place.ruleset_id:
            _phase(caller, place.owner, place.owner_id, phase.name, "Read")
            return success(_managed_json(phase), _FAMILY.layout)
    found, _ = _found(caller, place, "Read")
    return success(found.as_json(), _FAMILY.layout)


@router.post("/{ruleset_id}/rules")
async def create_rule(
    place: Annotated[_Place, Depends(_place)], request: Request, caller: _Caller
) -> JSONResponse:
    """Add a rule: last, or where the position says."""
    found, phase = _found(caller, place, "Write")
    body = await _body(request, caller)
    return _with(found, _rule(body, caller, phase, None), body.get("position"), request, caller)


@router.patch("/{ruleset_id}/rules/{rule_id}")
async def edit_rule(
    place: Annotated[_Place, Depends(_place)], rule_id: str, request: Request, caller: _Caller
) -> JSONResponse:
    """Replace a rule's definition; a position alone only moves it."""
    found, phase = _found(caller, place, "Write")
    old = _known_rule(caller, found, rule_id)
    body = await _body(request, caller)
    rule = old if set(body) == {"position"} else _rule(body, caller, phase, old["id"])
    return _with(found, rule, body.get("position"), request, caller)


@router.delete("/{ruleset_id}/rules/{rule_id}")
async def delete_rule(
    place: Annotated[_Place, Depends(_place)], rule_id: str, request: Request, caller: _Caller
) -> JSONResponse:
    """Take a rule away, and show the whole ruleset."""
    found, _ = _found(caller, place, "Write")
    old = _known_rule(caller, found, rule_id)
    rules = [rule for rule in found.rules if rule["id"] != old["id"]]
    return _written(found.with_rules(rules, caller.now), request, caller)


def _phase(caller: Caller, owner: str, owner_id: str, name: str, right: str) -> Phase:
    phase = PHASES.get(name)
    if phase is None or phase.owner != owner:
        raise caller.error(400, _INVALID, f"'{name}' is not a valid value for phase")
    groups = [f"{phase.permission} {one}" for one in {right, "Write"}]
    if owner == "zones":
        caller.zone(owner_id, *groups)
    else:
        caller.account(owner_id, *groups)
    return phase


def _entrypoint(caller: Caller, owner_id: str, phase: Phase) -> Ruleset | None:
    return caller.simulation.rulesets.get(_new(owner_id, phase).id)


def _new(owner_id: str, phase: Phase) -> Ruleset:
    made = identifier("ruleset", f"{owner_id}/{phase.name}")
    return Ruleset(made, owner_id, phase.name, phase.kind, version=0)


def _found(caller: Caller, place: _Place, right: str) -> tuple[Ruleset, Phase]:
    found = caller.simulation.rulesets.get(place.ruleset_id)
    if found is None or found.owner_id != place.owner_id:
        raise caller.error(404, _NOT_FOUND, "could not find the ruleset")
    return found, _phase(caller, place.owner, place.owner_id, found.phase, right)


def _known_rule(caller: Caller, ruleset: Ruleset, rule_id: str) -> Mapping[str, Any]:
    found = next((rule for rule in ruleset.rules if rule["id"] == rule_id), None)
    if found is None:
        raise caller.error(404, _NOT_FOUND, "could not find the rule")
    return found


async def _body(request: Request, caller: Caller) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise caller.error(400, _INVALID, "the body must be a JSON object")
    return body


def _rule(
    body: Mapping[str, Any], caller: Caller, phase: Phase, rule_id: str | None
) -> Mapping[str, Any]:
    """Build a rule from its definition; its own id is the ref when none is given."""
    for problem in problems(body, phase):
        raise caller.error(400, _INVALID, problem)
    made = rule_id or caller.simulation.new_id("ruleset_rule")
    fields = {key: value for key, value in body.items() if key != "position"}
    updated = {"last_updated": moment(caller.now)}
    return {"enabled": True, "ref": made, **fields, "id": made, "version": "1", **updated}


def _with(
    ruleset: Ruleset,
    rule: Mapping[str, Any],
    position: Mapping[str, Any] | None,
    request: Request,
    caller: Caller,
) -> JSONResponse:
    try:
        rules = placed(ruleset.rules, rule, position)
    except PositionError as error:
        raise caller.error(400, _INVALID, f"position: {error}") from error
    return _written(ruleset.with_rules(rules, caller.now), request, caller)


def _written(ruleset: Ruleset, request: Request, caller: Caller) -> JSONResponse:
    refs = [rule["ref"] for rule in ruleset.rules]
    if len(set(refs)) < len(refs):
        raise caller.error(400, _INVALID, "a ref must be unique within its ruleset")
    dry_run = request.query_params.get("dry_run", "false")
    if dry_run not in {"true", "false"}:
        raise caller.error(400, _INVALID, f"'{dry_run}' is not a valid value for dry_run")
    if dry_run == "true":
        return success(None, _FAMILY.layout)
    caller.simulation.rulesets[ruleset.id] = ruleset
    return success(ruleset.as_json(), _FAMILY.layout)


def _managed_json(phase: Phase) -> dict[str, object]:
    return {
        "id": phase.managed_id,
        "name": "DDoS",
        "description": "Cloudflare's own rules",
        "kind": "managed",
        "version": "7",
        "phase": phase.name,
        "last_updated": moment(BORN),
        "rules": [rule.as_json() for rule in phase.rules],
    }
