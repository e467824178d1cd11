"""Metrics as Prometheus reads them."""

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.parser import text_string_to_metric_families


async def test_metrics_are_text_that_a_parser_reads_back(anonymous, web):
    Counter("sent", "Messages.", ["to"], registry=web.registry).labels('a"b\n').inc()

    answer = await anonymous.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4; charset=utf-8")
    (family,) = text_string_to_metric_families(answer.text)
    assert [(one.name, one.labels) for one in family.samples] == [("sent_total", {"to": 'a"b\n'})]


async def test_no_created_series_are_shown_but_a_gauge_of_that_name_is(anonymous, web):
    Counter("sent", "Messages.", registry=web.registry)
    Histogram("seconds", "Time.", registry=web.registry).observe(1)
    Gauge("file_created", "A gauge.", registry=web.registry)

    lines = (await anonymous.get("/metrics")).text.splitlines()

    assert [line for line in lines if "_created" in line and line[0] != "#"] == ["file_created 0.0"]
    assert "seconds_sum 1.0" in lines
