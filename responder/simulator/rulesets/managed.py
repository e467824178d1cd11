"""The managed DDoS rulesets: a few rules of each, with what of them may be overridden."""

from collections.abc import Mapping
from dataclasses import dataclass

from responder.simulator.inventory import BORN, identifier

__all__ = ["PHASES", "ManagedRule", "Phase"]


@dataclass(frozen=True, slots=True)
class ManagedRule:
    """A rule of Cloudflare's; without `overridable` it is read only and says nothing of that."""

    ref: str
    description: str
    action: str
    categories: tuple[str, ...]
    overridable: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The same on every run."""
        return identifier("managed_rule", self.ref)

    def as_json(self) -> dict[str, object]:
        """Build the rule as sent."""
        allowed = {"allowed_override_actions": list(self.overridable)} if self.overridable else {}
        return {
            "id": self.id,
            "version": "7",
            "ref": self.ref,
            "description": self.description,
            "action": self.action,
            "enabled": True,
            "categories": list(self.categories),
            "last_updated": BORN.isoformat().replace("+00:00", "Z"),
            **allowed,
        }


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase: whose entrypoint it has, and the one managed ruleset that it may execute."""

    name: str
    owner: str
    kind: str
    managed_id: str
    permission: str
    actions: frozenset[str]
    rules: tuple[ManagedRule, ...]

    def categories(self) -> frozenset[str]:
        """Return every category that a rule of it is in."""
        return frozenset(one for rule in self.rules for one in rule.categories)


_L4 = Phase(
    name="ddos_l4",
    owner="accounts",
    kind="root",
    managed_id="3b64149bfa6e4220bbbc2bd6db589552",
    permission="L4 DDoS Managed Ruleset",
    actions=frozenset({"block", "log", "ddos_dynamic"}),
    rules=(
        ManagedRule("UDP4-0002", "UDP flood", "ddos_dynamic", ("udp",), ("block", "log")),
        ManagedRule("UDP4-0009", "DNS amplification", "block", ("udp", "dns"), ("block", "log")),
        ManagedRule("TCP4-0001", "SYN flood", "ddos_dynamic", ("tcp",), ("block",)),
        ManagedRule("GEN4-0001", "Malformed packets", "block", ("generic",)),
    ),
)
_L7 = Phase(
    name="ddos_l7",
    owner="zones",
    kind="zone",
    managed_id="4d21379b4f9f4bb088e0729962c8b3cf",
    permission="HTTP DDoS Managed Ruleset",
    actions=frozenset({"block", "managed_challenge", "challenge", "log", "ddos_dynamic"}),
    rules=(
        ManagedRule(
            "HTTP-0001",
            "Requests of a known botnet",
            "ddos_dynamic",
            ("botnets",),
            ("block", "managed_challenge", "challenge", "log"),
        ),
        ManagedRule("HTTP-0002", "Unusual requests", "managed_challenge", ("generic",)),
    ),
)
PHASES: Mapping[str, Phase] = {phase.name: phase for phase in (_L4, _L7)}
