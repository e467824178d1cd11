"""Which authorities are believed where none is configured."""

import ssl
from pathlib import Path

import certifi
import pytest

from responder.trust import system_authorities


@pytest.fixture(autouse=True)
def unread():
    system_authorities.cache_clear()
    yield
    system_authorities.cache_clear()


def known(context: ssl.SSLContext) -> int:
    return context.cert_store_stats()["x509_ca"]


def test_they_are_those_of_the_system_read_once(monkeypatch, tmp_path: Path):
    one = Path(certifi.where()).read_text().partition("-----END CERTIFICATE-----")
    file = tmp_path / "company.pem"
    file.write_text(one[0] + one[1] + "\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    context = system_authorities()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert known(context) == 1
    assert system_authorities() is context


def test_a_machine_without_any_gets_those_of_the_library(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert known(system_authorities()) > 100
