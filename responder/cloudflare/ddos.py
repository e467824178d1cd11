"""DDoS protection: Cloudflare's managed rules, and the overrides of an account or a zone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from responder.cloudflare.answers import Operation, malformed
from responder.cloudflare.call import Call
from responder.cloudflare.client import CloudflareClient
from responder.errors import ProviderError

__all__ = ["DdosOverrides", "DdosScope", "Entrypoint", "ManagedRule", "OverrideRule", "Position"]

_NO_ENTRYPOINT = 10003
_GIVEN_BY_CLOUDFLARE = frozenset({"id", "version", "last_updated", "categories"})

Position = Mapping[str, str | int]
"""Exactly one of `before` and `after` (a rule's id, empty for first or last) and `index`."""


@dataclass(frozen=True, slots=True)
class DdosScope:
    """Whose protection: layers 3 and 4 of the account, or layer 7 of one zone."""

    path: str
    phase: str
    kind: str
    managed_id: str
    permission: str

    @classmethod
    def network(cls, account_id: str) -> "DdosScope":
        """Return that of an account's network, layers 3 and 4."""
        managed = "3b64149bfa6e4220bbbc2bd6db589552"
        path = f"/accounts/{account_id}/rulesets"
        return cls(path, "ddos_l4", "root", managed, "L4 DDoS Managed Ruleset")

    @classmethod
    def zone(cls, zone_id: str) -> "DdosScope":
        """Return that of a zone's requests, layer 7."""
        managed = "4d21379b4f9f4bb088e0729962c8b3cf"
        path = f"/zones/{zone_id}/rulesets"
        return cls(path, "ddos_l7", "zone", managed, "HTTP DDoS Managed Ruleset")

    def operation(self, name: str, right: str = "Write") -> Operation:
        """Return an operation on it, with the permission that it takes."""
        return Operation(name, f"{self.permission} {right}")


@dataclass(frozen=True, slots=True)
class ManagedRule:
    """A rule of Cloudflare's."""

    id: str
    ref: str
    description: str
    action: str
    categories: tuple[str, ...]
    allowed_actions: tuple[str, ...]
    """What an override may set; empty when the rule is read only."""


@dataclass(frozen=True, slots=True)
class OverrideRule:
    """A rule that executes the managed ruleset with overrides, for the traffic it matches."""

    ref: str
    expression: str
    overrides: Mapping[str, Any]
    description: str = ""
    enabled: bool = True
    id: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """All that Cloudflare holds of it: a PATCH replaces the whole definition."""

    def body(self, managed_id: str) -> dict[str, Any]:
        """Return its whole definition."""
        kept = {key: one for key, one in self.raw.items() if key not in _GIVEN_BY_CLOUDFLARE}
        parameters = {"id": managed_id, "overrides": dict(self.overrides)}
        return {
            **kept,
            "ref": self.ref,
            "description": self.description,
            "expression": self.expression,
            "action": "execute",
            "action_parameters": {**kept.get("action_parameters", {}), **parameters},
            "enabled": self.enabled,
        }

    def same_as(self, other: "OverrideRule") -> bool:
        """Tell whether both do the same, whatever their ids."""
        return replace(self, id="") == replace(other, id="")


@dataclass(frozen=True, slots=True)
class Entrypoint:
    """The overrides of a scope in their order: the first one that matches wins."""

    id: str
    rules: tuple[OverrideRule, ...] = ()


class DdosOverrides:
    """The overrides of one scope."""

    def __init__(self, client: CloudflareClient, scope: DdosScope) -> None:
        self._client = client
        self.scope = scope

    async def managed(self) -> Sequence[ManagedRule]:
        """Ask for Cloudflare's own rules; raises ProviderError."""
        operation = self.scope.operation("list_ddos_rules", "Read")
        path = f"{self.scope.path}/{self.scope.managed_id}"
        answer = await self._client.request("GET", path, operation)
        return [_managed(item, operation) for item in _rules(answer.result, operation)]

    async def entrypoint(self) -> Entrypoint | None:
        """Ask for the overrides; None when there was never one; raises ProviderError."""
        operation = self.scope.operation("list_ddos_overrides", "Read")
        path = f"{self.scope.path}/phases/{self.scope.phase}/entrypoint"
        try:
            answer = await self._client.request("GET", path, operation)
        except ProviderError as error:
            if error.code == _NO_ENTRYPOINT or "could not find entrypoint" in str(error):
                return None
            raise
        found = answer.result
        if not isinstance(found, dict) or not isinstance(found.get("id"), str):
            raise malformed(operation, "a ruleset without its id")
        rules = _rules(found, operation)
        return Entrypoint(found["id"], tuple(_override(one, operation) for one in rules))

    def add(self, there: Entrypoint | None, rule: OverrideRule, position: Position | None) -> Call:
        """Add an override. It must not be repeated blindly: look for its ref first.

        Where there is no entrypoint it is made; that fails when somebody else was faster.
        """
        operation = self.scope.operation("add_ddos_override")
        body = rule.body(self.scope.managed_id)
        if there is None:
            made = {
                "name": "default",
                "kind": self.scope.kind,
                "phase": self.scope.phase,
                "rules": [body],
            }
            return Call(operation, "POST", self.scope.path, made)
        placed = body if position is None else {**body, "position": dict(position)}
        return Call(operation, "POST", f"{self.scope.path}/{there.id}/rules", placed)

    def edit(self, there: Entrypoint, rule: OverrideRule) -> Call:
        """Write the override of this id anew, whole."""
        body = rule.body(self.scope.managed_id)
        return self._change(there, rule, "edit_ddos_override", "PATCH", body)

    def move(self, there: Entrypoint, rule: OverrideRule, position: Position) -> Call:
        """Move an override, and change nothing of it."""
        body = {"position": dict(position)}
        return self._change(there, rule, "move_ddos_override", "PATCH", body)

    def delete(self, there: Entrypoint, rule: OverrideRule) -> Call:
        """Take an override away."""
        return self._change(there, rule, "delete_ddos_override", "DELETE", None)

    def _change(
        self,
        there: Entrypoint,
        rule: OverrideRule,
        name: str,
        method: str,
        body: Mapping[str, object] | None,
    ) -> Call:
        path = f"{self.scope.path}/{there.id}/rules/{rule.id}"
        return Call(self.scope.operation(name), method, path, body)


def _rules(ruleset: object, operation: Operation) -> Sequence[Mapping[str, Any]]:
    """Return the rules of a ruleset; an empty one may leave them out."""
    rules = ruleset.get("rules", []) if isinstance(ruleset, dict) else None
    if not isinstance(rules, list) or not all(isinstance(one, dict) for one in rules):
        raise malformed(operation, "a ruleset without its rules")
    return rules


def _managed(item: Mapping[str, Any], operation: Operation) -> ManagedRule:
    if not isinstance(item.get("id"), str):
        raise malformed(operation, "a rule without its id")
    return ManagedRule(
        id=item["id"],
        ref=str(item.get("ref") or item["id"]),
        description=str(item.get("description") or ""),
        action=str(item.get("action") or ""),
        categories=tuple(map(str, item.get("categories") or ())),
        allowed_actions=tuple(map(str, item.get("allowed_override_actions") or ())),
    )


def _override(item: Mapping[str, Any], operation: Operation) -> OverrideRule:
    if not isinstance(item.get("id"), str) or not isinstance(item.get("expression"), str):
        raise malformed(operation, "a rule without id or expression")
    parameters = item.get("action_parameters")
    overrides = parameters.get("overrides") if isinstance(parameters, dict) else None
    return OverrideRule(
        ref=str(item.get("ref") or item["id"]),
        expression=item["expression"],
        overrides=overrides if isinstance(overrides, dict) else {},
        description=str(item.get("description") or ""),
        enabled=item.get("enabled") is not False,
        id=item["id"],
        raw=item,
    )
