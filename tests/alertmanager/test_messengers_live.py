"""What really reaches Telegram and Slack by way of the shipped example."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from support.alertmanager import CLOCK, running_alertmanager

pytestmark = pytest.mark.integration
FOLDER = Path(__file__).parents[2] / "alertmanager"
REPLY = b'{"ok":true,"result":{"message_id":1,"chat":{"id":1},"date":1}}'


@contextmanager
def messenger() -> Iterator[tuple[str, list]]:
    """Take whatever is sent, on loopback; yield the address and what came."""
    came = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append((self.path, json.loads(body)))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(REPLY)))
            self.end_headers()
            self.wfile.write(REPLY)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", came
        finally:
            server.shutdown()
            thread.join()


def example(url: str) -> str:
    """Return the shipped example with this address for both, no mail and no waiting."""
    loaded = yaml.safe_load((FOLDER / "messengers.yml").read_text())
    loaded["templates"] = [str(FOLDER / "templates/*.tmpl")]
    for route in loaded["route"]["routes"]:
        route |= {"group_wait": "0s", "group_interval": "1s"}
    for receiver in loaded["receivers"]:
        receiver.pop("email_configs", None)
        receiver.pop("webhook_configs", None)
        for slack in receiver.get("slack_configs", []):
            slack.pop("api_url_file", None)
            slack["api_url"] = f"{url}/slack"
        for telegram in receiver.get("telegram_configs", []):
            telegram["api_url"] = url
    return yaml.safe_dump(loaded)


def blind(**labels: str) -> dict:
    known = {"alertname": "ResponderBlind", "severity": "critical", "action": "none"}
    summary = {"summary": "<b>not bold</b> & <!channel>"}
    ends = (CLOCK.now() + timedelta(minutes=5)).isoformat()
    return {"labels": known | labels, "annotations": summary, "endsAt": ends}


def until(look) -> object:
    deadline = CLOCK.monotonic() + timedelta(seconds=20)
    while CLOCK.monotonic() < deadline:
        if found := look():
            return found
    raise AssertionError("it did not come in time")


def test_a_message_reaches_both_escaped_as_each_needs_it(tmp_path):
    with messenger() as (url, came), running_alertmanager(tmp_path, config=example(url)) as client:
        client.post("/api/v2/alerts", json=[blind()]).raise_for_status()
        until(lambda: len(came) >= 2)
        sent = dict(came)
    (telegram,) = [body for path, body in sent.items() if path.endswith("/sendMessage")]
    assert "&lt;b&gt;not bold&lt;/b&gt; &amp; &lt;!channel&gt;" in telegram["text"]
    (attachment,) = sent["/slack"]["attachments"]
    assert attachment["title"] == "CRITICAL ResponderBlind"
    assert "&lt;b&gt;not bold&lt;/b&gt; &amp; &lt;!channel&gt;" in attachment["text"]


def test_what_the_responder_says_itself_the_watchdog_need_not_repeat(tmp_path):
    with messenger() as (url, _), running_alertmanager(tmp_path, config=example(url)) as client:
        alerts = [blind(), blind(job="responder"), blind(job="responder", target="other")]
        client.post("/api/v2/alerts", json=alerts).raise_for_status()
        listed = client.get("/api/v2/alerts").raise_for_status().json()
        inhibited = {
            (one["labels"].get("job"), one["labels"].get("target"))
            for one in listed
            if one["status"]["inhibitedBy"]
        }
    assert inhibited == {("responder", None)}
