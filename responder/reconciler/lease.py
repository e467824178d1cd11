"""The right to act: for how long this process can be sure that no other one does."""

from collections.abc import Callable
from datetime import timedelta

from responder.ports import Claim

__all__ = ["MARGIN", "Lease"]

MARGIN = timedelta(seconds=3)
"""By how much a lease lasts longer than a call to the provider: it bears two late renewals."""


class Lease:
    """What this process knows of the lease that it holds; `monotonic` only runs forwards."""

    def __init__(
        self, monotonic: Callable[[], timedelta], call: timedelta, *, shared: bool
    ) -> None:
        """Begin without the lease; `call` is how long a call to the provider may take."""
        self._monotonic = monotonic
        self._call = call
        self._shared = shared
        self._ends: timedelta | None = None
        self.token = 0

    @property
    def lasts(self) -> timedelta:
        """For how long it is asked for."""
        return self._call + MARGIN

    @property
    def fence(self) -> int | None:
        """The token that the store compares; None where there is nobody else."""
        return self.token if self._shared else None

    @property
    def held(self) -> bool:
        """Whether it is certainly held now."""
        return self._ends is not None and (not self._shared or self._monotonic() < self._ends)

    @property
    def bears_a_call(self) -> bool:
        """Whether a call made now ends, one way or the other, before anybody else can act."""
        if self._ends is None:
            return False
        return not self._shared or self._monotonic() + self._call <= self._ends

    def renewed(self, claim: Claim, asked_at: timedelta) -> None:
        """Take what came of a claim; it counts from the moment before it was asked for."""
        self._ends = asked_at + self.lasts if claim.mine else None
        if claim.mine:
            self.token = claim.token
