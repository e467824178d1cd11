"""Each check: a rule that has just its mistake, and one that looks like it and is fine."""

import pytest

from responder.rulefiles.registry import ALL, CHECKS, EXPRESSION, PROMTOOL, RULE_FILE

COMPLETE = {
    "alert": "Mine",
    "expr": "max by (site) (node_load1) > 4",
    "labels": {"mitigation": "under_attack", "role": "trigger", "severity": "critical"},
    "annotations": {
        "summary": "It is busy.",
        "description": "Very.",
        "runbook_url": "https://example.com/runbook#mine",
    },
}


def alert(expr=COMPLETE["expr"], labels=(), annotations=(), **others):
    """Return a complete alert with some of it changed; None takes something away."""
    changed = {
        "labels": COMPLETE["labels"] | dict(labels),
        "annotations": COMPLETE["annotations"] | dict(annotations),
    }
    parts = {
        key: {name: value for name, value in part.items() if value is not None}
        for key, part in changed.items()
    }
    return {**COMPLETE, "expr": expr, **parts, **others}


def record(expr, name="mine"):
    return {"record": name, "expr": expr}


def strangers(expr):
    """Return an alert that is none of our business."""
    return {"alert": "Theirs", "expr": expr}


WRONG = [
    ("labels", alert(labels={"severity": None}), "no label `severity`"),
    ("labels", alert(labels={"severity": "page"}), "`severity` is 'page'"),
    ("labels", alert(labels={"role": "keeper"}), "`role` is 'keeper'"),
    ("labels", alert(labels={"mitigation": "under_atack"}), "no mitigation is called"),
    ("labels", alert("max by (instance) (node_load1) > 4"), "no label `site`"),
    ("labels", alert("sum(node_load1) > 4"), "no label `site`"),
    ("annotations", alert(annotations={"summary": None}), "no annotation `summary`"),
    ("annotations", alert(annotations={"description": " "}), "no annotation `description`"),
    ("annotations", alert(annotations={"runbook_url": None}), "no annotation `runbook_url`"),
    ("annotations", alert(annotations={"runbook_url": "wiki"}), "is no link"),
    ("metric-name", alert("max by (site) (node_laod1) > 4"), "called node_laod1"),
    ("metric-name", alert('{__name__="node_laod1"} > 4'), "called node_laod1"),
    ("metric-name", alert("instance:lod:ratio > 4"), "called instance:lod:ratio"),
    (
        "metric-name",
        {"alert": "Dog", "expr": "sum(respnder_blind) > 0", "labels": {"action": "none"}},
        "called respnder_blind",
    ),
    (
        "metric-name",
        {"alert": "Informs", "expr": "nothing > 0", "labels": {"role": "trigger"}},
        "called nothing",
    ),
    ("metric-name", record("node_laod1", "instance:load:ratio"), "called node_laod1"),
    ("short-range", record("rate(a[9s])"), "[9s] is shorter than two intervals: a is scraped"),
    ("short-range", record("max_over_time(instance:load:avg5m[9m])"), "is recorded every 5m"),
    ("short-range", record("max_over_time(a[1m:31s])"), "subquery over 1m has a step of 31s"),
    ("short-range", record("max_over_time(a[9s:])"), "subquery over 9s has a step of 5s"),
    ("join", record("a / b"), "`/` joins series without `on`"),
    ("join", strangers("a and b"), "`and` joins series without `on`"),
    ("topk", strangers("topk(3, a) > 1"), "`topk` in an alert"),
    ("topk", strangers("sum(bottomk(3, a)) > 1"), "`bottomk` in an alert"),
    ("long-range", record("rate(a[61m])"), "a is read over 1h1m"),
    ("long-range", strangers("rate(a[1d]) > 1"), "a is read over 1d"),
    ("long-range", record("max_over_time(rate(a[5m])[1h:1m])"), "a is read over 1h5m"),
    (EXPRESSION, record("sum(a"), "cannot be parsed"),
    (EXPRESSION, strangers("rate(a) > 1"), "cannot be parsed"),
]


@pytest.mark.parametrize(("check", "rule", "told"), WRONG, ids=lambda one: str(one)[:60])
def test_a_mistake_is_found_and_nothing_else(findings, check, rule, told):
    (found,) = findings(rule)
    assert (found.check, found.group) == (check, "mine")
    assert found.rule in {rule.get("alert"), rule.get("record")}
    assert told in found.what
    assert found.advice


FINE = [
    alert(),
    alert(labels={"role": None}),
    alert(labels={"role": "sustain", "severity": "warning"}),
    alert(labels={"severity": "{{ if gt $value 9.0 }}critical{{ else }}info{{ end }}"}),
    alert("sum(node_load1) > 4", labels={"site": "shop"}),
    alert("vector(1)", labels={"mitigation": "none", "role": None}),
    alert("instance:load:ratio > 4"),
    alert("probe_success == 0"),
    alert('{__name__=~"node_lo.*"} > 4'),
    strangers("sum(up) < 1"),
    strangers("myapp_requests > 1"),
    {**strangers("myapp_requests > 1"), "labels": {"severity": "page"}},
    {**strangers("myapp_requests > 1"), "labels": {"action": "page", "role": "db"}},
    record("myapp_requests"),
    record("rate(a[10s])"),
    record("max_over_time(instance:load:avg5m[10m])"),
    record("max_over_time(a[1m:30s])"),
    record("a / on (x) b"),
    record("a or b"),
    strangers("a > 1 or b > 1"),
    record("topk(3, a)"),
    record("rate(a[1h])"),
    record("max_over_time(instance:load:avg5m[7d])"),
    record("max_over_time(job:elsewhere:rate5m[7d])"),
    strangers("count_over_time(ALERTS[1d]) > 9"),
    record("avg_over_time(a[1h] offset 1w)"),
]


@pytest.mark.parametrize("rule", FINE, ids=lambda one: str(one)[:60])
def test_what_only_looks_like_a_mistake_is_let_alone(findings, rule):
    assert findings(rule) == ()


def test_every_check_has_a_mistake_that_it_finds():
    assert {check for check, _, _ in WRONG} == {*CHECKS, EXPRESSION}


def test_a_name_that_is_nearly_right_gets_a_hint(findings):
    (found,) = findings(alert("max by (site) (node_load2) > 4"))
    assert "did you mean node_load" in found.advice


def test_what_a_judged_alert_is_made_of_is_judged_at_any_remove(findings):
    (found,) = findings(
        "groups:\n"
        "  - name: mine\n"
        "    interval: 5s\n"
        "    rules:\n"
        "      - {record: first, expr: nothing}\n"
        "      - {record: second, expr: first}\n"
        "      - {record: other, expr: myapp}\n"
        "      - {alert: Ours, expr: second > 1, labels: {action: none}}\n"
    )
    assert (found.check, found.rule) == ("metric-name", "first")


def test_a_name_can_be_declared_one_by_one_or_by_a_pattern(findings):
    rule = alert("myapp_requests > 1")
    assert findings(rule)
    assert findings(rule, names=["myapp_requests"]) == ()
    assert findings(rule, names=["myapp_*"]) == ()


def test_the_interval_of_prometheus_can_be_told(findings):
    rule = record("rate(a[15s])")
    assert findings(rule) == ()
    assert [one.check for one in findings(rule, interval=15)] == ["short-range"]


def test_of_two_groups_that_record_a_series_the_slower_one_counts(findings):
    groups = [
        f"  - {{name: {every}, interval: {every}, rules: [{{record: 'a:b', expr: up}}]}}\n"
        for every in ("5m", "5s")
    ]
    rule = "  - {name: mine, rules: [{record: mine, expr: 'max_over_time(a:b[9m])'}]}\n"
    for order in (groups, groups[::-1]):
        (found,) = findings("groups:\n" + "".join(order) + rule)
        assert "is recorded every 5m" in found.what


def test_the_labels_of_a_group_count(findings):
    text = (
        "groups:\n"
        "  - name: mine\n"
        "    labels: {mitigation: under_attack}\n"
        "    rules:\n"
        "      - {alert: Ours, expr: up == 0, labels: {severity: info}}\n"
    )
    assert {one.check for one in findings(text)} == {"annotations"}


@pytest.mark.parametrize("check", ["topk", EXPRESSION, RULE_FILE])
def test_a_check_can_be_left_out(findings, check):
    texts = {"topk": strangers("topk(3, a)"), EXPRESSION: record("a +"), RULE_FILE: "sites: {}"}
    assert [one.check for one in findings(texts[check])] == [check]
    assert findings(texts[check], without=[check]) == ()


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("sites: {}", 1, "it has no `groups`"),
        ("- a", 1, "it has no `groups`"),
        ("groups: [", 1, "is not YAML"),
        ("groups:\n - name: a\n   rules:\n    - {expr: up}", 4, "is no rule"),
        ("groups:\n - name: a\n   rules:\n    - {alert: A, record: b, expr: up}", 4, "is no rule"),
        ("groups:\n - name: a\n   rules:\n    - {alert: A}", 4, "is no rule"),
        ("groups:\n - name: a\n   interval: often\n   rules: []", 3, "'often' is no duration"),
        ("groups:\n - {name: a, name: b, rules: []}", 2, "is already in line 2"),
    ],
)
def test_what_is_no_rule_file_is_told_with_its_line(findings, text, line, told):
    (found,) = findings(text)
    assert (found.check, found.line) == (RULE_FILE, line)
    assert told in found.what


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "rule_files: [a.yml]\ntests: []\n", "groups: []"]
)
def test_what_holds_no_rules_is_no_mistake(findings, text):
    assert findings(text) == ()


def test_a_finding_tells_its_place(findings):
    (found,) = findings(
        "groups:\n - name: mine\n   rules:\n"
        "    - record: x\n      expr: |\n        a /\n        b\n"
    )
    assert (found.line, found.group, found.rule) == (4, "mine", "x")
    assert found.file.endswith("mine.yml")


def test_each_check_has_a_name_of_its_own():
    assert len(set(ALL)) == len(ALL)
    assert PROMTOOL in ALL
