"""Certificates are tried before they are served, so that a mistake is told and not met."""

from shutil import which

import pytest
from support.certificates import self_signed

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(which("openssl") is None, reason="openssl makes the certificates"),
]


@pytest.fixture
def files(tmp_path):
    (tmp_path / "text").write_text("no certificate\n")
    pairs = {name: self_signed(tmp_path, name) for name in ("one", "two")}
    return {
        "CERT": pairs["one"].cert,
        "OTHER": pairs["two"].key,
        "KEY": pairs["one"].key,
        "TEXT": tmp_path / "text",
    }


def filled(text, files):
    for name, path in files.items():
        text = text.replace(name, str(path))
    return text


def test_a_pair_and_an_authority_are_accepted(load, files):
    tls = "server: {tls: {cert_file: CERT, key_file: KEY, client_ca_file: CERT}}\n"
    settings = load().settings(load().minimal + filled(tls, files))
    assert settings.server.tls.client_ca_file == files["CERT"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{cert_file: CERT, key_file: OTHER}", "the key belongs to another certificate"),
        ("{cert_file: TEXT, key_file: KEY}", "cannot be used"),
        ("{cert_file: CERT, key_file: TEXT}", "cannot be used"),
        ("{cert_file: CERT, key_file: KEY, client_ca_file: TEXT}", "client_ca_file"),
    ],
    ids=["another key", "no certificate", "no key", "no authority"],
)
def test_what_cannot_be_served_is_a_problem(load, files, text, said):
    text = filled(f"server: {{tls: {text}}}\n", files)
    (problem,) = load().problems(load().minimal + text)
    assert problem.startswith("responder.yml:8: server.tls: ")
    assert said in problem


@pytest.mark.parametrize("section", ["alertmanager", "prometheus"])
def test_an_authority_that_is_none_is_a_problem(load, files, section):
    own = f"{section}: {{http: {{ca_file: TEXT}}}}\n"
    minimal = "cloudflare: {api_token: a}\nsites: {a: {zones: [example.com]}}\n"
    (problem,) = load().problems(minimal + filled(own, files))
    assert problem.startswith(f"responder.yml:3: {section}.http.ca_file: ")
    assert problem.endswith("holds no certificate; write the authority's in PEM")
