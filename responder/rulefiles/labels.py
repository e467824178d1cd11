"""Which labels the series of an expression may have, as far as the expression alone tells."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

__all__ = ["Labels"]


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels that can be there: those of the series read, or `only` these; never the `lost`."""

    only: frozenset[str] | None = None
    lost: frozenset[str] = frozenset()

    @classmethod
    def exactly(cls, *names: str) -> "Labels":
        """Return labels of which the expression names all."""
        return cls(frozenset(names))

    def __contains__(self, name: str) -> bool:
        return name not in self.lost and (self.only is None or name in self.only)

    def limited(self, names: Iterable[str]) -> "Labels":
        """Return what `by` or `on` leaves."""
        return Labels(frozenset(name for name in names if name in self))

    def without(self, names: Iterable[str]) -> "Labels":
        """Return what `without` or `ignoring` leaves."""
        if self.only is not None:
            return Labels(self.only - frozenset(names))
        return replace(self, lost=self.lost | frozenset(names))

    def added(self, *names: str) -> "Labels":
        """Return these and others that are put on."""
        only = None if self.only is None else self.only | frozenset(names)
        return Labels(only, self.lost - frozenset(names))

    def common(self, other: "Labels") -> "Labels":
        """Return what both have, as all series of a union do."""
        if self.only is None:
            return (
                other.without(self.lost)
                if other.only is not None
                else Labels(None, self.lost | other.lost)
            )
        return Labels(frozenset(name for name in self.only if name in other))
