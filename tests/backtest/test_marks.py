"""Attacks as marked, and how being on is compared with them."""

from datetime import UTC, datetime, timedelta

import pytest

from responder.backtest.marks import Mark, parse_mark, score

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
WEEK = (BEGIN, BEGIN + timedelta(weeks=1))
TAIL = timedelta(minutes=20)


def span(begin, end):
    return BEGIN + timedelta(minutes=begin), BEGIN + timedelta(minutes=end)


def scored(engaged, marks, window=WEEK):
    return score([("shop", [span(*one) for one in engaged])], marks, window, TAIL)


def test_a_mark_is_in_utc_unless_it_says_otherwise():
    assert parse_mark("2026-11-01T10:00/2h") == Mark(
        datetime(2026, 11, 1, 10, tzinfo=UTC), datetime(2026, 11, 1, 12, tzinfo=UTC)
    )
    assert parse_mark("shop@2026-11-01T10:00+01:00/90m") == Mark(
        datetime(2026, 11, 1, 9, tzinfo=UTC), datetime(2026, 11, 1, 10, 30, tzinfo=UTC), "shop"
    )


@pytest.mark.parametrize("text", ["2026-11-01T10:00", "noon/2h", "2026-11-01T10:00/2", "/2h"])
def test_what_is_no_mark_is_told_with_how_one_looks(text):
    with pytest.raises(ValueError, match=r"2026-11-01T10:00|unit"):
        parse_mark(text)


def test_an_attack_that_is_seen_late_is_covered_in_part():
    found = scored([(110, 160)], [Mark(*span(100, 150))])

    assert (found.attacks, found.detected, found.wait) == (1, 1, 600.0)
    assert found.covered == pytest.approx(0.8)
    assert found.missed_minutes == pytest.approx(10)
    assert found.needless == timedelta(0)


def test_what_was_on_before_an_attack_has_not_waited_but_was_needless():
    found = scored([(90, 160)], [Mark(*span(100, 150))])

    assert (found.wait, found.needless_minutes) == (0.0, 10.0)


def test_the_tail_that_the_guards_ask_for_is_not_needless_and_what_follows_is():
    assert scored([(100, 170)], [Mark(*span(100, 150))]).needless_minutes == 0
    assert scored([(100, 185)], [Mark(*span(100, 150))]).needless_minutes == 15


def test_an_attack_that_nobody_saw_is_missed():
    found = scored([], [Mark(*span(100, 150))])

    assert (found.detected, found.wait, found.covered) == (0, None, 0.0)


def test_a_mark_of_another_site_is_none_here_and_all_of_it_is_needless():
    found = scored([(100, 150)], [Mark(*span(100, 150), site="blog")])

    assert (found.attacks, found.needless_minutes, found.stretches) == (0, 50.0, 1)


def test_marks_that_overlap_are_one_attack_and_what_is_outside_the_window_is_none():
    marks = [Mark(*span(100, 130)), Mark(*span(120, 150)), Mark(*span(-300, -200))]

    found = scored([(100, 150)], marks)

    assert (found.attacks, found.covered) == (1, 1.0)


def test_minutes_are_told_by_the_week():
    two_weeks = (BEGIN, BEGIN + timedelta(weeks=2))

    assert scored([(100, 160)], [], two_weeks).needless_minutes == 30.0
