"""Settings as a whole: every section, where each value came from, and what decisions need."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any, NamedTuple

from pydantic import BaseModel

from responder.domain.targets import Inventory, Target
from responder.ports import MitigationKind
from responder.settings.addresses import password_of, without_password
from responder.settings.durations import format_duration
from responder.settings.policies import GUARDS, GuardSettings, PolicySettings
from responder.settings.root import Root
from responder.settings.secret import Secret
from responder.settings.sections import (
    Alertmanager,
    Cloudflare,
    Log,
    Notifications,
    Prometheus,
    Sensor,
    Server,
    Site,
    Store,
)
from responder.settings.tree import KeyPath, dotted

__all__ = ["Effective", "Settings", "printable"]


class Effective(NamedTuple):
    """One value in force, as it may be shown, and where it came from."""

    key: str
    value: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The checked configuration. Policies are complete: with guards, and one per mitigation."""

    server: Server
    alertmanager: Alertmanager
    prometheus: Prometheus
    cloudflare: Cloudflare
    store: Store
    sites: Mapping[str, Site]
    guards: GuardSettings
    policies: tuple[PolicySettings, ...]
    sensor: Sensor
    log: Log
    notifications: Notifications = field(default_factory=Notifications)
    warnings: tuple[str, ...] = ()
    """What is allowed but unwise, each with its place."""
    kinds: Sequence[MitigationKind] = field(default=(), repr=False)
    options: Mapping[str, BaseModel] = field(default_factory=dict)
    """The mitigation's own options, by the policy's name."""
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Where values came from, by dotted key; one that is missing is a default."""

    def inventory(self) -> Inventory:
        """Return everything that may be switched, and the policies in their order."""
        by_name = {kind.name: kind for kind in self.kinds}
        policies = [
            policy.in_force(by_name[policy.mitigation], self.options.get(policy.name))
            for policy in self.policies
        ]
        return Inventory(self._targets(), policies)

    def options_for(self, mitigation: str, policy: str | None = None) -> BaseModel:
        """Return the options of the named policy of a mitigation, or of its first."""
        mine = [one.name for one in self.policies if one.mitigation == mitigation]
        if not mine:  # nothing of it is configured any more
            kind = next(kind for kind in self.kinds if kind.name == mitigation)
            options: BaseModel = kind.options()
            return options
        return self.options[policy if policy in mine else mine[0]]

    def source_of(self, key: str) -> str:
        """Return where the value of a key such as `server.listen` came from."""
        return self.sources.get(key, "default")

    def effective(self) -> Iterator[Effective]:
        """Return every value in force, in the order of the reference; secrets are hidden."""
        for name in Root.model_fields:
            for path, value in self._leaves(getattr(self, name), (name,)):
                key = dotted(path)
                yield Effective(key, printable(value), self.source_of(key))

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every secret in force, for those who keep them out of sight."""
        leaves = [
            value
            for name in Root.model_fields
            for _, value in self._leaves(getattr(self, name), (name,))
        ]
        found = [value for value in leaves if isinstance(value, Secret)]
        password = password_of(self.store.url)
        return (*found, *([Secret(password)] if password.strip() else []))

    def _targets(self) -> Iterator[Target]:
        for name, site in self.sites.items():
            for resource, found in (("zone", site.zones), ("prefix", site.prefixes)):
                for kind in self.kinds:
                    if kind.resource == resource:
                        yield from (Target(name, kind.name, one, resource) for one in found)

    def _leaves(self, value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
        """Return values that have no keys of their own; options as their mitigation reads them."""
        if isinstance(value, PolicySettings):
            keys = _keys(value) | {"options": self.options[value.name]}
            value = dict(sorted(keys.items(), key=lambda item: item[0] in GUARDS))
        children = _children(value)
        if children is None:
            yield path, value
            return
        for key, child in children.items():
            yield from self._leaves(child, (*path, key))


def _keys(model: BaseModel) -> dict[str, Any]:
    return {name: getattr(model, name) for name in type(model).model_fields}


def _children(value: Any) -> Mapping[Any, Any] | None:
    if isinstance(value, BaseModel):
        return _keys(value)
    if isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
        return dict(enumerate(value))
    return value if isinstance(value, Mapping) else None


def printable(value: Any) -> str:
    """Return a value as people write it in the file, without its secrets."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(printable(one) for one in value)}]"
    return without_password(str(value))
