import signal
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.domain.alerts import (
    Alert,
    AlertStatus,
    HeardAlert,
    Matcher,
    MatcherError,
    Role,
    Silence,
    fold,
    parse_matcher,
)

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "labels", "matches"),
    [
        ('site="shop"', {"site": "shop"}, True),
        ('site="shop"', {"site": "shopping"}, False),
        ('site!="shop"', {}, True),
        ('site=""', {}, True),
        ('site=~"sho."', {"site": "shop"}, True),
        ('site=~"sho"', {"site": "shop"}, False),
        ('site=~"a|shop"', {"site": "shop"}, True),
        ('site=~".*"', {}, True),
        ('site=~".+"', {}, False),
        ('site!~"sho."', {"site": "shop"}, False),
        ('site!~".+"', {}, True),
        ("site=shop", {"site": "shop"}, True),
        ('  site = "shop" ', {"site": "shop"}, True),
        ('said="a \\"b\\" \\\\ c\\nd"', {"said": 'a "b" \\ c\nd'}, True),
        ('site=~"shop"', {"site": "shop\n"}, False),
    ],
)
def test_matchers_are_read_and_compared_as_alertmanager_does(text, labels, matches):
    assert parse_matcher(text).matches(labels) is matches


@pytest.mark.parametrize(
    "text", ["", "site", '="x"', 'site="x', 'site=~"("', 'si te="x"', 'a="b" c']
)
def test_what_is_no_matcher_is_refused(text):
    with pytest.raises(MatcherError):
        parse_matcher(text)


@given(
    st.builds(
        Matcher,
        st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True),
        st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])),
        st.just(False),
        st.booleans(),
    )
)
def test_a_matcher_survives_being_written_and_read(matcher):
    assert parse_matcher(str(matcher)) == matcher


def test_an_expression_that_we_cannot_compile_pauses_rather_than_not():
    assert Matcher("site", r"\pL(", is_regex=True).matches({"site": "shop"})
    assert Matcher("site", r"\pL(", is_regex=True, is_equal=False).matches({"site": "shop"})


def test_a_silence_covers_only_what_it_speaks_of_as_a_whole():
    labels = {"site": "shop", "mitigation": "under_attack", "zone": "example.com"}
    ends = NOW + timedelta(hours=1)
    assert Silence("1", (Matcher("site", "shop"),), ends).covers(labels)
    narrow = (Matcher("site", "shop"), Matcher("instance", "a"))
    assert not Silence("2", narrow, ends).covers(labels)
    others = (Matcher("severity", "critical", is_equal=False),)
    assert not Silence("3", others, ends).covers(labels)
    assert not Silence("4", (), ends).matches(labels)


@pytest.mark.parametrize(
    ("role", "expected"),
    [("sustain", Role.SUSTAIN), ("trigger", Role.TRIGGER), ("", Role.TRIGGER), ("x", Role.TRIGGER)],
)
def test_only_the_word_sustain_takes_away_the_power_to_start(role, expected):
    alert = Alert("f", {"role": role, "severity": "warning"}, AlertStatus.FIRING, NOW)
    assert (alert.role, alert.name, alert.severity) == (expected, "", "warning")


def heard(seq, minute, status):
    alert = Alert("f", {}, status, NOW + timedelta(minutes=minute))
    return HeardAlert(alert, NOW, seq)


TOLD = [
    heard(1, 0, AlertStatus.FIRING),
    heard(2, 0, AlertStatus.RESOLVED),
    heard(3, 0, AlertStatus.FIRING),  # a repeat that came late
    heard(4, 5, AlertStatus.FIRING),
    heard(5, 5, AlertStatus.FIRING),
]


@pytest.mark.parametrize("count", range(1, len(TOLD) + 1))
def test_the_order_of_webhooks_and_duplicates_change_nothing(count):
    results = set()
    for order in permutations(TOLD[:count]):
        book: dict[str, HeardAlert] = {}
        for one in (*order, *order):
            fold(book, one)
        results.add((book["f"].alert.status, book["f"].alert.starts_at, book["f"].seq))
    assert len(results) == 1


def test_the_end_of_an_alert_beats_a_late_repeat_of_its_beginning():
    book: dict[str, HeardAlert] = {}
    for one in TOLD[:3]:
        fold(book, one)
    assert book["f"].alert.status is AlertStatus.RESOLVED
    fold(book, replace(TOLD[3]))
    assert book["f"].alert.status is AlertStatus.FIRING


@contextmanager
def ended_after(seconds):
    """Fail instead of hanging: Python's engine looks at signals while it tries."""

    def late(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*$", "(a*)*b", ".*.*.*.*.*.*.*.*x", "(.*a){25}"]
)
@pytest.mark.parametrize("is_equal", [True, False])
def test_no_expression_takes_long_to_compare(pattern, is_equal):
    """Python's own engine would not end here, and holds every thread up while it tries."""
    matcher = Matcher("site", pattern, is_regex=True, is_equal=is_equal)
    with ended_after(5):
        assert matcher.matches({"site": "a" * 5000 + "!"}) is not is_equal


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        (r"\pL+", "shöp", True),
        (r"[[:alpha:]]+", "shop", True),
        (r"shop\z", "shop", True),
        (r"(?i)SHOP", "shop", True),
        ("a.b", "a\nb", False),
        ("(?=shop).*", "other", True),
        (r"(.)\1", "ab", True),
        ("sh.p", "sh\ud800p", True),
        ("sh\ud800p", "other", True),
    ],
    ids=[
        "script",
        "class",
        "end",
        "case",
        "newline",
        "lookahead",
        "backreference",
        "half",
        "broken",
    ],
)
def test_an_expression_is_read_as_alertmanager_reads_it(pattern, value, matches):
    """What Alertmanager's engine refuses cannot come from it, and counts as a pause."""
    assert Matcher("site", pattern, is_regex=True).matches({"site": value}) is matches


def test_an_expression_that_names_a_thousand_instances_is_read():
    names = [f"web-{number}.dc{number % 7}.example.com:9100" for number in range(1000)]
    matcher = Matcher("instance", "|".join(names), is_regex=True)
    assert all(matcher.matches({"instance": name}) for name in names[::100])
    assert not matcher.matches({"instance": "db-1.dc1.example.com:9100"})


def test_an_expression_that_is_refused_writes_nothing(capfd):
    assert Matcher("site", "(never seen", is_regex=True).matches({})
    assert capfd.readouterr() == ("", "")
