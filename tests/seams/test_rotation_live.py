"""Secrets and certificates that are replaced while the service runs, and are used at once."""

import socket
import ssl
from pathlib import Path
from shutil import copy, which

import httpx
import pytest
from support.alertmanager import free_port
from support.certificates import Pair, self_signed
from support.hostile import echoing_alertmanager, echoing_cloudflare
from support.served import Served, lonely, running_service, until

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(which("openssl") is None, reason="openssl makes the certificates"),
]
HOOK = "/webhooks/alertmanager"
NOTHING = {"version": "4", "alerts": []}


def statuses(served: Served, token: str) -> tuple[int, int]:
    """Return what a token is answered at the webhook's door, and at that of the API."""
    with served.client(token) as client:
        hook = client.post(HOOK, json=NOTHING).status_code
        return hook, client.get("/api/v1/targets").status_code


def test_a_token_that_changes_in_its_file_opens_at_once_and_the_old_one_no_more(tmp_path):
    config = lonely(tmp_path)
    with running_service(tmp_path, config) as served:
        for key, before, after in (
            ("webhook_token_file", (200, 401), (401, 401)),
            ("api_token_file", (401, 200), (401, 401)),
        ):
            old = (tmp_path / key).read_text()
            assert statuses(served, old) == before

            (tmp_path / key).write_text(f"the-next-{key}")

            assert statuses(served, old) == after
            assert statuses(served, f"the-next-{key}") == before


def test_credentials_that_change_in_their_files_are_sent_with_the_next_request(tmp_path):
    for name in ("cloudflare", "password"):
        (tmp_path / name).write_text(f"old-{name}")
    with echoing_cloudflare() as cloudflare, echoing_alertmanager(["page"]) as alertmanager:
        config = lonely(tmp_path) | {
            "sites": {"page": {"zones": ["page.example"]}},
            "cloudflare": {
                "api_token_file": str(tmp_path / "cloudflare"),
                "base_url": f"http://{cloudflare.address}",
            },
            "alertmanager": {
                "urls": [f"http://{alertmanager.address}"],
                "poll_interval": "200ms",
                "http": {"username": "me", "password_file": str(tmp_path / "password")},
            },
        }
        with running_service(tmp_path, config):
            until("a request", lambda: cloudflare.credentials and alertmanager.credentials)
            for name in ("cloudflare", "password"):
                (tmp_path / name).write_text(f"new-{name}")
            until("the new token", lambda: "Bearer new-cloudflare" in cloudflare.credentials)
            new = httpx.BasicAuth("me", "new-password")._auth_header
            until("the new password", lambda: new in alertmanager.credentials)


def shown(port: int) -> bytes:
    """Return the certificate that a new connection is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain) as connection,
    ):
        return connection.getpeercert(binary_form=True) or b""


def put(pair: Pair, folder: Path) -> dict[str, str]:
    files = {"cert_file": folder / "live.pem", "key_file": folder / "live.key"}
    copy(pair.cert, files["cert_file"])
    copy(pair.key, files["key_file"])
    return {name: str(path) for name, path in files.items()}


def test_a_certificate_that_is_renewed_is_shown_without_a_restart(tmp_path):
    old, new = self_signed(tmp_path, "old"), self_signed(tmp_path, "new")
    config = lonely(tmp_path)
    port = free_port()
    config["server"] |= {"listen": f"127.0.0.1:{port}", "tls": put(old, tmp_path)}
    with running_service(tmp_path, config, ssl.create_default_context(cafile=old.cert)) as served:
        assert b"old.test" in shown(port)

        put(new, tmp_path)

        assert b"new.test" in shown(port)
        assert b"certificate renewed" in served.log
