"""When a mitigation is on: the responder's default guards, minute by minute.

On with the first trigger; off after `minimum_duration` and `calm_period` without one. From the
third time within six hours on the calm doubles, to two hours at most (`flap_hold`).
"""

from collections.abc import Iterable

__all__ = ["CALM", "Mitigation", "engaged"]

CALM = 15
"""Minutes: the default `calm_period`."""

_MINIMUM, _FLAPS, _LONGEST = 5, 360, 120


class Mitigation:
    """One target through time."""

    def __init__(self) -> None:
        self.ons: list[int] = []
        self.on = False
        self._quiet = 0

    def minute(self, at: int, *, trigger: bool) -> bool:
        """Hear at the end of a minute whether a trigger fires; tell whether it is on from then."""
        if trigger:
            self._quiet = 0
            if not self.on:
                self.on = True
                self.ons.append(at)
        elif self.on:
            self._quiet += 1
            if self._quiet >= self._calm(at) and at - self.ons[-1] >= _MINIMUM:
                self.on = False
        return self.on

    def _calm(self, at: int) -> int:
        lately = sum(one > at - _FLAPS for one in self.ons)
        return int(min(CALM * 2 ** max(lately - 2, 0), _LONGEST))


def engaged(firing: Iterable[int], begin: int, end: int) -> tuple[set[int], list[int]]:
    """Return the minutes in which the mitigation is on, and when it was switched on."""
    one, triggers = Mitigation(), set(firing)
    on = {at for at in range(begin, end) if one.minute(at, trigger=at in triggers)}
    return on, one.ons
