"""A service that only keeps what it is told."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from responder.domain.audit import AuditEntry, Kind
from responder.domain.memory import Memory, Override
from responder.domain.targets import Policy, Target
from responder.ports import EventQuery, Health, TargetView, UnknownTargetError

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SHOP = "under_attack:example.com"
PREFIX = "prefix_advertisement:203.0.113.0/24"


@dataclass
class Service:
    """A service that only keeps what it is told."""

    url: str = ""
    api_token: str | None = "api-s3cret"
    views: dict[str, TargetView] = field(default_factory=dict)
    orders: list[tuple[str, Override | None, str]] = field(default_factory=list)
    entries: list[AuditEntry] = field(default_factory=list)
    queries: list[EventQuery] = field(default_factory=list)
    how: Health = field(default_factory=lambda: Health(ready=True))

    def reset(self) -> None:
        """Be as new."""
        self.__init__(self.url, views={one: _view(one) for one in (PREFIX, SHOP)})

    def remember(self, target: str, **changes: object) -> None:
        """Change what is remembered of a target."""
        view = self.views[target]
        self.views[target] = replace(view, memory=replace(view.memory, **changes))

    async def order(self, target: str, override: Override | None, actor: str) -> TargetView:
        if target not in self.views:
            raise UnknownTargetError(target)
        self.orders.append((target, override, actor))
        self.remember(target, override=override)
        return self.views[target]

    async def targets(self) -> list[TargetView]:
        return [self.views[one] for one in sorted(self.views)]

    async def events(self, query: EventQuery) -> list[AuditEntry]:
        self.queries.append(query)
        return self.entries

    def health(self) -> Health:
        return self.how


def _view(target: str) -> TargetView:
    mitigation, _, resource = target.partition(":")
    policy = Policy(mitigation.replace("_", "-"), mitigation, ())
    memory = Memory(target, "shop", mitigation, resource)
    return TargetView(Target("shop", mitigation, resource), policy, memory)


def entry(**fields: object) -> AuditEntry:
    """Return an entry of the audit trail."""
    known = {"at": NOW, "target": SHOP, "site": "shop", "kind": Kind.DECISION, "id": 7}
    return AuditEntry(**(known | fields))
