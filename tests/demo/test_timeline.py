"""What a terminal shows and what a file keeps."""

import io
from datetime import UTC, datetime, timedelta

import pytest

from responder.demo.timeline import Timeline


class Clock:
    def __init__(self):
        self.wall = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)

    def now(self):
        return self.wall

    def monotonic(self):
        raise AssertionError("the timeline only dates")

    def advance(self, seconds):
        self.wall += timedelta(seconds=seconds)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock():
    return Clock()


def test_steps_have_their_second_from_the_beginning_on(clock):
    out = io.StringIO()
    timeline = Timeline(out, clock)
    timeline.step("responder", "none: in_sync")
    timeline.begin()
    clock.advance(12.34)
    timeline.step("load", "ended")
    timeline.step("Cloudflare", "PATCH", clock.now() - timedelta(seconds=2))

    assert out.getvalue().splitlines() == [
        "           responder   none: in_sync",
        "   +12.3s  load        ended",
        "   +10.3s  Cloudflare  PATCH",
    ]


def test_a_terminal_has_one_living_line_that_steps_push_down(clock):
    out = Terminal()
    timeline = Timeline(out, clock)
    timeline.now("load 1")
    timeline.now("load 2")
    timeline.step("load", "ended")

    assert out.getvalue().count("\n") == 1
    assert out.getvalue().endswith("load        ended\n")


def test_a_file_gets_the_living_line_every_ten_seconds(clock):
    out = io.StringIO()
    timeline = Timeline(out, clock)
    for second in range(25):
        timeline.now(f"load {second}")
        clock.advance(1)

    assert [line.split()[-1] for line in out.getvalue().splitlines()] == ["10", "20"]


@pytest.mark.parametrize(("living", "ending"), [(True, "\n"), (False, "ended\n")])
def test_closing_leaves_the_cursor_at_the_beginning_of_a_line(clock, living, ending):
    out = Terminal()
    timeline = Timeline(out, clock)
    timeline.step("load", "ended")
    if living:
        timeline.now("load 1")

    timeline.close()

    assert out.getvalue().endswith(ending)
