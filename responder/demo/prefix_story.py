"""The story of one prefix, told while it happens: advertised in a flood, and withdrawn after it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from responder.demo.errors import StackError
from responder.demo.prefix_news import PrefixChain, PrefixNews, PrefixSubject, in_words
from responder.demo.prefix_router import Router
from responder.demo.prefix_stack import PREFIX, SITE
from responder.demo.stack import Stack
from responder.demo.timeline import Timeline
from responder.demo.wait import wait_for

__all__ = ["CALM", "FLOOD", "PrefixMarks", "PrefixStory"]

SUBJECT = PrefixSubject(SITE, PREFIX)
CALM, FLOOD = 20e6, 5e9
"""Bits a second: what an office receives, and ten times the shipped threshold."""

_LOOK_EVERY = timedelta(milliseconds=500)
_ARMING = timedelta(seconds=60)
_STEP = timedelta(seconds=60)
_CROSSING = timedelta(seconds=120)
_CALMING = timedelta(seconds=180)


@dataclass(slots=True)
class PrefixMarks:
    """When the demo itself did what only it can know."""

    flood_began: datetime
    flood_ended: datetime


class PrefixStory:
    """Drives the router, follows what comes of it, and says each step with its reason."""

    def __init__(
        self, stack: Stack, chain: PrefixChain, router: Router, timeline: Timeline
    ) -> None:
        self._stack = stack
        self._chain = chain
        self._router = router
        self._timeline = timeline
        unknown = math.inf  # nothing is above a threshold that Prometheus has not evaluated yet
        self.news = PrefixNews(chain, SUBJECT, unknown, calm_period=stack.plan.calm_period)

    def run(self, longest_wait: timedelta) -> PrefixMarks:
        """Tell it to its end; raise StackError at the first step that does not happen in time.

        `longest_wait` is the longest that what is advertised must stay so.
        """
        self._until("a detector that has its input", _ARMING, self._armed)
        self._explain("before")
        self._timeline.begin()
        self._router.receive(FLOOD)
        began = self._stack.clock.now()
        self._timeline.step("router", f"a flood: {in_words(FLOOD)} where {in_words(CALM)} came")
        self._until("a rate above the threshold", _CROSSING, lambda: self.news.crossed)
        self._until("the prefix advertised", _CROSSING, self._happened("engaged"))
        self._explain("advertised: requested, and the routers follow")
        self._until("the internet's routers", _STEP, lambda: self.news.routed)
        self._router.receive(CALM)
        ended = self._stack.clock.now()
        self._timeline.step("router", f"the flood ends: {in_words(CALM)}")
        self._until("the end of the alert", _CALMING, lambda: self.news.alert_ended)
        self._until("Cloudflare's constraint", _STEP, self._waiting)
        self._explain("waiting for Cloudflare's constraint")
        self._until("a proven calm", _STEP, lambda: self.news.calm_proven)
        self._until("the withdrawal", longest_wait + _STEP, self._happened("released"))
        self._until("the internet's routers", _STEP, self._gone)
        self._explain("withdrawn")
        return PrefixMarks(began, ended)

    def _waiting(self) -> bool:
        """Tell whether only Cloudflare's constraint is left, or not even that."""
        return self.news.waits_until is not None or bool(self.news.event("state", "released"))

    def _gone(self) -> bool:
        """Tell whether the routers have followed the withdrawal as well."""
        return len(self.news.routed) > 1

    def _happened(self, state: str) -> Callable[[], object]:
        return lambda: self.news.event("state", state)

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
        """Tell whether the detector has its input and threshold, and the service has read all."""
        upper, lower = self._chain.threshold("upper"), self._chain.threshold("lower")
        if upper is None or lower is None or self._chain.bits(SITE) is None:
            return False
        self.news.upper, self.news.lower = upper, lower
        decision = self._chain.target(SUBJECT.target)["decision"] or {}
        return decision.get("reason") == "in_sync"

    def _standing(self) -> str:
        """Return the living line: what is received, and how long what is advertised stays so."""
        received = f"{in_words(self.news.load)} over the last minute ({self._bounds()})"
        decision = self._chain.target(SUBJECT.target)["decision"] or {}
        if not decision.get("until"):
            return received
        left = datetime.fromisoformat(decision["until"]) - self._stack.clock.now()
        seconds = max(left.total_seconds(), 0)
        return f"{received} | {decision['reason']}: {seconds:.0f} s left"

    def _bounds(self) -> str:
        if self.news.upper == math.inf:
            return "no threshold yet"
        return f"alert above {in_words(self.news.upper)}, off at {in_words(self.news.lower)}"

    def _explain(self, phase: str) -> None:
        """Show what a user is told in this phase; the audit trail below it is this timeline."""
        done = self._stack.responder("explain", SUBJECT.target)
        if done.returncode != 0:
            raise StackError(f"`responder explain` failed: {done.stderr.strip()}\n{self._clues()}")
        answer = done.stdout.partition("\nlast events")[0]
        self._timeline.quote(f"responder explain {SUBJECT.target}      # {phase}", answer)

    def _clues(self) -> str:
        """Return what helps to find out why a step did not happen."""
        return (
            f"The router received {in_words(self.news.load)} over the last minute; "
            f"{self._bounds()}.\n"
            "Other programs may keep this machine too busy: try again.\n"
            f"The end of the responder's log:\n{self._stack.processes['responder'].last_lines()}"
        )
