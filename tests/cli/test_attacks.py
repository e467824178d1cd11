"""`responder attacks` and `responder ledger`."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from cli.service import NOW, PREFIX, SHOP, entry

from responder.app import SystemClock
from responder.cli.answers import EventAnswer, EventsAnswer, TargetsAnswer
from responder.cli.attack_reading import MOST_ENTRIES, read_around, read_back
from responder.domain.attack import BITS, PACKETS
from responder.domain.attack_reading import PAGE
from responder.domain.audit import Kind
from responder.domain.memory import Actual, Demand, Episode, Owner, Reading, State
from responder.domain.peak import Peak
from responder.ports import Changes
from responder.store import open_store


def ago(minutes):
    return NOW - timedelta(minutes=minutes)


BEGAN = entry(
    id=4,
    at=ago(60),
    kind=Kind.EPISODE,
    action="began",
    reason="demand",
    detail="firing: Load; 4.0 s after the first alert began",
)
ENGAGED = entry(
    id=5,
    at=ago(60),
    kind=Kind.STATE,
    action="engaged",
    reason="demand",
    detail="a read confirms it; policy under-attack, 4.2 s after its alert began",
)
ATTACK = [
    BEGAN,
    ENGAGED,
    entry(id=6, at=ago(50), action="hold", reason="calm_period"),
    entry(
        id=7,
        at=ago(35),
        kind=Kind.EPISODE,
        action="ended",
        reason="calm",
        detail="firing: Load; no trigger for 900 s; peak Load 4.25",
    ),
    entry(id=8, at=ago(30), action="release", reason="calm", before="hold calm_period"),
    entry(id=9, at=ago(30), kind=Kind.STATE, action="released", before="under_attack"),
]


def newest_first(*entries):
    return sorted(entries, key=lambda one: -one.id)


def cells(line):
    return re.split(r"  +", line.strip())


def test_attacks_are_lines_of_a_table(run, service):
    service.entries = newest_first(*ATTACK)
    ended = run("attacks", "--since", "2d")
    assert ended.code == 0
    head, line = ended.out.splitlines()
    titles = "ID SITE BEGAN ENDED DURATION PROTECTED AFTER PEAK CAUSE TARGETS"
    assert cells(head) == titles.split()
    assert cells(line) == [
        "4", "shop", "2026-11-20T08:59:55Z", "2026-11-20T09:30:00Z", "30m4s", "30m", "4.2s",
        "Load 4.25", "Load", SHOP,
    ]  # fmt: skip
    assert "the audit trail begins at 2026-11-20T09:00:00Z: what was before" in ended.err


def test_one_attack_is_told_step_by_step(run, service):
    service.entries = newest_first(*ATTACK)
    ended = run("attacks", "4")
    assert "first alert to protection  4.2s" in ended.out
    assert f"protected                  30m ({SHOP} 30m)" in ended.out
    assert [SHOP, "calm_period", "1", "20m"] in map(cells, ended.out.splitlines())
    assert "switched off, confirmed by a read" in ended.out


def test_programs_get_what_the_api_gives(run, service):
    service.entries = newest_first(*ATTACK)
    listed = json.loads(run("attacks", "--output", "json").out)
    one = json.loads(run("attacks", "4", "-o", "json").out)
    steps = one.pop("steps")
    assert listed["attacks"] == [one]
    assert one["peaks"] == [{"alert": "Load", "value": 4.25}]
    assert [step["what"] for step in steps][:2] == [
        "alerts began",
        "switched on, confirmed by a read",
    ]


def test_a_post_mortem_begins_with_figures_holds_and_a_timeline(run, service):
    service.entries = newest_first(*ATTACK)
    told = run("attacks", "4", "--output", "markdown").out.splitlines()
    assert told[:4] == ["# Attack 4 on shop", "", "| What | Figure |", "|---|---|"]
    assert "| duration | 30m4s |" in told
    assert "| peak | Load 4.25 |" in told
    held = told.index("## What was held, and why")
    assert told[held + 4] == "| under\\_attack:example.com | calm\\_period | 1 | 20m |"
    timeline = told.index("## Timeline (UTC)")
    assert told[timeline + 4].startswith(
        "| 2026-11-20T09:00:00.000Z | under\\_attack:example.com | alerts began | demand |"
    )
    assert len(told) == timeline + 4 + len(ATTACK)


def test_a_list_is_a_table_in_markdown_too(run, service):
    service.entries = newest_first(*ATTACK)
    head, _, line = run("attacks", "-o", "markdown").out.splitlines()
    assert head.startswith("| ID | Site |")
    assert line.startswith("| 4 | shop |")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", "a\\|b"),
        ("two\nlines", "two lines"),
        ("<script>", "\\<script\\>"),
        ("[x](http://evil.example)", "\\[x\\](http&#58;//evil.example)"),
        ("![x](y)", "\\!\\[x\\](y)"),
        ("see www.evil.example", "see www&#46;evil.example"),
        ("@everyone `x` *y* \\", "\\@everyone \\`x\\` \\*y\\* \\\\"),
        ("\x1b[31m", "\\\\u001b\\[31m"),
    ],
)
def test_what_others_wrote_is_only_text_in_markdown(run, service, text, shown):
    service.entries = newest_first(BEGAN, replace(ENGAGED, detail=text), *ATTACK[2:])
    told = run("attacks", "4", "--output", "markdown").out
    assert f" | responder | {shown} |\n" in told
    assert all(line.startswith(("#", "|")) for line in told.splitlines() if line)


def test_what_cloudflare_told_is_a_step_with_its_vector_and_rates(run, service):
    said = {
        "says": "SYN Flood on 203.0.113.7",
        "phase": "start",
        "vector": "SYN Flood",
        "peak": "1,250,000 packets/s, 9,500 Mbit/s",
    }
    told = entry(
        id=3, at=ago(61), target="cloudflare", kind=Kind.NOTIFICATION, detail=json.dumps(said)
    )
    service.entries = newest_first(told, *ATTACK)
    out = run("attacks", "4").out
    assert "vectors                    SYN Flood" in out
    assert "peak                       1.25 Mpackets/s, 9.5 Gbit/s, Load 4.25" in out
    assert "Cloudflare tells: SYN Flood on 203.0.113.7" in out


@pytest.mark.parametrize(
    ("peak", "began", "told"),
    [
        ((Peak("Load", 4),), BEGAN, " Load 4 "),
        ((Peak("A", 4), Peak("B", 2e6)), BEGAN, " A 4, B 2000000 "),
        ((Peak("A", 4),), replace(BEGAN, detail="firing: A, B"), " value 4 "),
    ],
    ids=["of the one alert", "of each of two", "of which is not told"],
)
def test_an_attack_that_lasts_shows_its_peak_so_far(run, service, peak, began, told):
    service.entries = newest_first(began, ENGAGED)
    service.remember(
        SHOP,
        state=State.ENGAGED,
        demand=Demand.TRIGGER,
        reading=Reading(Actual.ON),
        episode=Episode(ago(60), peaks=peak),
    )
    out = run("attacks").out
    assert "it lasts" in out
    assert told in out


@pytest.mark.parametrize("number", ["99", "1"])
def test_a_number_of_no_attack_is_a_failure(run, service, number):
    service.entries = newest_first(entry(id=1, at=ago(90)))
    ended = run("attacks", number)
    assert (ended.code, ended.out) == (1, "")
    assert f"entry {number} belongs to no attack; `responder attacks` lists them" in ended.err


@pytest.mark.usefixtures("service")
def test_without_attacks_it_says_so(run):
    ended = run("attacks")
    assert (ended.code, ended.out) == (0, "no attacks\n")
    assert ended.err == "the audit trail holds no entry of this time\n"


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("command", ["attacks", "ledger"])
def test_a_site_that_nobody_knows_is_a_failure(run, command):
    ended = run(command, "--site", "nobody")
    assert (ended.code, ended.out) == (1, "")
    assert "'nobody'; `responder status`" in ended.err


def test_a_kind_that_a_newer_service_tells_is_a_step_as_it_is(run, service):
    new = entry(id=10, at=ago(40), kind="something_new", action="seen")
    service.entries = newest_first(new, *ATTACK)
    assert "something_new seen" in run("attacks", "4").out


def test_the_store_is_read_where_no_service_answers(run, config, tmp_path):
    config()
    now = SystemClock().now()
    moved = [replace(one, at=one.at + (now - NOW), id=None) for one in ATTACK]
    store = open_store(f"sqlite:///{tmp_path}/responder.db")
    store.commit([Changes(entries=moved)])
    store.close()
    ended = run("attacks", "-o", "json")
    (attack,) = json.loads(ended.out)["attacks"]
    assert (attack["id"], attack["protected_seconds"]) == (1, 1800.0)
    assert "this is what the store last knew" in ended.err


class Pages:
    """Answers with a trail of so many entries, made as they are asked for."""

    def __init__(self, count):
        self.count = count
        self.asked = 0

    def targets(self):
        return TargetsAnswer(targets=())

    def now(self):
        return NOW

    def events(self, question):
        self.asked += 1
        newest = self.count if question.before is None else min(question.before - 1, self.count)
        numbers = range(newest, max(newest - question.limit, 0), -1)
        return EventsAnswer(events=tuple(_ONE.model_copy(update={"id": one}) for one in numbers))


_ONE = EventAnswer(at=ago(30), target=SHOP, site="shop", kind="stuck")


def test_the_trail_is_read_page_by_page():
    answers = Pages(PAGE + 1)
    trail, reach = read_back(answers, timedelta(days=30), None)
    assert (len(trail.entries), reach.cut, answers.asked) == (PAGE + 1, False, 2)


@pytest.mark.long
def test_the_trail_is_read_no_further_than_a_bound():
    answers = Pages(MOST_ENTRIES + 1)
    trail, reach = read_back(answers, timedelta(days=30), None)
    assert (len(trail.entries), reach.cut) == (MOST_ENTRIES, True)
    assert answers.asked == MOST_ENTRIES // PAGE


def test_an_entry_that_is_gone_is_no_attack():
    assert read_around(Pages(3), 9) is None


# the ledger


def test_minutes_are_told_by_month_and_target(run, service):
    service.entries = newest_first(
        entry(id=1, at=ago(60 * 24 * 30), target=PREFIX, kind=Kind.STATE, action="engaged"),
        entry(
            id=2,
            at=ago(60 * 24 * 30 - 90),
            target=PREFIX,
            kind=Kind.STATE,
            action="released",
            before="advertised",
        ),
        replace(ENGAGED, id=3),
        replace(ATTACK[-1], id=4),
    )
    ended = run("ledger")
    head, *lines = ended.out.splitlines()
    assert cells(head) == ["MONTH", "TARGET", "SITE", "MINUTES", "BY US", "BY OTHERS", "TIMES"]
    assert [cells(line) for line in lines] == [
        ["2026-10", PREFIX, "shop", "90.0", "90.0", "0.0", "1"],
        ["2026-11", SHOP, "shop", "30.0", "30.0", "0.0", "1"],
    ]
    assert "the audit trail begins at 2026-10-21T10:00:00Z" in ended.err


def test_programs_get_the_ledger_in_minutes(run, service):
    service.entries = newest_first(*ATTACK)
    document = json.loads(run("ledger", "--since", "1d", "-o", "json").out)
    assert document["trail_from"] == "2026-11-20T09:00:00Z"
    assert document["months"] == [
        {
            "month": "2026-11",
            "target": SHOP,
            "site": "shop",
            "minutes": 30.0,
            "ours_minutes": 30.0,
            "external_minutes": 0.0,
            "engagements": 1,
        }
    ]


def test_what_the_trail_does_not_reach_is_not_counted(run, service):
    service.entries = newest_first(entry(id=1, at=ago(30)))
    service.remember(SHOP, state=State.ENGAGED, reading=Reading(Actual.ON))
    service.remember(PREFIX, owner=Owner.EXTERNAL, reading=Reading(Actual.ON))
    found = {cells(line)[1]: cells(line)[3:6] for line in run("ledger").out.splitlines()[1:]}
    assert found == {SHOP: ["30.0", "30.0", "0.0"], PREFIX: ["30.0", "0.0", "30.0"]}


@pytest.mark.usefixtures("service")
def test_an_empty_ledger_says_so(run):
    ended = run("ledger")
    assert (ended.code, ended.out) == (0, "nothing was on\n")


def test_the_alerts_that_are_known_to_count_packets_or_bits_are_those_of_the_rules():
    rules = Path(__file__).parents[2] / "rules/detectors"
    known = {
        name: yaml.safe_load((rules / name).read_text())["groups"][0]["rules"]
        for name in ("volumetric-packets.yml", "volumetric-bits.yml")
    }
    alerts = {name: {rule.get("alert") for rule in found} for name, found in known.items()}
    assert alerts["volumetric-packets.yml"] >= PACKETS
    assert alerts["volumetric-bits.yml"] >= BITS
