"""The demo from its first line to its last: what will happen, the story, and what it took."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from signal import pause
from typing import TextIO

from responder.demo.chain import Chain
from responder.demo.load import Overload, load_process, measured_load, sized_overload
from responder.demo.news import News
from responder.demo.plan import LEVEL_FOUND, Plan
from responder.demo.processes import Process, stop_all
from responder.demo.stack import Stack, prepared_stack
from responder.demo.story import SUBJECT, Marks, Story, demo_plan
from responder.demo.timeline import Timeline
from responder.ports import Clock
from responder.settings.durations import format_duration

__all__ = ["figures", "show"]


def show(out: TextIO, clock: Clock, *, keep: bool) -> None:
    """Run the demo; raise StackError when the story does not come to its end.

    With `keep` everything runs on after it, until Ctrl-C.
    """
    cores = os.cpu_count() or 1
    overload = sized_overload(measured_load() / cores, cores)
    plan = demo_plan(overload)
    timeline = Timeline(out, clock)
    with (
        closing(timeline),
        prepared_stack(plan, clock) as stack,
        _load(stack, overload) as load,
    ):
        _announce(timeline, stack, overload)
        stack.start()
        with Chain(stack) as chain:
            story = Story(stack, chain, overload, timeline)
            marks = story.run(load)
            timeline.say("What it took:")
            timeline.table(figures(story.news, marks, chain.requests()), width=30)
        timeline.say("", *_NEXT)
        if keep:
            timeline.say("", *_whereabouts(stack))
            with suppress(KeyboardInterrupt):
                pause()


@contextmanager
def _load(stack: Stack, overload: Overload) -> Iterator[Process]:
    load = load_process(overload, stack.folder)
    try:
        yield load
    finally:
        stop_all([load])


def _announce(timeline: Timeline, stack: Stack, overload: Overload) -> None:
    plan, shipped = stack.plan, Plan()
    before = f"{overload.load_before:.2f} per core"
    bounds = f"on above {plan.thresholds.upper:g}, off at {plan.thresholds.lower:g} per core"
    why = f"those shipped, plus the {before} of now" if overload.shifted else "those shipped"
    waits = ", ".join(
        f"{name} {format_duration(getattr(plan, name))} (else {format_duration(default)})"
        for name, default in (
            ("minimum_duration", shipped.minimum_duration),
            ("calm_period", shipped.calm_period),
            ("resend_delay", shipped.resend_delay),
        )
    )
    timeline.say(
        "A real overload, Under Attack Mode on, and off again; two to three minutes.",
        "Ctrl-C ends it at any moment and leaves nothing behind.",
        "",
    )
    timeline.table(
        [
            ("this machine", f"{overload.cores} cores, load {before} now"),
            ("the load", f"{overload.processes} busy processes, all of the lowest priority"),
            ("thresholds", f"{bounds}: {why}"),
            ("rules", "as shipped; node_exporter scraped and rules evaluated every 5s"),
            ("shortened", waits),
            ("Cloudflare", f"simulated on loopback; {SUBJECT.zone} stands at `{LEVEL_FOUND}`"),
            ("logs", str(stack.folder)),
        ]
    )
    timeline.say("", "starting node_exporter, Prometheus, Alertmanager, simulator and responder")


def figures(news: News, marks: Marks, requests: int) -> list[tuple[str, str]]:
    """Return what the story took, each with its name."""
    on, off = news.writes[0].at, news.writes[-1].at
    engaged, released = news.event("state", "engaged"), news.event("state", "released")
    return [
        ("begin of load to alert", _between(marks.load_began, news.alert_began)),
        ("alert to PATCH", _between(news.alert_began, on)),
        ("PATCH to confirmed", _between(on, engaged)),
        ("end of load to end of alert", _between(marks.load_ended, news.alert_ended)),
        ("held in all", _between(engaged, off)),
        ("PATCH to confirmed off", _between(off, released)),
        ("requests to Cloudflare", f"{requests:8}"),
        ("security level", " -> ".join([LEVEL_FOUND, *(one.level for one in news.writes)])),
    ]


def _between(first: datetime | None, second: datetime | None) -> str:
    if first is None or second is None:
        return "not seen"
    return f"{(second - first).total_seconds():8.2f} s"


_NEXT = (
    "Where to look next:",
    "  responder demo --keep     the same, and then all of it stays for you to play with",
    "  responder config init     a configuration to start from, in shadow mode",
    "  rules/README.md           the rules and the labels that ask for a mitigation",
    "  docs/configuration.md     every key",
    "  docs/runbook.md           every alert, and what to do",
)


def _whereabouts(stack: Stack) -> list[str]:
    return [
        "All of it still runs, until Ctrl-C:",
        f"  console        {stack.url('responder')}/    any user name; the password is in",
        f"                 {stack.folder / 'api.token'}",
        f"  Prometheus     {stack.url('prometheus')}/alerts",
        f"  Alertmanager   {stack.url('alertmanager')}",
        f"  Cloudflare     {stack.url('simulator')}/simulator/state",
        f"  commands       responder status --config {stack.config}",
    ]
