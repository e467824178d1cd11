"""The story of one overload, told while it happens: on, held, and off again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from responder.demo.chain import Chain
from responder.demo.errors import StackError
from responder.demo.load import Overload
from responder.demo.news import News, Subject
from responder.demo.plan import LEVEL_FOUND, Plan
from responder.demo.processes import Process
from responder.demo.stack import Stack
from responder.demo.timeline import Timeline
from responder.demo.wait import wait_for

__all__ = ["Marks", "Story", "demo_plan"]

SUBJECT = Subject("shop", "example.com")

_LOOK_EVERY = timedelta(milliseconds=500)
_ARMING = timedelta(seconds=40)
_CROSSING = timedelta(seconds=100)
_ENGAGING = timedelta(seconds=30)
_CALMING = timedelta(seconds=180)
_SLACK = timedelta(seconds=60)


def demo_plan(overload: Overload) -> Plan:
    """Return the plan of the demo: all as shipped but the waits, which nobody would sit through."""
    return Plan(
        zones={SUBJECT.site: SUBJECT.zone},
        thresholds=overload.thresholds,
        resend_delay=timedelta(seconds=5),
        minimum_duration=timedelta(seconds=120),
        calm_period=timedelta(seconds=20),
    )


@dataclass(slots=True)
class Marks:
    """When the demo itself did what only it can know."""

    load_began: datetime
    load_ended: datetime


class Story:
    """Makes the load, follows what comes of it, and says each step with its reason."""

    def __init__(self, stack: Stack, chain: Chain, overload: Overload, timeline: Timeline) -> None:
        self._stack = stack
        self._overload = overload
        self._timeline = timeline
        self._chain = chain
        self.news = News(chain, SUBJECT, overload.thresholds.upper)

    def run(self, load: Process) -> Marks:
        """Tell it to its end; raise StackError at the first step that does not happen in time."""
        self._until("detectors that have their input", _ARMING, self._armed)
        self._explain("before")
        self._timeline.begin()
        load.start()
        began = self._stack.clock.now()
        self._timeline.step("load", f"{self._overload.processes} busy processes start")
        self._until("a load above the upper threshold", _CROSSING, lambda: self.news.crossed)
        self._until("Under Attack Mode on", _ENGAGING, lambda: self.news.event("state", "engaged"))
        load.kill()
        ended = self._stack.clock.now()
        self._timeline.step("load", "ended; the load average now falls by half every 42 s")
        self._explain("engaged")
        self._until("the end of the alert", _CALMING, lambda: self.news.alert_ended)
        self._until("a wait before the release", _ENGAGING, self._holding)
        self._explain("holding")
        plan = self._stack.plan
        longest = plan.minimum_duration + plan.calm_period + _SLACK
        self._until("the release", longest, lambda: self.news.event("state", "released"))
        self._until(f"the level found before, {LEVEL_FOUND}", _ENGAGING, self._restored)
        self._explain("released")
        return Marks(began, ended)

    def _until(self, what: str, limit: timedelta, seen: Callable[[], object]) -> None:
        """Wait for one step of the story, telling everything that happens meanwhile."""

        def look() -> bool:
            for step in self.news.look(self._stack.clock.now()):
                self._timeline.step(step.who, step.what, step.at)
            self._timeline.now(self._standing())
            return bool(seen())

        try:
            wait_for(what, look, limit, self._stack.clock, every=_LOOK_EVERY)
        except StackError as error:
            raise StackError(f"{error}\n{self._clues()}") from error

    def _armed(self) -> bool:
        decision = self._chain.target(SUBJECT.target)["decision"] or {}
        return self._chain.armed(SUBJECT.site) and decision.get("reason") == "in_sync"

    def _holding(self) -> bool:
        engaged, held = self.news.event("state", "engaged"), self.news.event("decision", "hold")
        waits = engaged is not None and held is not None and held > engaged
        return waits or self.news.event("state", "released") is not None

    def _restored(self) -> bool:
        return self._chain.level(SUBJECT.zone) == LEVEL_FOUND

    def _bounds(self) -> tuple[float, float]:
        return self._overload.thresholds.upper, self._overload.thresholds.lower

    def _standing(self) -> str:
        """Return the living line: the load, and how long what is on stays on at least."""
        upper, lower = self._bounds()
        load = f"load {self.news.load:.2f} per core (on above {upper:g}, off at {lower:g})"
        engaged = self.news.event("state", "engaged")
        if engaged is None or self.news.event("state", "released") is not None:
            return load
        decision = self._chain.target(SUBJECT.target)["decision"]
        if decision["until"]:
            ends, wait = datetime.fromisoformat(decision["until"]), decision["reason"]
        else:
            ends, wait = engaged + self._stack.plan.minimum_duration, "minimum_duration"
        left = max((ends - self._stack.clock.now()).total_seconds(), 0)
        return f"{load} | {wait}: {left:.0f} s left"

    def _explain(self, phase: str) -> None:
        """Show what a user is told in this phase; the audit trail below it is this timeline."""
        done = self._stack.responder("explain", SUBJECT.target)
        if done.returncode != 0:
            raise StackError(f"`responder explain` failed: {done.stderr.strip()}\n{self._clues()}")
        answer = done.stdout.partition("\nlast events")[0]
        self._timeline.quote(f"responder explain {SUBJECT.target}      # {phase}", answer)

    def _clues(self) -> str:
        """Return what helps to find out why a step did not happen."""
        upper, lower = self._bounds()
        return (
            f"The load stood at {self.news.load:.2f} per core; the alert is on above {upper:g},"
            f" off at {lower:g}.\nOther programs may keep this machine busy, or a limit on this"
            " container the load low: try again, or on another machine.\n"
            f"The end of the responder's log:\n{self._stack.processes['responder'].last_lines()}"
        )
