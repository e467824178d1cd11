"""A real Alertmanager behind a password and a private authority, and with very many alerts."""

import ssl
import subprocess
from datetime import timedelta

import pytest
from support.alertmanager import CLOCK, program, running_alertmanager

from responder.alertmanager.access import Access, basic
from responder.alertmanager.poll import HEARTBEAT, AlertmanagerClient

pytestmark = pytest.mark.integration
QUERY = ['mitigation="under_attack"']
PASSWORD = "correct horse"
WEB = """\
basic_auth_users:
  responder: $2b$04$NcidrjFddJebJN6H8PX3jejb88.g1Wup.V.5YYl6PKxaA17FHuJhy
tls_server_config:
  cert_file: server.pem
  key_file: server.key
"""


def firing(count):
    ends = (CLOCK.now() + timedelta(minutes=5)).isoformat()
    labels = {"mitigation": "under_attack", "site": "shop", "alertname": "Load"}
    alerts = [{"labels": labels | {"instance": f"i{n}"}, "endsAt": ends} for n in range(count)]
    return [*alerts, {"labels": {"alertname": HEARTBEAT, "mitigation": "none"}, "endsAt": ends}]


def certify(folder):
    """Make a private authority and a certificate of its own for 127.0.0.1."""
    openssl = program("openssl")
    ca = ["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=private authority"]
    key = ["req", "-newkey", "rsa:2048", "-nodes"]
    subprocess.run([openssl, *key, "-x509", *ca], cwd=folder, check=True, capture_output=True)
    request = ["-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=alertmanager"]
    subprocess.run([openssl, *key, *request], cwd=folder, check=True, capture_output=True)
    (folder / "san").write_text("subjectAltName=IP:127.0.0.1")
    sign = ["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key"]
    out = ["-CAcreateserial", "-extfile", "san", "-out", "server.pem"]
    subprocess.run([openssl, *sign, *out], cwd=folder, check=True, capture_output=True)
    return ssl.create_default_context(cafile=str(folder / "ca.pem"))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guarded")
    trust = certify(folder)
    with running_alertmanager(folder, WEB, verify=trust, auth=("responder", PASSWORD)) as client:
        client.post("/api/v2/alerts", json=firing(1)).raise_for_status()
        yield str(client.base_url), trust


async def polled(url, access=None):
    client = AlertmanagerClient(url, [QUERY], access)
    try:
        return await client.poll()
    finally:
        await client.aclose()


async def test_with_the_password_and_the_authority_it_is_read(guarded):
    url, trust = guarded
    poll = await polled(url, Access(basic("responder", lambda: PASSWORD), trust))
    assert poll.problem == ""
    assert (len(poll.alerts), len(poll.heartbeats)) == (1, 1)
    assert poll.date is not None


async def test_a_wrong_password_is_told_with_what_to_check(guarded):
    url, trust = guarded
    poll = await polled(url, Access(basic("responder", lambda: "wrong-secret"), trust))
    assert "401" in poll.problem
    assert "alertmanager.http" in poll.problem
    assert "wrong-secret" not in poll.problem


async def test_a_certificate_of_an_unknown_authority_is_not_trusted(guarded):
    url, _ = guarded
    poll = await polled(url, Access(basic("responder", lambda: PASSWORD)))
    assert "certificate" in poll.problem.lower()


async def test_ten_thousand_alerts_are_read_in_one_poll(tmp_path):
    with running_alertmanager(tmp_path) as client:
        client.post("/api/v2/alerts", json=firing(10_000), timeout=30).raise_for_status()
        poll = await polled(str(client.base_url))
    assert poll.problem == ""
    assert len(poll.alerts) == 10_000


async def test_silences_and_suppressed_alerts_are_read_as_alertmanager_has_them(tmp_path):
    silence = {
        "matchers": [
            {"name": "instance", "value": "i0", "isRegex": False, "isEqual": True},
            {"name": "site", "value": "no.*", "isRegex": True, "isEqual": False},
        ],
        "startsAt": CLOCK.now().isoformat(),
        "endsAt": (CLOCK.now() + timedelta(hours=1)).isoformat(),
        "createdBy": "alice",
        "comment": "noise",
    }
    with running_alertmanager(tmp_path) as client:
        client.post("/api/v2/alerts", json=firing(2)).raise_for_status()
        client.post("/api/v2/silences", json=silence).raise_for_status()
        poll = await polled(str(client.base_url))
    by_instance = {alert.labels["instance"]: str(alert.status) for alert in poll.alerts}
    assert by_instance == {"i0": "silenced", "i1": "firing"}
    assert [str(one) for one in poll.silences[0].matchers] == ['instance="i0"', 'site!~"no.*"']
