"""Expressions over recorded series give what Prometheus gives for them."""

import math

import httpx
import pytest
from backtest.stepwise import STALE, as_newer, empty_prometheus, write

from responder.backtest.evaluation import Evaluation
from responder.backtest.parsing import parsed
from responder.backtest.series import NAN, Grid, Record

pytestmark = pytest.mark.integration

BEGIN, STEP, COUNT = 1_790_640_000, 60, 90
GRID = Grid(BEGIN, STEP, COUNT)


def wave(size, gap=()):
    return [NAN if at in gap else round(size * (1.2 + math.sin(at / 7)), 3) for at in range(COUNT)]


SERIES = {
    "a:x": {
        (("instance", "1"), ("site", "shop")): wave(3),
        (("instance", "2"), ("site", "shop")): wave(5, range(20, 45)),
        (("instance", "3"), ("site", "blog")): wave(-2, range(60)),
    },
    "a:y": {
        (("instance", "1"), ("site", "shop")): wave(4, range(5)),
        (("instance", "3"), ("site", "blog")): wave(1),
    },
    "a:site": {(("site", "shop"),): wave(2), (("site", "blog"),): wave(0.5, range(30, 40))},
    "a:zero": {(("site", "shop"),): [float(at % 3 - 1) for at in range(COUNT)]},
}

EXPRESSIONS = [
    "a:x",
    'a:x{site="shop",instance!="2"}',
    'a:x{instance=~"1|3"} offset 7m',
    "-a:x",
    "a:x > 4",
    "4 < a:x",
    "a:x > bool 4",
    "a:x + 1",
    "2 ^ a:x",
    "a:x % 2",
    "a:site / on (site) a:zero",
    "a:y > a:x",
    "a:x / on (site, instance) a:y",
    "a:x * on (site) group_left () a:site",
    "a:site - on (site) group_right () a:y",
    "a:x and a:y",
    "a:x and on (site) (a:site > 2)",
    "a:x unless on (site) (a:site > 2)",
    "a:y or a:x",
    "a:y or on (site) a:x",
    "sum by (site) (a:x)",
    "max without (instance) (a:x)",
    "min(a:x)",
    "avg by (site) (a:x)",
    "count by (site) (a:x > 3)",
    "group by (site) (a:x)",
    "stddev by (site) (a:x)",
    "quantile by (site) (0.7, a:x)",
    "avg_over_time(a:x[10m])",
    "min_over_time(a:x[10m] offset 5m)",
    "max_over_time(a:x[10m])",
    "sum_over_time(a:x[10m])",
    "count_over_time(a:x[10m])",
    "last_over_time(a:x[10m])",
    "present_over_time(a:x[10m])",
    "stddev_over_time(a:x[10m])",
    "quantile_over_time(0.95, a:x[10m])",
    "scalar(a:zero) + a:x",
    "vector(scalar(a:x))",
    "absent(a:x > 1000)",
    'absent(a:x{site="none"})',
    "clamp_min(a:x, 3)",
    "clamp_max(a:x, 3)",
    "clamp(a:x, 2, 3)",
    "abs(a:x)",
    "ceil(a:x)",
    "floor(a:x)",
    "sgn(a:x)",
    "sqrt(a:x)",
    'label_replace(a:site, "of", "the $1", "site", "(s.*)")',
    'label_replace(a:site, "site", "", "site", "blog")',
    "a:x * 0 + time()",
    "1 + 2 > bool 2",
]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    with (
        empty_prometheus(tmp_path_factory.mktemp("oracle")) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        # Prometheus takes a missing sample for a series that has ended only if it is told so.
        stale = {name: dict.fromkeys(series, False) for name, series in SERIES.items()}
        for position, at in enumerate(GRID.times):
            samples = []
            for name, series in SERIES.items():
                for labels, values in series.items():
                    gone = math.isnan(values[position])
                    if not gone or stale[name][labels]:
                        value = STALE if gone else values[position]
                        samples.append((name, labels, float(at), value))
                    stale[name][labels] = not gone
            write(client, samples)
        yield client


def asked(client, expression):
    """Ask Prometheus; return each series with its value by moment."""
    parameters = {
        "query": as_newer(expression),
        "start": GRID.start,
        "end": GRID.times[-1],
        "step": STEP,
    }
    answer = client.get("/api/v1/query_range", params=parameters).json()
    found = {}
    for one in answer["data"]["result"]:
        # What a rule records has no other name than the rule's: two names become one series.
        labels = tuple(sorted(item for item in one["metric"].items() if item[0] != "__name__"))
        found.setdefault(labels, {}).update({int(at): float(value) for at, value in one["values"]})
    return found


def evaluated(expression):
    """Evaluate it here."""
    records = {name: Record() for name in SERIES}
    for name, series in SERIES.items():
        records[name].append(GRID, series)
    evaluation = Evaluation(records, {}, lambda _leaf, _grid: {})
    vector = evaluation.vector(parsed(expression, SERIES), GRID)
    found = {
        labels: {
            at: value for at, value in zip(GRID.times, values, strict=True) if not math.isnan(value)
        }
        for labels, values in vector.items()
    }
    return {labels: values for labels, values in found.items() if values}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_it_is_what_prometheus_says(prometheus, expression):
    theirs = {
        labels: {at: value for at, value in values.items() if not math.isnan(value)}
        for labels, values in asked(prometheus, expression).items()
    }
    theirs = {labels: values for labels, values in theirs.items() if values}

    assert theirs
    ours = evaluated(expression)
    assert ours.keys() == theirs.keys()
    for labels, values in theirs.items():
        assert ours[labels] == pytest.approx(values)
