"""Routine reads: how far apart those of each target are, and how many calls pass at a time."""

from collections.abc import Collection, Mapping
from datetime import timedelta

from responder.domain.memory import Memory
from responder.domain.pacing import Gate, Spread, spread
from responder.domain.step import TOLERATED, due_mark, routine
from responder.ports import Mitigation
from responder.reconciler.watch import Pace

__all__ = ["Routine"]


class Routine:
    """Paces them, however many targets there are."""

    def __init__(self, mitigations: Mapping[str, Mitigation], pace: Pace) -> None:
        self._mitigations = mitigations
        self._pace = pace
        self._spread = Spread()
        self._gate = Gate()
        self._called: dict[str, timedelta] = {}
        self._room = 0

    def plan(self, memories: Collection[Memory], room: int) -> None:
        """Take up what there is to read now; so many may be read that were never read."""
        self._room = room
        off = [memory for memory in memories if not (memory.ours or memory.wanted)]
        calls = [call for memory in off if (call := self._call(memory)) is not None]
        every = self._pace.read_on, self._pace.read_off
        self._spread = spread(len(memories) - len(off), len(off) - len(calls), calls, every)

    def interval(self, memory: Memory) -> timedelta:
        """Return the time between two routine reads of a target."""
        if memory.ours or memory.wanted:
            return self._pace.read_on * self._spread.all
        shares = self._call(memory) is not None
        return self._pace.read_off * (self._spread.shared if shares else self._spread.all)

    def may_read(self, memory: Memory, now: timedelta) -> bool:
        """Tell whether a pass must look at an idle target because a read may be made.

        However many there are, it looks at few of them that cannot be read now anyway.
        """
        if due_mark(memory, self.interval(memory)) > now:
            return False
        if memory.reading is None:
            self._room -= 1
            return self._room >= 0
        call = self._call(memory)
        return call is None or self._gate.at(now).open or self._answered(memory, call, now)

    def admits(self, memory: Memory, now: timedelta) -> bool:
        """Tell whether a read that is due may be made now, and count its call.

        Whatever is not known yet, or has a reason to be read, waits for nothing here.
        """
        call = self._call(memory)
        if call is None or memory.reading is None or not routine(memory):
            return True
        if self._answered(memory, call, now):
            return True
        self._gate = self._gate.at(now)
        if not self._gate.open:
            return False
        self._gate = self._gate.passed()
        self._called[call] = now
        return True

    def _answered(self, memory: Memory, call: str, now: timedelta) -> bool:
        """Tell whether a call was made that answers for this target too."""
        called = self._called.get(call)
        return called is not None and now - called < self.interval(memory) * TOLERATED

    def _call(self, memory: Memory) -> str | None:
        mitigation = self._mitigations.get(memory.mitigation)
        return mitigation.call_of(memory.resource) if mitigation is not None else None
