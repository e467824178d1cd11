"""Who we say we are, and whom we trust, from the settings."""

import ssl
import subprocess
from pathlib import Path

import pytest
from support.alertmanager import program

from responder.cloudflare.credentials import Key, Token
from responder.connections import access, credential
from responder.settings.secret import Secret, SecretFile
from responder.settings.sections import Cloudflare, HttpAuth


def auth(**fields):
    return HttpAuth.model_construct(**fields)


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_text("s3cret\n")
    return SecretFile(path)


def test_without_anything_we_are_nobody_and_trust_everybodys_authorities():
    reached = access(auth())

    assert (reached.headers(), reached.verify) == ({}, True)


def test_a_token_or_a_user_is_sent(secret):
    assert access(auth(bearer_token_file=secret)).headers() == {"Authorization": "Bearer s3cret"}
    named = access(auth(username="anna", password_file=secret)).headers()
    assert named == {"Authorization": "Basic YW5uYTpzM2NyZXQ="}


@pytest.mark.integration
def test_a_private_authority_is_trusted(tmp_path):
    ca = tmp_path / "ca.pem"
    key = ["-newkey", "rsa:2048", "-nodes", "-keyout", str(tmp_path / "key"), "-subj", "/CN=a"]
    command = [program("openssl"), "req", "-x509", *key, "-out", str(ca)]
    subprocess.run(command, check=True, capture_output=True)

    assert isinstance(access(auth(ca_file=ca)).verify, ssl.SSLContext)


def test_a_token_is_preferred_to_a_key():
    key, token = Secret("a-key"), Secret("a-token")
    both = Cloudflare.model_construct(
        api_token=token, api_token_file=None, email="a@example.com", api_key=key, api_key_file=None
    )
    only_key = both.model_copy(update={"api_token": None})

    assert isinstance(credential(both), Token)
    assert isinstance(credential(only_key), Key)
    assert credential(only_key).headers()["X-Auth-Key"] == "a-key"


def test_what_is_read_again_is_the_file(secret, tmp_path):
    reached = access(auth(bearer_token_file=secret))
    Path(tmp_path / "secret").write_text("a-newer-one")

    assert reached.headers() == {"Authorization": "Bearer a-newer-one"}
