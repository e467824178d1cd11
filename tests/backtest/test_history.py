"""A past in a Prometheus or in a folder: pieces, what is missing, and what people are told."""

import gzip
import json
from datetime import timedelta

import httpx
import pytest
from backtest.past import BEGIN, Past, alerting, recording

from responder.alertmanager.access import Access, bearer
from responder.backtest.coverage import HistoryError, surveyed
from responder.backtest.folder import DAY, FolderHistory, record
from responder.backtest.history import PrometheusHistory, opened
from responder.backtest.outcome import Asked, replayed
from responder.backtest.program import compiled
from responder.backtest.replay import Window, replay
from responder.backtest.series import Grid
from responder.prometheus import PrometheusClient, PrometheusError, PrometheusLimitError

SHOP = {"site": "shop"}


def nobody(_share):
    """Tell nobody."""


# a Prometheus


def prometheus(handler):
    client = httpx.AsyncClient(base_url="http://p.test", transport=httpx.MockTransport(handler))
    return PrometheusHistory(PrometheusClient(client, timeout=timedelta(seconds=5)))


class Limited:
    """A Prometheus that refuses more than so many points of its one series."""

    def __init__(self, most, status=422, error="query processing would load too many samples"):
        self.most, self.status, self.error = most, status, error
        self.asked = []

    def __call__(self, request):
        asked = dict(httpx.QueryParams(request.content.decode() or request.url.query.decode()))
        start, end, step = (float(asked[name]) for name in ("start", "end", "step"))
        points = [start + step * at for at in range(int((end - start) / step) + 1)]
        self.asked.append(len(points))
        if len(points) > self.most:
            return httpx.Response(self.status, json={"status": "error", "error": self.error})
        values = [[at, str((at - BEGIN) / step)] for at in points if at != BEGIN + 2 * step]
        series = [{"metric": {"__name__": "load", **SHOP}, "values": values}]
        data = {"resultType": "matrix", "result": series}
        return httpx.Response(200, json={"status": "success", "data": data})


LIMITS = [
    pytest.param(422, "query processing would load too many samples into memory", id="samples"),
    pytest.param(400, "exceeded maximum resolution of 11,000 points per timeseries", id="points"),
    pytest.param(503, "query timed out in expression evaluation", id="time"),
]


@pytest.mark.parametrize(("status", "error"), LIMITS)
async def test_what_is_too_large_is_asked_for_in_halves(status, error):
    server = Limited(700, status, error)

    found = await prometheus(server).vector("load", Grid(BEGIN, 15, 6000))

    (values,) = found.values()
    assert found.keys() == {(("site", "shop"),)}
    assert values[:2] + values[3:] == [float(at) for at in range(6000) if at != 2]
    assert values[2] != values[2]  # a gap stays one
    assert server.asked[:4] == [5000, 2500, 1250, 625]


async def test_what_is_too_large_in_the_smallest_piece_says_what_to_do():
    with pytest.raises(PrometheusLimitError, match=r"max-samples.*longer --step"):
        await prometheus(Limited(3)).vector("load", Grid(BEGIN, 15, 6000))


async def test_another_refusal_is_not_asked_again():
    server = Limited(3, 400, "invalid parameter: parse error")

    with pytest.raises(PrometheusError, match="parse error"):
        await prometheus(server).vector("load", Grid(BEGIN, 15, 6000))

    assert len(server.asked) == 1


async def test_a_long_expression_goes_in_the_body():
    methods = []

    def handler(request):
        methods.append((request.method, request.url.path))
        return Limited(10**6)(request)

    await prometheus(handler).vector("load or " * 300 + "load", Grid(BEGIN, 15, 5))

    assert methods == [("POST", "/api/v1/query_range")]


async def test_the_credential_of_the_configuration_is_sent():
    sent = []

    def handler(request):
        sent.append(request.headers.get("Authorization"))
        return Limited(10**6)(request)

    reached = Access(bearer(lambda: "s3cret"), transport=httpx.MockTransport(handler))
    async with opened("http://p.test", reached) as history:
        await history.vector("load", Grid(BEGIN, 15, 5))

    assert sent == ["Bearer s3cret"]


async def test_the_beginning_of_a_history_is_found_to_the_minute():
    since = BEGIN + 5 * DAY + 3_600

    def handler(request):
        asked = request.url.params
        start, end, step = (float(asked[name]) for name in ("start", "end", "step"))
        points = [start + step * at for at in range(int((end - start) / step) + 1)]
        values = [[at, "1"] for at in points if at > since]
        result = [{"metric": {}, "values": values}] if values else []
        data = {"resultType": "matrix", "result": result}
        return httpx.Response(200, json={"status": "success", "data": data})

    found = await prometheus(handler).since(["load"], BEGIN, BEGIN + 30 * DAY)

    assert found is not None
    assert abs(found - since) <= 60
    assert await prometheus(handler).since(["load"], BEGIN, BEGIN + DAY) is None


# what is missing

RULES = [
    recording("instance:load:ratio", "load / 2"),
    recording("instance:load:ratio", "other_load"),
    recording("site:requests:rate", "rate(requests[1m])"),
    alerting("High", "instance:load:ratio > 2", mitigation="under_attack"),
    alerting("Flood", "site:requests:rate > 9 and on (site) instance:load:ratio > 1"),
]
WINDOW = Window(BEGIN, BEGIN + 10 * DAY, 60)


async def test_a_history_without_any_of_the_series_names_them_and_their_files():
    with pytest.raises(HistoryError, match=r"load, other_load, requests \(rules.yml\)"):
        await surveyed(Past({"up": []}), compiled(RULES), WINDOW)


async def test_a_history_that_begins_later_is_replayed_from_there_and_says_so():
    past = Past({"load / 2": [(SHOP, lambda _: 1)]}, begin=BEGIN + 3 * DAY + 7)

    survey = await surveyed(past, compiled(RULES), WINDOW)

    assert survey.window.start == BEGIN + 3 * DAY + 60
    assert "begins at 2026-10-02T00:01Z" in survey.notes[0]


@pytest.mark.parametrize(
    ("last", "problem"),
    [
        pytest.param(0, "there is nothing of it between", id="nothing"),
        pytest.param(1200, "there is only 20m of it .* 30m is the least", id="minutes"),
    ],
)
async def test_too_little_history_says_how_much_there_is_and_how_much_it_takes(last, problem):
    past = Past({"load / 2": [(SHOP, lambda _: 1)]}, begin=WINDOW.end - last)

    with pytest.raises(HistoryError, match=problem):
        await surveyed(past, compiled(RULES), WINDOW)


async def test_a_few_hours_are_replayed_with_a_word_about_baselines():
    past = Past({"load / 2": [(SHOP, lambda _: 1)]}, begin=WINDOW.end - 7200)

    survey = await surveyed(past, compiled(RULES), WINDOW)

    assert any("there is 2h of history, and baselines need 6h" in one for one in survey.notes)


async def test_an_alert_that_cannot_fire_for_want_of_a_series_is_named_with_what_would_give_it():
    survey = await surveyed(Past({"load / 2": []}, begin=BEGIN), compiled(RULES), WINDOW)

    assert survey.notes[-1] == (
        "Flood: cannot have fired, nothing gives site:requests:rate (rules.yml)"
    )


async def test_metrics_of_which_nothing_comes_point_at_the_missing_label():
    past = Past({"load / 2": []})

    with pytest.raises(HistoryError, match="the label `site`"):
        await replayed(past, Asked(RULES, WINDOW), nobody)


# a folder


def level(at):
    return None if 1000 < at < 4000 else 1 + at // 600 % 9 * 0.25


@pytest.fixture
async def recorded(tmp_path):
    """Record two days and a bit, from the middle of a day."""
    past = Past({"load / 2": [(SHOP, level)], "rate(requests[1m])": [({"x": '"\n'}, level)]})
    window = Window(BEGIN + 43_200, BEGIN + 2 * DAY, 60)
    await record(past, compiled(RULES), window, tmp_path / "past", nobody)
    return past, tmp_path / "past"


async def test_what_is_recorded_is_read_again_over_days_and_at_coarser_steps(recorded):
    past, folder = recorded
    history = FolderHistory(folder)

    for grid in (Grid(BEGIN + 43_200, 60, 2000), Grid(BEGIN + 80_000 - 80_000 % 300, 300, 100)):
        for expression in ("load / 2", "rate(requests[1m])"):
            theirs = await past.vector(expression, grid)
            ours = await history.vector(expression, grid)
            assert ours.keys() == theirs.keys()
            for labels, values in theirs.items():
                assert ours[labels] == pytest.approx(values, rel=1e-5, nan_ok=True)


async def test_a_recording_gives_the_same_alerts_as_the_history(recorded):
    past, folder = recorded
    history = FolderHistory(folder)
    window = Window(history.meta.begin, history.meta.end, 60, history.meta.begin)
    past.begin, past.end = history.meta.begin, history.meta.end

    theirs = await replay(past, RULES, window)

    assert await replay(history, RULES, window) == theirs
    assert len(theirs) > 10


async def test_rules_that_were_not_recorded_are_an_error(recorded):
    _, folder = recorded

    with pytest.raises(HistoryError, match=r"lacks: other > 1; record it again"):
        await FolderHistory(folder).vector("other > 1", Grid(BEGIN, 60, 2))


async def test_a_finer_step_than_was_recorded_is_an_error(recorded):
    _, folder = recorded

    with pytest.raises(HistoryError, match="recorded every 60 s; --step must be a multiple"):
        await FolderHistory(folder).vector("load / 2", Grid(BEGIN, 15, 2))


async def test_a_folder_that_is_in_use_is_not_written_into(recorded):
    past, folder = recorded

    with pytest.raises(HistoryError, match="not empty"):
        await record(past, compiled(RULES), Window(BEGIN, BEGIN + 60, 60), folder, nobody)


BROKEN = [
    pytest.param(lambda path: path.unlink(), "interrupted", id="no meta"),
    pytest.param(lambda path: path.write_text("{}"), "not one of ours", id="foreign"),
    pytest.param(
        lambda path: path.write_text(json.dumps({**json.loads(path.read_text()), "format": 9})),
        "has the format 9",
        id="newer",
    ),
]


@pytest.mark.parametrize(("damage", "problem"), BROKEN)
async def test_what_is_no_recording_is_told(recorded, damage, problem):
    _, folder = recorded
    damage(folder / "meta.json")

    with pytest.raises(HistoryError, match=problem):
        FolderHistory(folder)


async def test_a_damaged_day_is_named(recorded):
    _, folder = recorded
    day = min(folder.glob("*.gz"))
    day.write_bytes(gzip.compress(b"{]"))
    grid = Grid(BEGIN + 43_200, 60, 2)

    with pytest.raises(HistoryError, match=f"{day.name} is damaged"):
        await FolderHistory(folder).vector("load / 2", grid)
