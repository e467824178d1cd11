"""Telling the operator's own routers: before a change within its turn, after it beside everything.

Only what is before a change can hold it. What comes after has tasks of its own: a receiver that
hangs delays no pass, no turn and no other target.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial

import structlog

from responder.domain.audit import AuditEntry, Kind
from responder.domain.clock import Moment
from responder.domain.hook import HookAnswer, HookCall, HookOutcome, HookRule
from responder.domain.hook_calls import told_after
from responder.domain.memory import Memory
from responder.domain.targets import Inventory, Target
from responder.errors import StoreError
from responder.ports import Hook
from responder.reconciler.lease import Lease
from responder.reconciler.ledger import Ledger
from responder.reconciler.views import target_of

__all__ = ["Hooks"]

_log = structlog.get_logger("responder.hook")


class Hooks:
    """Makes the calls that memories ask for, one at a time for a target."""

    def __init__(
        self,
        hooks: Mapping[str, Hook],
        inventory: Inventory,
        ledger: Ledger,
        lease: Lease,
        moment: Callable[[], Moment],
    ) -> None:
        """`hooks` are those of the mitigations that have one, by their names."""
        self._hooks = hooks
        self._inventory = inventory
        self._ledger = ledger
        self._lease = lease
        self._moment = moment
        self.news: Callable[[], None] = _nobody
        """Called when a call after a change has ended."""
        self._tasks: dict[str, tuple[str, asyncio.Task[None]]] = {}

    async def before(self, target: Target, call: HookCall) -> HookAnswer | None:
        """Store the call and make it; None when the store does not take it."""
        self._drop_outdated()
        try:
            await self._ledger.keep(target.id)
        except StoreError as error:
            _log.error("no hook is called without the store", target=target.id, error=str(error))
            return None
        answer = await self._hooks[target.mitigation].call(target, call)
        self._note(target, call, answer)
        return answer

    def rule(self, memory: Memory) -> HookRule:
        """Return what the policy that a target is under now wants its routers to be told."""
        return self._inventory.policy_for(memory.mitigation, memory.policy).hook

    def due(self) -> list[tuple[str, HookCall]]:
        """Return the calls after a change that are due, each with its target."""
        now = self._moment().elapsed
        return [
            (memory.target, call)
            for memory in self._ledger.memories.values()
            if (call := memory.hook.after) is not None and not call.done and call.due <= now
        ]

    def begin(self, due: Iterable[tuple[str, HookCall]]) -> None:
        """Begin calls that are due; what led to them must be stored already."""
        self._drop_outdated()
        for name, call in due:
            memory = self._ledger.memories.get(name)
            if name in self._tasks or memory is None or memory.mitigation not in self._hooks:
                continue
            if self._lease.held and memory.hook.after == call:
                target = target_of(memory, self._inventory)
                task = asyncio.create_task(self._after(target, call), name=f"hook {name}")
                self._tasks[name] = (call.id, task)
                task.add_done_callback(partial(self._ended, name))

    async def _after(self, target: Target, call: HookCall) -> None:
        answer = await self._hooks[target.mitigation].call(target, call)
        known = self._ledger.memories.get(target.id)
        if known is None or known.hook.after != call:
            return  # something newer has taken its place, and that is told already
        now = self._moment()
        memory = told_after(known, answer, now)
        self._note(target, call, answer, last=not memory.hook.waiting)
        self._ledger.remember(memory, now)

    def _note(
        self, target: Target, call: HookCall, answer: HookAnswer, *, last: bool = False
    ) -> None:
        ok = answer.outcome is HookOutcome.OK
        given_up = "; given up" if last and not ok else ""
        detail = f"{answer.detail}, try {call.tries + 1}{given_up}; id {call.id}"
        say = _log.info if ok else _log.warning
        say("hook", target=target.id, hook=call.event, outcome=answer.outcome, detail=detail)
        told = (str(call.event), str(answer.outcome), detail, call.actor)
        wall = self._moment().wall
        self._ledger.note(AuditEntry(wall, target.id, target.site, Kind.HOOK, *told))

    def _drop_outdated(self) -> None:
        """Give up calls under way that speak of what is over: they would only mislead."""
        for target, (call_id, task) in self._tasks.items():
            memory = self._ledger.memories.get(target)
            call = memory.hook.after if memory is not None else None
            if call is None or call.id != call_id:
                task.cancel()

    def _ended(self, target: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(target, None)
        error = None if task.cancelled() else task.exception()
        if error is None:
            self.news()
        else:  # the next pass tries again, but nothing wakes one: a surprise must not spin
            _log.error("a hook failed", target=target, error=repr(error))

    async def ended(self) -> None:
        """Return when no call is under way."""
        while self._tasks:
            await asyncio.wait([task for _, task in self._tasks.values()])
            await asyncio.sleep(0)  # lets each of them be struck off

    async def stop(self) -> None:
        """Give up what is under way; it is told again, under its id, after the next start."""
        tasks = [task for _, task in self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _nobody() -> None:
    """Tell nobody."""
