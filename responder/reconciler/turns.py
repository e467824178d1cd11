"""The targets' turns at the provider: each on its own, one at a time for a target."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import structlog

from responder.domain.audit import Action, AuditEntry, Kind
from responder.domain.breaker import Circuit, Failure
from responder.domain.clock import ZERO, Moment
from responder.domain.credential import Credential
from responder.domain.decision import Situation
from responder.domain.hook import HookAnswer, HookCall
from responder.domain.memory import Memory, Reading
from responder.domain.step import first_reads
from responder.domain.targets import Target
from responder.domain.turn import Answer, Failed, Read, Tell, Write, turn
from responder.errors import ProviderError, StoreError
from responder.ports import Intent, Mitigation, Outcome
from responder.reconciler.lease import Lease
from responder.reconciler.ledger import Ledger

__all__ = ["Turns"]

ACCEPTED = "accepted"
SHORTEST_GAP = timedelta(milliseconds=900)
"""Between two turns of one target for the same; the first retry comes after a second."""

_log = structlog.get_logger("responder.turn")


class Turns:
    """Gives every target its turn; what one of them meets never holds another."""

    def __init__(
        self,
        mitigations: dict[str, Mitigation],
        ledger: Ledger,
        lease: Lease,
        moment: Callable[[], Moment],
        situation: Callable[[str, Situation], Situation],
    ) -> None:
        self._mitigations = mitigations
        self._ledger = ledger
        self._lease = lease
        self._moment = moment
        self._situation = situation
        self.tell: Callable[[Target, HookCall], Awaitable[HookAnswer | None]] = _untold
        """Tells the operator's own routers what is about to be done."""
        self.news: Callable[[], None] = _nobody
        """Called when a turn has ended."""
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._probing: dict[str, tuple[bool, bool]] = {}
        self._begun: dict[str, tuple[timedelta, Action]] = {}
        self.credential = Credential()
        self._secret = ""

    def heed(self, secret: str) -> None:
        """Let calls that wait try at once when the provider's secret is another one."""
        if secret and self._secret not in {"", secret}:
            self.credential = self.credential.renewed(self._moment())
            _log.info("the credential was changed")
        self._secret = secret or self._secret

    def busy(self, target: str) -> bool:
        """Tell whether the target's turn is under way."""
        return target in self._tasks

    @property
    def under_way(self) -> int:
        """How many turns are under way."""
        return len(self._tasks)

    @property
    def room(self) -> int:
        """How many routine reads the API budget lets begin now."""
        tokens = self.credential.budget.at(self._moment().elapsed).tokens
        return first_reads(tokens, self.under_way)

    @property
    def reading_probe(self) -> bool:
        """Whether the one read of a half-open circuit is under way."""
        return any(reads for reads, _ in self._probing.values())

    @property
    def writing_probe(self) -> bool:
        """Whether the one write of a half-open circuit is under way."""
        return any(writes for _, writes in self._probing.values())

    @property
    def raising(self) -> frozenset[str]:
        """The targets whose turn to raise is under way."""
        return frozenset(one for one in self._tasks if self._begun[one][1] is Action.ENGAGE)

    def too_soon(self, target: str, action: Action, now: Moment) -> bool:
        """Tell whether the same was tried a moment ago: whatever goes wrong, nothing spins."""
        begun = self._begun.get(target)
        return begun is not None and begun[1] is action and now.elapsed - begun[0] < SHORTEST_GAP

    def spend(self) -> None:
        """Count one request against the API budget."""
        budget = self.credential.budget.at(self._moment().elapsed).spent()
        self.credential = replace(self.credential, budget=budget)

    def begin(
        self, target: Target, situation: Situation, action: Action, interval: timedelta
    ) -> None:
        """Let the target take its turn beside everything else."""
        self._begun[target.id] = (situation.now.elapsed, action)
        task = asyncio.create_task(self._fenced(target, situation, interval))
        self._tasks[target.id] = task
        self._probing[target.id] = (situation.probing_reads, situation.probing)
        task.add_done_callback(lambda _: self._ended(target.id))

    def _ended(self, target: str) -> None:
        self._tasks.pop(target, None)
        self._probing.pop(target, None)
        self.news()

    async def ended(self) -> None:
        """Return when no turn is under way."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))
            await asyncio.sleep(0)  # lets each of them be struck off

    async def stop(self) -> None:
        """Give up what is under way; the provider may still do what it was asked."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _fenced(self, target: Target, situation: Situation, interval: timedelta) -> None:
        """Keep one target's surprise from the others: the only broad except there is."""
        try:
            await self._drive(target, situation, interval)
        except Exception as error:  # noqa: BLE001 - the one fence; it audits and logs
            now = self._moment()
            detail = f"{type(error).__name__} in its turn; see the log"
            entry = AuditEntry(now.wall, target.id, target.site, Kind.OUTCOME, "error", "", detail)
            self._ledger.note(entry)
            _log.exception("a turn failed", target=target.id)
            await asyncio.sleep(1)  # a surprise that repeats must not spin

    async def _drive(self, target: Target, situation: Situation, interval: timedelta) -> None:
        """Carry out what the target's turn asks for, one effect after the other."""
        one = turn(situation, interval)
        try:
            effect = next(one)
            while True:
                self._remember(effect.memory)
                if isinstance(effect, Read):
                    result: Reading | Failed | HookAnswer | None = await self._read(
                        target, effect.within
                    )
                elif isinstance(effect, Tell):
                    result = await self.tell(target, effect.call)
                else:
                    result = await self._write(target, effect)
                effect = one.send(Answer(self._situation(target.id, situation), result))
        except StopIteration as done:
            self._remember(done.value)

    def _remember(self, memory: Memory) -> None:
        self._ledger.remember(memory, self._moment())

    async def _read(self, target: Target, within: timedelta) -> Reading | Failed:
        started = self._moment()
        try:
            reading = await self._mitigations[target.mitigation].read(target, within)
        except ProviderError as error:
            if self._ledger.memories[target.id].unread_mark is None:
                _log.warning("cannot be read", target=target.id, error=str(error))
            return self._failed(error, writing=False)
        if self._ledger.memories[target.id].unread_mark is not None:
            _log.info("can be read again", target=target.id)
        if not reading.age:  # an older answer says nothing about the API now
            self._worked(writing=False)
        mark = started.elapsed - reading.age
        return replace(reading, at=started.wall - reading.age, mark=mark, age=ZERO)

    async def _write(self, target: Target, effect: Write) -> Failed | None:
        """Store the intent, make the call, note the outcome."""
        now = self._moment()
        action = str(effect.decision.action)
        level = None if effect.raising else effect.memory.previous
        intent = Intent(uuid.uuid4().hex, target.id, action, level, now.wall)
        self._ledger.note(_entry(effect, now, Kind.INTENT, str(effect.decision.reason)))
        try:
            await self._ledger.intend(effect.memory, intent)
        except StoreError as error:
            _log.error("nothing is written without the store", target=target.id, error=str(error))
            return self._untried(intent, effect, f"the store takes no intent: {error}")
        if not self._lease.bears_a_call:
            detail = "another replica might act before the call ends"
            return self._untried(intent, effect, detail)
        mitigation = self._mitigations[target.mitigation]
        try:
            if effect.raising:
                value = await mitigation.engage(target)
            else:
                value = await mitigation.release(target, level)
        except ProviderError as error:
            self._settle(intent, effect, str(error.failure), str(error))
            return self._failed(error, writing=True)
        self._worked(writing=True)
        self._settle(intent, effect, ACCEPTED, f"the provider accepted {value}")
        return None

    def _untried(self, intent: Intent, effect: Write, why: str) -> Failed:
        detail = f"not tried: {why}"
        self._settle(intent, effect, str(Failure.UNREACHABLE), detail)
        return Failed(Failure.UNREACHABLE, detail)

    def _settle(self, intent: Intent, effect: Write, outcome: str, detail: str) -> None:
        now = self._moment()
        level = "info" if outcome == ACCEPTED else "warning"
        getattr(_log, level)(
            "outcome", target=intent.target, action=intent.action, outcome=outcome, detail=detail
        )
        self._ledger.settle(Outcome(intent.id, outcome, detail, now.wall))
        self._ledger.note(_entry(effect, now, Kind.OUTCOME, outcome, detail))

    def _worked(self, *, writing: bool) -> None:
        self._moved(self.credential.after_call(self._moment(), writing=writing, requests=0))

    def _failed(self, error: ProviderError, *, writing: bool) -> Failed:
        if not error.counted:
            error.counted = True
            self._moved(
                self.credential.after_call(
                    self._moment(),
                    writing=writing,
                    requests=0,
                    failure=error.failure,
                    retry_after=error.retry_after,
                ),
                str(error),
            )
        return Failed(error.failure, str(error), error.retry_after)

    def _moved(self, credential: Credential, why: str = "") -> None:
        """Keep the credential's new state, and say when a circuit turns: the first one loudly."""
        before, self.credential = self.credential, credential
        quiet = {before.reads.circuit, before.writes.circuit} == {Circuit.CLOSED}
        for kind in ("reads", "writes"):
            old, new = getattr(before, kind), getattr(credential, kind)
            if old.circuit is new.circuit:
                continue
            if new.circuit is Circuit.CLOSED:
                _log.info("circuit closed", kind=kind)
            elif old.circuit is Circuit.CLOSED:
                say = _log.error if quiet else _log.warning
                say("circuit opened", kind=kind, error=why)
                quiet = False


def _nobody() -> None:
    """Tell nobody."""


async def _untold(_target: Target, _call: HookCall) -> HookAnswer | None:
    """Tell no routers: there is no way to them."""
    return None


def _entry(effect: Write, now: Moment, kind: Kind, reason: str, detail: str = "") -> AuditEntry:
    memory = effect.memory
    override = memory.override
    return AuditEntry(
        now.wall,
        memory.target,
        memory.site,
        kind,
        str(effect.decision.action),
        reason,
        detail or effect.decision.detail,
        override.actor if override is not None else "responder",
        memory.reading.value if memory.reading else None,
        None if effect.raising else memory.previous,
    )
