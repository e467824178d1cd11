"""The page opens without a network, says what is so, and believes no label."""

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from backtest.past import BEGIN, Past, alerting, recording

from responder.backtest.marks import Mark
from responder.backtest.outcome import Asked, moment, replayed
from responder.backtest.page import page
from responder.backtest.replay import Window
from responder.backtest.summary import document

HOUR = 3600
SITE = '<script>alert("x")</script>'
RULES = [
    recording("site:http_requests:rate1m", "requests"),
    recording("site:http_requests:baseline", "requests * 0 + 20"),
    recording("instance:node_load1_per_core:ratio", "load"),
    recording("site:threshold_http_ratio:upper", "requests * 0 + 2"),
    recording("site:threshold_http_ratio:lower", "requests * 0 + 1.5"),
    alerting("Flood", "site:http_requests:rate1m > 40", mitigation="under_attack"),
    alerting("Informs", "instance:node_load1_per_core:ratio > 1"),
]
VOID = {"meta", "br"}


class Parsed(HTMLParser):
    """Whether every element that is opened is closed, and what they are."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.attributes = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += attrs


async def outcome(site=SITE, days=1, marks=()):
    def requests(at):
        return None if 2 * HOUR <= at < 3 * HOUR else 300 if 5 * HOUR <= at < 6 * HOUR else 20

    past = Past({})
    for expression, value in {
        "requests": requests,
        "requests * 0 + 20": lambda _: 20,
        "requests * 0 + 2": lambda _: 2,
        "requests * 0 + 1.5": lambda _: 1.5,
        "load": lambda at: 1 + at % 600 / 600,
        "max by (site) (responder_mitigation_engaged)": lambda at: int(HOUR <= at < 2 * HOUR),
    }.items():
        past.answers[expression] = [({"site": site}, value)]
    window = Window(BEGIN, BEGIN + days * 86_400, 60)
    return await replayed(past, Asked(RULES, window, None, marks), lambda _: None)


async def test_it_fetches_nothing_and_runs_nothing():
    found = page(await outcome())

    parsed = Parsed(found)
    assert parsed.open == []
    assert not {"script", "link", "img", "iframe", "object", "use", "image"} & set(parsed.seen)
    assert not {"src", "href", "action", "onload"} & {name for name, _ in parsed.attributes}
    assert not re.search(r"url\(|@import|https?://", found)
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in parsed.attributes


async def test_a_label_is_shown_and_not_obeyed():
    found = page(await outcome())

    assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;" in found
    assert SITE not in found


@pytest.mark.long
async def test_a_month_stays_small():
    assert len(page(await outcome(days=31))) < 200_000


async def test_the_alert_the_stretch_the_attack_and_what_was_really_on_are_drawn():
    attack = Mark(moment(BEGIN + 5 * HOUR), moment(BEGIN + 6 * HOUR))

    found = page(await outcome("shop", marks=(attack,)))

    bars = re.findall(r'<rect class="(\w+)" x="([\d.]+)"[^>]*><title>([^<]*)</title>', found)
    drawn = {(kind, title.partition(",")[0]) for kind, _, title in bars}
    assert {
        ("attack", "attacks, marked: 2026-09-29 05:00:00".partition(",")[0]),
        ("real", "really on: 2026-09-29 01:00:00"),
        ("on", "would be on: 2026-09-29 05:00:00"),
        ("trigger", "Flood: 2026-09-29 05:00:00"),
    } <= drawn
    assert any(kind == "informs" for kind, _ in drawn)
    assert '<td class="n">100.0 %</td>' in found


async def test_a_gap_in_the_data_stays_a_gap_in_the_chart():
    found = page(await outcome("shop"))

    (area,) = re.findall(
        r'aria-label="Requests.*?<path class="measured" d="([^"]*)"', found, re.DOTALL
    )
    assert area.count("M") == 2
    assert "nan" not in area
    assert "inf" not in found.lower().replace("inform", "")


async def test_the_document_for_programs_has_all_of_it():
    attack = Mark(moment(BEGIN + 5 * HOUR), moment(BEGIN + 6 * HOUR))

    found = document(await outcome("shop", marks=(attack,)))

    (site,) = found["sites"]
    assert site["really"] == {"engagements": 1, "minutes": 60.0}
    assert [one["alerts"] for one in site["stretches"]] == [["Flood"]]
    assert site["policies"][0]["would"]["toggles"] == 2
    assert found["score"]["seconds_to_detect"]["median"] == 0.0
    assert found["attacks"] == [
        {"from": "2026-09-29T05:00:00Z", "to": "2026-09-29T06:00:00Z", "site": None}
    ]
    assert timedelta(minutes=site["stretches"][0]["minutes"]) > timedelta(hours=1)
