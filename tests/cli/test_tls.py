"""A service with a certificate of its own, asked on loopback where no name of it fits."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from shutil import which
from types import SimpleNamespace

import pytest
import typer
from support.certificates import Pair, self_signed, signed

from responder.cli.access import Given, configured_access, given_access
from responder.cli.client import ServiceClient, UnreachableError
from responder.errors import ConfigError
from responder.settings.addresses import parse_address

pytestmark = pytest.mark.skipif(which("openssl") is None, reason="openssl makes the certificates")
ELSEWHERE = "subjectAltName=DNS:responder.test"


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"targets": []}')

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(HTTPServer):
    client_ca: Path | None = None

    def handle_error(self, *_: object) -> None:
        """Say nothing of those who refuse the certificate."""

    def access(self, believed: Path, given: Given | None = None) -> ServiceClient:
        """Ask it as its own configuration says."""
        tls = SimpleNamespace(cert_file=believed, client_ca_file=self.client_ca)
        listen = parse_address(f"127.0.0.1:{self.server_port}")
        section = SimpleNamespace(listen=listen, api_token=None, tls=tls)
        return ServiceClient(configured_access(SimpleNamespace(server=section), given))

    def named(self, given: Given) -> ServiceClient:
        """Ask it by its URL."""
        return ServiceClient(given_access(f"https://127.0.0.1:{self.server_port}", given))


@pytest.fixture
def serve() -> Iterator[Callable[..., _Server]]:
    """Serve with a certificate, and demand those of an authority if one is given."""
    running: list[tuple[_Server, threading.Thread]] = []

    def start(pair: Pair, client_ca: Path | None = None) -> _Server:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pair.cert, pair.key)
        server = _Server(("127.0.0.1", 0), _Answer)
        if client_ca is not None:
            server.client_ca = client_ca
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        with closing(server.socket):
            server.shutdown()
            thread.join()


def test_the_configured_certificate_is_believed_whatever_its_name(serve, tmp_path):
    ours = self_signed(tmp_path, "ours", names=ELSEWHERE)
    with serve(ours).access(ours.cert) as service:
        assert service.targets().targets == ()


def test_another_certificate_is_not_believed(serve, tmp_path):
    server = serve(self_signed(tmp_path, "ours"))
    theirs = self_signed(tmp_path, "theirs")
    for service in (server.access(theirs.cert), server.named(Given(ca_file=theirs.cert))):
        with service, pytest.raises(UnreachableError, match="CERTIFICATE_VERIFY_FAILED"):
            service.targets()


def test_a_service_that_is_named_is_believed_by_its_authority(serve, tmp_path):
    authority = self_signed(tmp_path, "authority")
    ours = self_signed(tmp_path, "ours")
    with serve(ours).named(Given(ca_file=ours.cert)) as service:
        assert service.targets().targets == ()
    with (
        serve(ours).named(Given(ca_file=authority.cert)) as service,
        pytest.raises(UnreachableError),
    ):
        service.targets()


def test_who_shows_a_certificate_of_the_authority_is_let_in(serve, tmp_path):
    authority, ours = self_signed(tmp_path, "authority"), self_signed(tmp_path, "ours")
    mine = signed(tmp_path, "mine", authority)
    server = serve(ours, authority.cert)
    shown = Given(ca_file=ours.cert, cert_file=mine.cert, key_file=mine.key)
    for service in (server.access(ours.cert, shown), server.named(shown)):
        with service:
            assert service.targets().targets == ()


def test_a_certificate_may_bring_its_key_in_one_file(serve, tmp_path):
    authority, ours = self_signed(tmp_path, "authority"), self_signed(tmp_path, "ours")
    mine = signed(tmp_path, "mine", authority)
    both = tmp_path / "both.pem"
    both.write_text(mine.key.read_text() + mine.cert.read_text())
    with serve(ours, authority.cert).access(ours.cert, Given(cert_file=both)) as service:
        assert service.targets().targets == ()


def test_who_shows_none_is_told_which_options_do(serve, tmp_path):
    authority, ours = self_signed(tmp_path, "authority"), self_signed(tmp_path, "ours")
    with (
        serve(ours, authority.cert).access(ours.cert) as service,
        pytest.raises(UnreachableError, match=r"client certificate: --cert-file and --key-file"),
    ):
        service.targets()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("ours.pem", "theirs.key"), r"--cert-file.* cannot be used \(KEY_VALUES_MISMATCH\)"),
        (("missing.pem", "ours.key"), "--cert-file.* cannot be used .No such file"),
        (("ours.key", None), "--cert-file.* cannot be used"),
    ],
    ids=["another key", "no such file", "no certificate"],
)
def test_a_certificate_that_cannot_be_shown_is_told(tmp_path, given, said):
    for name in ("ours", "theirs"):
        self_signed(tmp_path, name)
    cert, key = (tmp_path / name if name else None for name in given)
    with pytest.raises(ConfigError, match=said):
        given_access("https://127.0.0.1", Given(cert_file=cert, key_file=key))


def test_an_authority_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(ConfigError, match=r"--ca-file: .*missing cannot be used .No such file"):
        given_access("https://127.0.0.1", Given(ca_file=tmp_path / "missing"))


def test_a_key_alone_is_a_mistake_in_the_words(tmp_path):
    with pytest.raises(typer.BadParameter, match="needs --cert-file"):
        given_access("https://127.0.0.1", Given(key_file=tmp_path / "key"))
