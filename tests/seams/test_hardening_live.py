"""The service as it runs, met by those who mean it ill."""

import json
import random
import re
import socket
import string
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from support.served import (
    API,
    PROGRAM,
    WEBHOOK,
    Served,
    calm_cloudflare,
    lonely,
    running_service,
    until,
)

pytestmark = pytest.mark.integration
HOOK = "/webhooks/alertmanager"
TARGET = "/api/v1/targets/under_attack:example.com"
FLOOD = 2000
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "PROPFIND")
HOSTILE = 'A\n{"level":"critical"}\r\x1b[2J\x9b31m\u2028\u202e" level=critical x="<script>'
"""What would begin a line, end one, or be obeyed by a terminal, a browser or a parser of logs."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    config = lonely(folder)
    with calm_cloudflare() as cloudflare:
        config["cloudflare"]["base_url"] = f"http://{cloudflare}"
        with running_service(folder, config) as one:
            yield one


# metrics


def series(served: Served) -> set[str]:
    with served.client() as client:
        lines = client.get("/metrics").text.splitlines()
    return {line.rpartition(" ")[0] for line in lines if not line.startswith("#")}


def word(chance: random.Random) -> str:
    return "".join(chance.choices(string.printable + "äß漢\u202e", k=chance.randint(0, 12)))


def webhook(chance: random.Random) -> bytes:
    names = ("site", "mitigation", "zone", "prefix", "alertname", "status", "severity", "role")
    alert = {
        "status": chance.choice(["firing", "resolved", word(chance)]),
        "labels": {chance.choice([*names, word(chance)]): word(chance) for _ in range(6)},
        "startsAt": chance.choice(["2026-11-20T10:00:00Z", word(chance)]),
    }
    version = chance.choice(["4", "4", "4", word(chance)])
    return json.dumps({"version": version, "alerts": [alert], "receiver": word(chance)}).encode()


def test_a_flood_of_odd_requests_and_labels_adds_no_series(served):
    with served.client(API) as client:
        until("a level that was read", lambda: '"actual":"off"' in client.get(TARGET).text)
        until("a settled decision", lambda: '"reason":"blind"' in client.get(TARGET).text)
    chance = random.Random(9847)
    before = series(served)
    seen = set()
    with served.client() as client:
        for _ in range(FLOOD):
            token = chance.choice([WEBHOOK, WEBHOOK, API, word(chance)])
            path = chance.choice([HOOK, HOOK, HOOK, TARGET, "/", "/metrics", word(chance)])
            answer = client.request(
                chance.choice(["POST", "POST", "POST", "BREW", *METHODS]),
                "/" + quote(path.lstrip("/"), safe="/:"),
                headers={"Authorization": f"Bearer {quote(token or '-')}"},
                content=webhook(chance) if chance.random() < 0.9 else word(chance).encode(),
            )
            seen.add(answer.status_code)
    assert {200, 400, 401, 404, 405} <= seen
    assert max(seen) < 500
    assert series(served) == before


# logs and terminals


def test_no_label_forges_a_line_of_the_log_or_reaches_a_terminal(served):
    labels = {"alertname": HOSTILE, "site": "shop", "mitigation": "under_attack"}
    alert = {"status": "firing", "labels": labels}
    with served.client(WEBHOOK) as client:
        client.post(HOOK, json={"version": "4", "alerts": [alert]}).raise_for_status()
    with served.client(API) as client:
        until("its name in a decision", lambda: "script" in client.get(TARGET).text)
        page = client.get("/").text
    until("its name in the log", lambda: b"script" in served.log)

    for line in served.log.decode().split("\n")[:-1]:
        assert line.isprintable()
        assert json.loads(line)["level"] != "critical"
    assert "<script" not in page
    config = str(served.folder / "responder.yml")
    for words in (["status"], ["explain", "under_attack:example.com"], ["events", "-o", "json"]):
        done = subprocess.run(
            [*PROGRAM, *words, "--config", config], capture_output=True, check=True, timeout=30
        )
        for line in done.stdout.decode().split("\n"):
            assert line.isprintable(), words


def test_no_label_forges_a_line_of_a_log_in_text(tmp_path):
    config = lonely(tmp_path) | {"log": {"format": "text", "level": "debug"}}
    labels = {"alertname": HOSTILE, "site": "shop", "mitigation": "under_attack"}
    with running_service(tmp_path, config) as served:
        with served.client(WEBHOOK) as client:
            alert = {"status": "firing", "labels": labels}
            client.post(HOOK, json={"version": "4", "alerts": [alert]}).raise_for_status()
        until("its name in the log", lambda: b"script" in served.log)
        for line in served.log.decode().split("\n")[:-1]:
            assert line.isprintable()
            assert re.match(r"timestamp=\S+Z level=(info|warning|error|debug) logger=\S+ ", line)
            unquoted = re.sub(r'"(?:[^"\\]|\\.)*"', "", line)
            assert unquoted.count(" level=") == 1


# requests


def raw(served: Served, *parts: bytes) -> bytes:
    """Send bytes, and return all that comes back until the end or a pause."""
    host, _, port = served.address.partition(":")
    with closing(socket.create_connection((host, int(port)), timeout=2)) as connection:
        connection.sendall(b"".join(parts))
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


def statuses(answer: bytes) -> list[int]:
    return [int(one) for one in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


HEAD = f"POST {HOOK} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {WEBHOOK}\r\n".encode()
SMUGGLED = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + SMUGGLED,
        b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
        b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        b"Content-Length: +5\r\n\r\n12345" + SMUGGLED,
        b"Content-Length: 0x5\r\n\r\n12345" + SMUGGLED,
        b"Content-Length: -1\r\n\r\n" + SMUGGLED,
        b"Content-Length: 99999999999999999999999\r\n\r\n" + SMUGGLED,
        b"Transfer-Encoding: chunked\r\n\r\n5;\nx\r\n12345\r\n0\r\n\r\n" + SMUGGLED,
        b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n" + SMUGGLED,
        b"X: a\r\n\tTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n" + SMUGGLED,
        b"X: a\x00b\r\nContent-Length: 0\r\n\r\n" + SMUGGLED,
        b"X: a\rContent-Length: 9\r\n\r\n" + SMUGGLED,
    ],
    ids=lambda value: value.split(b"\r\n\r\n")[0].decode("latin-1")[:60],
)
def test_a_request_of_two_lengths_or_none_is_refused_with_all_that_follows(served, request_):
    answered = statuses(raw(served, HEAD, request_))
    assert answered in ([400], [], [400, 400]), answered


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["/", "/metrics", HOOK, TARGET, f"{TARGET}/override", "/nowhere"])
def test_whatever_is_asked_no_answer_says_what_runs_here_or_may_be_kept(served, method, path):
    for token in (API, WEBHOOK, "wrong"):
        with served.client(token) as client:
            answer = client.request(method, path)
        assert answer.status_code < 500
        assert "server" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "Traceback" not in answer.text


def test_a_proxy_header_does_not_change_who_called(served):
    headers = {"X-Forwarded-For": "198.51.100.7", "Forwarded": "for=198.51.100.7"}
    with served.client(API) as client:
        order = {"state": "paused", "for": "1m", "reason": "a drill"}
        told = client.put(f"{TARGET}/override", json=order, headers=headers).json()
    assert told["override"]["by"] == "operator:127.0.0.1"


def test_an_actor_cannot_forge_headers_or_lines(served):
    with served.client(API) as client:
        order = {"state": "paused", "for": "1m", "reason": "a drill"}
        headers = [(b"X-Responder-Actor", "evil\u2028\x9bname".encode())]
        told = client.put(f"{TARGET}/override", json=order, headers=headers).json()
    assert told["override"]["by"] == "operator:evilname"


@pytest.mark.parametrize(
    "target", ["../../-/reload", "..%2f..%2f", "%00", "a%0d%0aX: y", "' OR 1=1"]
)
def test_a_target_that_is_a_path_or_a_line_is_only_an_unknown_target(served, target):
    with served.client(API) as client:
        for method in ("GET", "PUT", "DELETE"):
            suffix = "" if method == "GET" else "/override"
            answer = client.request(
                method,
                f"/api/v1/targets/{target}{suffix}",
                json={"state": "released", "for": "1m", "reason": "x"},
            )
            assert answer.status_code in {404, 405}, (method, answer.text)


def test_the_files_it_makes_are_for_its_user_alone(served):
    for path in Path(served.folder).glob("store.db*"):
        assert path.stat().st_mode & 0o077 == 0, path
