"""The mitigations that exist, one line for each."""

from collections.abc import Callable

from responder.mitigations import prefix_advertisement, under_attack
from responder.mitigations.prefix_hook import PrefixHook
from responder.mitigations.provider import Provider
from responder.ports import Clock, Mitigation, MitigationKind

__all__ = ["KINDS", "build_hooks", "build_mitigations"]

_REGISTERED: tuple[tuple[MitigationKind, Callable[[Provider], Mitigation]], ...] = (
    (under_attack.KIND, under_attack.build),
    (prefix_advertisement.KIND, prefix_advertisement.build),
)

KINDS: tuple[MitigationKind, ...] = tuple(kind for kind, _ in _REGISTERED)


def build_mitigations(provider: Provider) -> dict[str, Mitigation]:
    """Build every mitigation, by name."""
    return {kind.name: build(provider) for kind, build in _REGISTERED}


def build_hooks(
    provider: Provider, clock: Clock, observe: Callable[[str, str], None]
) -> dict[str, PrefixHook]:
    """Build the hooks of the mitigations that have one, by name."""
    return {
        prefix_advertisement.KIND.name: prefix_advertisement.build_hook(provider, clock, observe)
    }
