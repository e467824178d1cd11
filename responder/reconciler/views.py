"""Targets as they are shown, from what is remembered of them; without a loop, from the store."""

from collections.abc import Sequence

from responder.domain.alerts import Alert, AlertStatus
from responder.domain.memory import Memory, Order, Override
from responder.domain.targets import Assignment, Inventory, Target
from responder.ports import Snapshot, TargetView

__all__ = ["may_order", "remembered_views", "target_of"]


def target_of(memory: Memory, inventory: Inventory) -> Target:
    """Return the configured target, or for an orphan the one that it was."""
    orphan = Target(memory.site, memory.mitigation, memory.resource, memory.kind)
    return inventory.targets.get(memory.target, orphan)


def may_order(memory: Memory, inventory: Inventory, override: Override | None) -> bool:
    """Tell whether an operator may give this order: an orphan can only be released."""
    orphan = memory.target not in inventory.targets
    return not (orphan and override is not None and override.order is Order.ENGAGED)


def remembered_views(snapshot: Snapshot, inventory: Inventory) -> list[TargetView]:
    """Return all targets as the store last knew them, orphans included, in the order of ids."""
    known = {memory.target: memory for memory in snapshot.memories}
    kept = {name: one for name, one in known.items() if one.ours or name in inventory.targets}
    fresh = {one.id: Memory.of(one) for one in inventory.targets.values()}
    alerts = _firing(snapshot, inventory)
    memories = fresh | kept
    return [_view(memories[one], inventory, alerts.get(one, ())) for one in sorted(memories)]


def _view(memory: Memory, inventory: Inventory, alerts: Sequence[Alert]) -> TargetView:
    policy = inventory.policy_for(memory.mitigation, memory.policy)
    oldest_first = tuple(sorted(alerts, key=lambda alert: alert.starts_at))
    return TargetView(target_of(memory, inventory), policy, memory, oldest_first)


def _firing(snapshot: Snapshot, inventory: Inventory) -> dict[str, list[Alert]]:
    """Return the alerts that webhooks last told to be firing, by target."""
    found: dict[str, list[Alert]] = {}
    for heard in snapshot.alerts:
        assigned = inventory.assign(heard.alert)
        if heard.alert.status is AlertStatus.FIRING and isinstance(assigned, Assignment):
            for target in assigned.targets:
                found.setdefault(target.id, []).append(heard.alert)
    return found
