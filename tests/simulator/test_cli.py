"""What `responder simulator` can be told on the command line and in a file."""

import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from responder.cli.simulator import app
from responder.simulator.inventory import Account


@contextmanager
def _started(*words: str):
    """Give what it tells in its first lines, the rest of it, and its state."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-u", "-m", "responder", "simulator", "--listen", address, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            told = dict(process.stdout.readline().split() for _ in range(4))
            state = httpx.get(f"{told['control_url']}/state").json()
            process.send_signal(signal.SIGINT)
            yield told, process.stdout.read(), state
        finally:
            process.kill()


def test_prefixes_are_given_with_their_state():
    words = ("--prefix", "203.0.113.0/24=advertised", "--prefix", "2001:db8::/48=locked")
    with _started(*words) as (told, rest, state):
        assert told["account_id"] == Account().id
        assert [(p["cidr"], p["advertised"], p["locked"]) for p in state["prefixes"]] == [
            ("203.0.113.0/24", True, False),
            ("2001:db8::/48", False, True),
        ]
        assert state["prefixes"][0]["id"] in rest
        # An order that does not say that it is JSON is not read as JSON.
        assert 'curl --json \'{"kind": ' in rest
        assert [zone["name"] for zone in state["zones"]] == ["example.com"]


def test_a_seed_file_says_what_is_there_and_the_words_add_to_it(tmp_path: Path):
    seed = tmp_path / "seed.yml"
    seed.write_text(
        "accounts: [Example Ltd]\n"
        "tokens: [{name: ops, value: cfut_ops, permissions: [Zone Read]}]\n"
        "tunnels: [{name: gre-1}]\n"
    )
    words = ("--seed", str(seed), "--zone", "example.org=low", "--prefix", "203.0.113.0/24")
    with _started(*words) as (told, _, state):
        assert (told["api_token"], told["account_id"]) == ("cfut_ops", Account("Example Ltd").id)
        assert [token["name"] for token in state["tokens"]] == ["ops"]
        assert [(zone["name"], zone["level"]) for zone in state["zones"]] == [
            ("example.org", "low")
        ]
        assert [tunnel["name"] for tunnel in state["tunnels"]] == ["gre-1"]
        assert [prefix["cidr"] for prefix in state["prefixes"]] == ["203.0.113.0/24"]
        assert [account["name"] for account in state["accounts"]] == ["Example Ltd"]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--prefix", "203.0.113.1/24"], "host bits"),
        (["--prefix", "203.0.113.0/24=lost"], "lost"),
        (["--seed", "/nowhere/seed.yml"], "No such file"),
        (["--seed", "broken.yml"], "prefixes.0"),
    ],
    ids=["no-prefix", "state", "no-file", "seed"],
)
def test_what_it_cannot_be_is_a_mistake_in_the_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], hint: str
):
    monkeypatch.chdir(tmp_path)
    Path("broken.yml").write_text("prefixes: [{cidr: nowhere}]")

    ended = CliRunner().invoke(app, words, env={"COLUMNS": "200"})

    assert ended.exit_code == 2
    assert words[0] in ended.output
    assert hint in ended.output
