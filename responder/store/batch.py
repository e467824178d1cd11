"""What a batch of changes comes to: the last word on every key.

Whatever is superseded within the batch is never written.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from responder.domain.alerts import HeardAlert
from responder.domain.audit import AuditEntry
from responder.domain.memory import Memory
from responder.ports import MOST_ALERTS, Changes, Intent, NotedOrder, Outcome
from responder.store.codec import to_text

__all__ = ["Writes", "newest_tellings"]

_Told = TypeVar("_Told", AuditEntry, Intent, Outcome)


def newest_tellings(webhooks: Iterable[Iterable[HeardAlert]]) -> list[HeardAlert]:
    """Return what webhooks, the oldest first, told last of each alert; `MOST_ALERTS` of them.

    Those of one commit have one number: the later one is then the newer.
    """
    book: dict[str, HeardAlert] = {}
    for told in webhooks:
        for one in told:
            known = book.setdefault(one.alert.fingerprint, one)
            if one.rank >= known.rank:
                book[one.alert.fingerprint] = one
    return sorted(book.values(), key=lambda one: -one.seq)[:MOST_ALERTS]


@dataclass(frozen=True, slots=True)
class Writes:
    """The effect of a batch, by key; filled by `of` and not changed afterwards."""

    memories: dict[str, Memory] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    webhooks: list[Sequence[HeardAlert]] = field(default_factory=list)
    """What each of them told."""
    intents: dict[str, Intent] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    entries: list[AuditEntry] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    """As JSON text."""
    orders: dict[str, NotedOrder] = field(default_factory=dict)
    followed: set[str] = field(default_factory=set)
    fences: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, batch: Iterable[Changes]) -> "Writes":
        """Fold the batch in its order."""
        writes = cls()
        for changes in batch:
            writes._add(changes)
        return writes

    def _add(self, changes: Changes) -> None:
        self._add_memories(changes)
        if changes.alerts:
            self.webhooks.append(changes.alerts)
        for intent in map(_storable, changes.intents):
            # Committed twice, after a commit that only seemed to fail, it is the same intent.
            self.intents.setdefault(intent.id, intent)
        self.outcomes.update((one.intent, one) for one in map(_storable, changes.outcomes))
        self.entries.extend(map(_storable, changes.entries))
        self.facts.update((name, to_text(value)) for name, value in changes.facts.items())
        self.orders.update((order.id, order) for order in changes.orders)
        self.followed.update(changes.followed)
        if changes.fence is not None:
            self.fences.add(changes.fence)

    def _add_memories(self, changes: Changes) -> None:
        """Forget before remembering: when both are asked for, losing what is ours is worse."""
        for target in changes.forgotten:
            self.memories.pop(target, None)
            self.forgotten.add(target)
        for memory in changes.memories:
            self.forgotten.discard(memory.target)
            self.memories[memory.target] = memory


def _storable(told: _Told) -> _Told:
    """Return it with texts that every database takes, whatever somebody outside has put in them.

    PostgreSQL refuses NUL, and both refuse half a character: one such detail in the audit trail
    would be tried again with every commit, and nothing would be stored any more.
    """
    cleaned: dict[str, Any] = {}
    for one in fields(told):
        text = getattr(told, one.name)
        if isinstance(text, str) and (clean := _clean(text)) != text:
            cleaned[one.name] = clean
    return replace(told, **cleaned) if cleaned else told


def _clean(text: str) -> str:
    return text.encode(errors="replace").decode().replace("\0", "?")
