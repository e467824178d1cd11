"""The demo of a prefix, first line to last: what will happen, the story, what it took."""

from contextlib import closing, suppress
from datetime import datetime, timedelta
from signal import pause
from typing import TextIO

from responder.demo.plan import Plan
from responder.demo.prefix_news import PrefixChain, PrefixNews, in_words
from responder.demo.prefix_router import Router
from responder.demo.prefix_stack import (
    PREFIX,
    TUNNELS,
    Pace,
    prefix_plan,
    prepared_prefix_stack,
    set_up,
)
from responder.demo.prefix_story import CALM, FLOOD, PrefixMarks, PrefixStory
from responder.demo.stack import Stack
from responder.demo.timeline import Timeline
from responder.mitigations.prefix_advertisement import KIND, PrefixOptions
from responder.ports import Clock
from responder.settings.durations import format_duration
from responder.simulator.magic.prefix import Pace as RealPace

__all__ = ["prefix_figures", "show_prefix"]


def show_prefix(out: TextIO, clock: Clock, *, keep: bool) -> None:
    """Run the demo; raise StackError when the story does not come to its end.

    With `keep` everything runs on after it, until Ctrl-C.
    """
    timeline, router, pace = Timeline(out, clock), Router(clock, CALM), Pace()
    with (
        closing(timeline),
        router.serving() as address,
        prepared_prefix_stack(prefix_plan(address), pace, clock) as stack,
    ):
        _announce(timeline, stack, pace)
        stack.start()
        set_up(stack, pace)
        with PrefixChain(stack) as chain:
            story = PrefixStory(stack, chain, router, timeline)
            marks = story.run(timedelta(seconds=pace.withdraw_after_advertise))
            timeline.say("What it took:")
            timeline.table(prefix_figures(story.news, marks, chain.requests()), width=40)
        timeline.say("", *_NEXT)
        if keep:
            timeline.say("", *_whereabouts(stack))
            with suppress(KeyboardInterrupt):
                pause()


def _announce(timeline: Timeline, stack: Stack, pace: Pace) -> None:
    timeline.say(
        "A flood at a router, its prefix advertised by Cloudflare, and withdrawn after the calm;",
        "about three minutes. Ctrl-C ends it at any moment and leaves nothing behind.",
        "",
    )
    flood = f"{in_words(CALM)}, {in_words(FLOOD)} in the flood"
    timeline.table(
        [
            ("the router", f"an exporter of this demo: {flood}; no packet is sent"),
            ("rules", "as shipped (volumetric-bits.yml); scraped and evaluated every 5s"),
            *_shortened(stack, pace),
            ("Cloudflare", f"simulated on loopback; {PREFIX} is withdrawn"),
            ("tunnels", f"{' and '.join(TUNNELS)}, both carry traffic"),
            ("logs", str(stack.folder)),
        ]
    )
    timeline.say("", "starting Prometheus, Alertmanager, simulator and responder")


def _shortened(stack: Stack, pace: Pace) -> list[tuple[str, str]]:
    """Say which waits are not those that are shipped, or that Cloudflare has."""
    plan, real = stack.plan, RealPace()
    waits = [
        (
            "minimum_duration",
            format_duration(plan.minimum_duration),
            KIND.guards["minimum_duration"],
        ),
        ("calm_period", format_duration(plan.calm_period), KIND.guards["calm_period"]),
        ("resend_delay", format_duration(plan.resend_delay), format_duration(Plan().resend_delay)),
    ]
    rest = format_duration(PrefixOptions().withdraw_after_advertise)
    theirs = [
        ("withdraw_after_advertise", f"{pace.withdraw_after_advertise}s", rest),
        ("advertised after", f"{pace.advertise_takes}s", format_duration(real.advertise_takes)),
        ("withdrawn after", f"{pace.withdraw_takes}s", format_duration(real.withdraw_takes)),
    ]
    return [
        ("" if number else "shortened", f"{name} {now} (else {other})")
        for number, (name, now, other) in enumerate((*waits, *theirs))
    ]


def prefix_figures(news: PrefixNews, marks: PrefixMarks, requests: int) -> list[tuple[str, str]]:
    """Return what the story took, each with its name."""
    on, off = news.writes[0].at, news.writes[-1].at
    engaged, released = news.event("state", "engaged"), news.event("state", "released")
    return [
        ("begin of flood to alert", _between(marks.flood_began, news.alert_began)),
        ("alert to request", _between(news.alert_began, on)),
        ("request to confirmed by a read", _between(on, engaged)),
        ("request to routed (simulated)", _between(on, news.routed[0])),
        ("end of flood to end of alert", _between(marks.flood_ended, news.alert_ended)),
        ("end of alert to proven calm", _between(news.alert_ended, news.calm_proven)),
        ("proven calm to withdrawal (constraint)", _between(news.calm_proven, off)),
        ("advertised in all", _between(on, off)),
        ("withdrawal to confirmed by a read", _between(off, released)),
        ("withdrawal to routed (simulated)", _between(off, news.routed[-1])),
        ("requests to Cloudflare", f"{requests:8}"),
        ("the prefix", " -> ".join(["withdrawn", *(one.level for one in news.writes)])),
    ]


def _between(first: datetime | None, second: datetime | None) -> str:
    if first is None or second is None:
        return "not seen"
    return f"{(second - first).total_seconds():8.2f} s"


_NEXT = (
    "Where to look next:",
    "  responder demo --prefix --keep   the same, and then all of it stays for you to play with",
    "  docs/prefixes.md                 how to set it up, the waits, and what it says",
    "  responder doctor                 whether your prefixes, tunnels and rules are ready",
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
