"""A service with a certificate of its own, asked on loopback where no name of it fits."""

import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from shutil import which
from types import SimpleNamespace

import pytest

from responder.cli.access import configured_access
from responder.cli.client import ServiceClient, UnreachableError
from responder.settings.addresses import parse_address

pytestmark = pytest.mark.skipif(which("openssl") is None, reason="openssl makes the certificates")


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"targets": []}')

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(HTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing of those who refuse the certificate."""


def certificate(folder: Path, name: str) -> Path:
    path = folder / f"{name}.pem"
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj"
    files = ["-keyout", str(folder / f"{name}.key"), "-out", str(path)]
    subprocess.run([*words.split(), f"/CN={name}.test", *files], check=True, capture_output=True)
    return path


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Callable[[Path], ServiceClient]]:
    """Serve with the certificate `ours`, and give clients that believe another file."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate(tmp_path, "ours"), tmp_path / "ours.key")
    server = _Server(("127.0.0.1", 0), _Answer)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()

    def client(believed: Path) -> ServiceClient:
        section = SimpleNamespace(
            listen=parse_address(f"127.0.0.1:{server.server_port}"),
            api_token=None,
            tls=SimpleNamespace(cert_file=believed),
        )
        return ServiceClient(configured_access(SimpleNamespace(server=section), None))

    with closing(server.socket):
        yield client
        server.shutdown()
        thread.join()


def test_the_configured_certificate_is_believed_whatever_its_name(ask, tmp_path):
    with ask(tmp_path / "ours.pem") as service:
        assert service.targets().targets == ()


def test_another_certificate_is_not_believed(ask, tmp_path):
    with (
        ask(certificate(tmp_path, "theirs")) as service,
        pytest.raises(UnreachableError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        service.targets()
