"""What an expression does: which series it reads, joins and keeps the labels of."""

from datetime import timedelta

import pytest

from responder.rulefiles.durations import told
from responder.rulefiles.expressions import Reading, parse_expression

M = timedelta(minutes=1)
NOW = timedelta(0)


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("a", [Reading("a", NOW, NOW)]),
        ("rate(a[5m])", [Reading("a", 5 * M, 5 * M)]),
        ("a / on (x) b", [Reading("a", NOW, NOW), Reading("b", NOW, NOW)]),
        ("max_over_time(rate(a[5m])[30m:1m])", [Reading("a", 5 * M, 35 * M)]),
        ("max_over_time(a[30m:1m])", [Reading("a", NOW, 30 * M)]),
        ("a offset 1w", [Reading("a", NOW, NOW)]),
        ('{__name__="a"}', [Reading("a", NOW, NOW)]),
        ('{__name__=~"a.*"}', [Reading("", NOW, NOW)]),
        ("-(a)", [Reading("a", NOW, NOW)]),
        ("topk(scalar(n), a)", [Reading("n", NOW, NOW), Reading("a", NOW, NOW)]),
        ("vector(1)", []),
    ],
)
def test_an_expression_tells_what_it_reads(text, readings):
    assert list(parse_expression(text).readings()) == readings


@pytest.mark.parametrize(
    ("text", "operators"),
    [
        ("a / b", ["/"]),
        ("a and b", ["and"]),
        ("a unless (b > 1)", ["unless"]),
        ("a > b", [">"]),
        ("(a + b) * c", ["*", "+"]),
        ("sum by (x) (a) / sum by (y) (b)", ["/"]),
        ("sum by (x) (a) / b", ["/"]),
        ("a / on (x) b", []),
        ("a / ignoring (x) b", []),
        ("a + on () group_left () b", []),
        ("a or b", []),
        ("a / 2 > 1", []),
        ("a > scalar(b)", []),
        ("a > bool 1", []),
        ("sum(a) / sum(b)", []),
        ("sum by (x) (a) / (sum by (x) (b))", []),
    ],
)
def test_a_join_is_open_when_nothing_says_by_which_labels(text, operators):
    assert [one.operator for one in parse_expression(text).open_joins()] == operators


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a", True),
        ("rate(a[5m]) > 2", True),
        ("sum(a)", False),
        ("sum by (site) (a)", True),
        ("sum by (instance) (a)", False),
        ("sum without (instance) (a)", True),
        ("sum without (site) (a)", False),
        ("sum by (site) (sum(a))", False),
        ("topk(3, a)", True),
        ('count_values("site", a)', True),
        ("2 * a", True),
        ("a / on (instance) b", False),
        ("a / on (site, instance) b", True),
        ("a / ignoring (site) b", False),
        ("a * on (instance) group_left () b", True),
        ("sum(a) * on () group_left (site) b", True),
        ("sum(a) * on () group_right () b", True),
        ("a and on (instance) b", True),
        ("sum(a) and on () b", False),
        ("sum by (site) (a) or sum(b)", False),
        ("a or sum(b)", False),
        ("a or b", True),
        ("sum by (site) (a) or b", True),
        ("a or sum without (site) (b)", False),
        ("sum without (site) (a) or b", False),
        ("sum without (site) (a) or sum by (site) (b)", False),
        ('label_replace(sum without (site) (a), "site", "shop", "", "")', True),
        ("info(sum by (instance) (a))", True),
        ("vector(1)", False),
        ("absent(a)", False),
        ('absent(a{site="shop"})', True),
        ('absent_over_time(a{site="shop"}[5m])', True),
        ('label_replace(sum(a), "site", "shop", "", "")', True),
        ('label_replace(sum(a), "other", "shop", "", "")', False),
        ("quantile_over_time(0.5, a[5m])", True),
        ("histogram_quantile(0.9, sum by (le) (a))", False),
        ("clamp_min(sum by (site) (a), 0)", True),
        ("max_over_time(sum(a)[5m:1m])", False),
    ],
)
def test_an_expression_tells_whether_a_label_can_be_left(text, kept):
    assert ("site" in parse_expression(text).labels()) is kept


@pytest.mark.parametrize("text", ["sum(x", "rate(a)", "a +", "nonsense(a)", ""])
def test_what_is_no_expression_is_refused(text):
    with pytest.raises(ValueError, match=r"\w"):
        parse_expression(text)


def test_a_function_that_prometheus_2_calls_otherwise_is_known():
    assert list(parse_expression("holt_winters(a[5m], 0.5, 0.5)").readings())


@pytest.mark.parametrize("text", ["15s", "1h30m", "2d", "500ms", "1d2h3m4s"])
def test_a_duration_is_told_as_rules_write_it(text):
    reading = next(parse_expression(f"rate(a[{text}])").readings())
    assert told(reading.range) == text
