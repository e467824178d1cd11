"""The message templates: readable, within the limits of their medium, and safe whatever is said."""

import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from support.alertmanager import program
from support.world import engaged, minutes

from responder.domain.notice import Overview, Subject
from responder.domain.notices import notices

pytestmark = pytest.mark.integration
FOLDER = Path(__file__).parents[2] / "alertmanager"
EXAMPLES = sorted(FOLDER.glob("*.yml"))
RUNBOOK = "https://github.com/responder/responder/blob/main/docs/runbook.md"
HTML = {"responder.telegram", "responder.email.html"}
MEDIA = ["responder.telegram", "responder.slack.text", "responder.email.html"]
PAGE = {"html", "body", "h3", "p", "b", "br", "table", "tr", "td", "a"}
HOSTILE = (
    """<script>alert("1")</script> <!channel> <http://evil|x> & 'q' `*_~ {{ .Status }}\nline"""
)

DETECTOR = {
    "status": "firing",
    "labels": {
        "alertname": "OriginLoadAbsolute",
        "site": "shop",
        "instance": "web1:9100",
        "mitigation": "under_attack",
        "severity": "critical",
    },
    "annotations": {
        "summary": "web1:9100 of site shop is overloaded.",
        "description": "The last known load is 7.25 per core.",
        "value": "7.25",
        "runbook_url": f"{RUNBOOK}#originloadabsolute",
    },
    "startsAt": "2026-11-20T10:00:00.5Z",
    "endsAt": "2026-11-20T10:25:00Z",
}


def own(status="firing"):
    """Return what is posted of a target that is on by us, as Alertmanager hands it on."""
    world = engaged()
    world.run(minutes(1))
    (target,) = world.targets
    subject = Subject(target, world.policy, world.memory(), world.sights[target.id].alerts)
    (notice,) = notices(Overview(world.now, (subject,)))
    return {
        "status": status,
        "labels": dict(notice.labels),
        "annotations": dict(notice.annotations) | {"value": "7.25", "peak": "9.5"},
        "startsAt": notice.starts_at.isoformat(),
        "endsAt": "2026-11-20T11:02:03Z",
    }


def rendered(folder, template, *alerts, status="firing"):
    common = set.intersection(*({*one["labels"].items()} for one in alerts))
    data = {
        "receiver": "humans",
        "status": status,
        "alerts": alerts,
        "groupLabels": {},
        "commonLabels": dict(common),
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.test:9093",
    }
    (folder / "data.json").write_text(json.dumps(data))
    command = [
        *(program("amtool"), "template", "render", f"--template.glob={FOLDER}/templates/*.tmpl"),
        f"--template.type={'html' if template in HTML else 'text'}",
        f'--template.text={{{{ template "{template}" . }}}}',
        f"--template.data={folder / 'data.json'}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.names, self.links, self.text = set(), [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data):
        self.text += data


def test_telegram_says_what_where_why_since_when_and_what_to_do(tmp_path):
    advice = (
        "Nothing: it goes off after a proven calm. "
        "What it waits for: responder explain under_attack:example.com"
    )
    silence = "alertname%3D%22MitigationEngaged%22%2Ctarget%3D%22under_attack%3Aexample.com%22"
    links = (
        f'<a href="{RUNBOOK}#mitigationengaged">Runbook</a>  '
        f'<a href="http://alertmanager.test:9093/#/silences/new?filter=%7B{silence}%7D">'
        "Silence, without pausing</a>"
    )
    assert rendered(tmp_path, "responder.telegram", own()).strip().splitlines() == [
        "<b>WARNING MitigationEngaged</b>",
        "under_attack of example.com (site shop) is on.",
        "Why: Load",
        "Site: shop",
        "Value: 7.25",
        "Peak: 9.5",
        "Since: 2026-11-20 10:00:30 UTC",
        f"Do: {advice}",
        links,
    ]


def test_slack_says_the_same_in_its_own_way(tmp_path):
    silence = "http://alertmanager.test:9093/#/silences/new?filter=%7Bsite%3D%22shop%22%7D"
    lines = rendered(tmp_path, "responder.slack.text", DETECTOR).strip().splitlines()
    assert lines == [
        "*web1:9100 of site shop is overloaded.*",
        "The last known load is 7.25 per core.",
        "Site: shop",
        "Value: 7.25",
        "Since: 2026-11-20 10:00:00 UTC",
        f"<{RUNBOOK}#originloadabsolute|Runbook>  <{silence}|Pause shop>",
    ]
    title = rendered(tmp_path, "responder.slack.title", DETECTOR)
    assert title == "CRITICAL OriginLoadAbsolute, site shop"
    assert rendered(tmp_path, "responder.slack.color", DETECTOR) == "danger"


def test_an_e_mail_says_it_in_a_table(tmp_path):
    seen = Tags(rendered(tmp_path, "responder.email.html", own(), DETECTOR))
    for told in ("MitigationEngaged", "OriginLoadAbsolute", "9.5", "Load", "is overloaded."):
        assert told in seen.text
    subject = rendered(tmp_path, "responder.email.subject", own(), DETECTOR)
    assert subject == "[FIRING] alerts, site shop (2)"


@pytest.mark.parametrize("medium", MEDIA)
def test_what_is_over_is_told_with_how_long_it_lasted_and_nothing_to_do(tmp_path, medium):
    over = rendered(tmp_path, medium, own("resolved"), status="resolved")
    assert "1h1m33s" in over
    assert "proven calm" not in over
    for title in ("responder.slack.title", "responder.email.subject"):
        assert "OVER" in rendered(tmp_path, title, own("resolved"), status="resolved")


def hostile(text=HOSTILE):
    labels = dict.fromkeys(("alertname", "site", "target", "severity", "mitigation"), text)
    names = ("summary", "description", "reason", "value", "peak", "duration", "advice")
    annotations = dict.fromkeys(names, text) | {"runbook_url": 'javascript:alert("1")'}
    return DETECTOR | {"labels": labels, "annotations": annotations}


@pytest.mark.parametrize(
    ("medium", "allowed"),
    [
        ("responder.telegram", {"a", "b"}),
        ("responder.email.html", PAGE),
    ],
)
def test_nothing_that_an_alert_says_becomes_html(tmp_path, medium, allowed):
    seen = Tags(rendered(tmp_path, medium, hostile()))
    assert seen.names <= allowed
    assert '<script>alert("1")</script>' in seen.text
    assert all(link.startswith(("http://alertmanager.test", "#Z")) for link in seen.links)


@pytest.mark.parametrize("template", ["responder.slack.text", "responder.slack.title"])
def test_nothing_that_an_alert_says_becomes_a_link_or_a_mention_in_slack(tmp_path, template):
    text = rendered(tmp_path, template, hostile())
    links = re.findall("<[^>]*>", text)
    assert all(link.startswith("<http://alertmanager.test") for link in links)
    assert "{{ .Status }}" in text or template.endswith("title")


def test_nothing_that_an_alert_says_begins_a_line_of_its_own_in_slack(tmp_path):
    lines = rendered(tmp_path, "responder.slack.text", hostile()).splitlines()
    assert not [line for line in lines if line.startswith("line")]


@pytest.mark.parametrize("text", ["x" * 5000, '"a' * 2500, '""a' * 2000, "<" * 5000])
def test_a_message_is_never_longer_than_telegram_takes(tmp_path, text):
    message = rendered(tmp_path, "responder.telegram", *[hostile(text)] * 3)
    assert len(message) <= 4096
    assert "and 3 in all" in message


@pytest.mark.parametrize("medium", MEDIA)
def test_a_site_that_is_no_plain_word_gets_no_link_that_somebody_else_wrote(tmp_path, medium):
    text = rendered(tmp_path, medium, hostile('x",alertname=~".*'))
    assert 'alertname=~".*' not in " ".join(re.findall(r"https?://[^\s|]+", text))


@pytest.mark.parametrize("medium", MEDIA)
def test_an_alert_that_says_next_to_nothing_makes_a_message_all_the_same(tmp_path, medium):
    bare = DETECTOR | {"labels": {"alertname": "X"}, "annotations": {}}
    text = rendered(tmp_path, medium, bare)
    assert "2026-11-20 10:00:00 UTC" in text
    assert "<no value>" not in text


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_name_templates_that_exist_and_use_them_as_they_are_meant(path):
    defined = set()
    for template in (FOLDER / "templates").glob("*.tmpl"):
        defined |= set(re.findall(r'define "([\w.]+)"', template.read_text()))
    named = set(re.findall(r'template "([\w.]+)"', path.read_text()))
    assert named
    assert named <= defined
    for receiver in yaml.safe_load(path.read_text())["receivers"]:
        for telegram in receiver.get("telegram_configs", []):
            assert telegram["parse_mode"] == "HTML"
