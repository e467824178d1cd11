"""The demo's story from its beginning to its end, with a load that only the exporter tells of."""

import io
from datetime import timedelta

import pytest
from support.stack import CALM, CLOCK, OVERLOAD, running_chain

from responder.demo.load import sized_overload
from responder.demo.show import figures
from responder.demo.story import SUBJECT, Story
from responder.demo.timeline import Timeline

pytestmark = pytest.mark.e2e


STEPS = (
    "# before",
    "busy processes start",
    "the upper threshold is 2",
    "fires",
    "engage: demand",
    "PATCH security_level under_attack: 200",
    "engaged",
    "# engaged",
    "the alert is over",
    "hold: calm_period",
    "# holding",
    "release: calm",
    "PATCH security_level high: 200",
    "released",
    "# released",
)


LONG_ENOUGH_TO_EXPLAIN = timedelta(seconds=8)
"""The story asks `responder explain` during the wait, and says nothing meanwhile."""


class Load:
    """Stands in for the processes that keep the machine busy."""

    def __init__(self, exporter):
        self._loads = exporter.loads

    def start(self):
        self._loads[SUBJECT.site] = OVERLOAD

    def kill(self):
        self._loads[SUBJECT.site] = CALM


def test_the_story_tells_every_step_and_ends_at_the_level_found():
    out = io.StringIO()
    with running_chain({SUBJECT.site: SUBJECT.zone}, calm_period=LONG_ENOUGH_TO_EXPLAIN) as (
        stack,
        chain,
        exporter,
    ):
        story = Story(stack, chain, sized_overload(0.0, 1), Timeline(out, CLOCK))
        marks = story.run(Load(exporter))
        told = dict(figures(story.news, marks, chain.requests()))

    rest = out.getvalue()
    for step in STEPS:
        assert step in rest, f"{step} is not told after what comes before it"
        rest = rest.partition(step)[2]
    assert told["security level"] == "high -> under_attack -> high"
    assert "not seen" not in told.values()
