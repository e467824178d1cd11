"""A single pass, beside what the end-to-end tests show of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from responder.errors import ConfigError, ResponderError
from responder.mitigations.registry import KINDS
from responder.once import check
from responder.settings import ConfigFile, load_settings
from responder.store import open_store

LEASE = timedelta(seconds=13)


class Clock:
    def now(self):
        return datetime(2026, 11, 20, 10, tzinfo=UTC)

    def monotonic(self):
        return timedelta(0)


def settings(tmp_path: Path, urls: str):
    token = tmp_path / "token"
    token.write_text("a-token-of-forty-characters-0123456789abc")
    token.chmod(0o600)
    path = tmp_path / "responder.yml"
    path.write_text(
        f"alertmanager: {{urls: {urls}}}\n"
        f"cloudflare: {{api_token_file: {token}}}\n"
        f"store: {{url: 'sqlite:///{tmp_path}/responder.db'}}\n"
        "sites: {shop: {zones: [example.com]}}\n"
    )
    return load_settings(ConfigFile.read(path), KINDS, environ={}, command_line={})


def test_a_single_pass_needs_an_alertmanager_to_ask(tmp_path):
    with pytest.raises(ConfigError, match=r"alertmanager\.urls: empty"):
        check(settings(tmp_path, "[]"), Clock())


def test_a_single_pass_is_refused_while_another_process_acts(tmp_path):
    other = open_store(f"sqlite:///{tmp_path}/responder.db")
    other.claim(LEASE)
    with pytest.raises(ResponderError, match=r"another process acts on this store \(.+\)"):
        check(settings(tmp_path, "['http://127.0.0.1:1']"), Clock())
    other.close()


def test_a_single_pass_without_any_answer_is_blind_and_lets_the_store_go(tmp_path):
    made = check(settings(tmp_path, "['http://127.0.0.1:1']"), Clock())
    assert made.blind
    assert [view.memory.target for view in made.targets] == ["under_attack:example.com"]
    next_one = open_store(f"sqlite:///{tmp_path}/responder.db")
    assert next_one.claim(LEASE).mine
    next_one.close()
