from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.settings import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", timedelta(seconds=30)),
        ("5m", timedelta(minutes=5)),
        ("1h30m", timedelta(minutes=90)),
        ("1d", timedelta(days=1)),
        ("500ms", timedelta(milliseconds=500)),
        ("1w", timedelta(days=7)),
        ("1y", timedelta(days=365)),
        ("1y2w3d4h5m6s7ms", timedelta(382, 4 * 3600 + 5 * 60 + 6, milliseconds=7)),
        ("90m", timedelta(minutes=90)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_duration_reads_as_in_prometheus(text, expected):
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("30", "add a unit"),
        ("1.5", "add a unit"),
        ("", "not a duration"),
        ("5 m", "not a duration"),
        ("30m1h", "largest first"),
        ("1m1m", "largest first"),
        ("1.5h", "not a duration"),
        ("5M", "not a duration"),
        ("five minutes", "not a duration"),
        ("nan", "not a duration"),
        ("-5m", "not a duration"),
        ("٣s", "not a duration"),
        ("293y", "longer than 292 years"),
        ("9" * 30 + "d", "longer than 292 years"),
        ("9" * 5000 + "s", "longer than 292 years"),
    ],
    ids=lambda value: value[:12] or "empty",
)
def test_what_is_no_duration_is_refused_with_a_reason(text, said):
    with pytest.raises(ValueError, match=said):
        parse_duration(text)


@given(st.integers(min_value=1, max_value=10**12))
def test_a_formatted_duration_reads_back_as_the_same(milliseconds):
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(minutes=90), "1h30m"),
        (timedelta(days=90), "90d"),
        (timedelta(0), "0s"),
        (timedelta(seconds=-61), "-1m1s"),
        (timedelta(seconds=1, milliseconds=5), "1s5ms"),
    ],
    ids=["hours and minutes", "days", "nothing", "negative", "milliseconds"],
)
def test_a_duration_is_written_in_days_and_smaller(duration, text):
    assert format_duration(duration) == text
