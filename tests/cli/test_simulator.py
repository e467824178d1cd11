"""`responder simulator`: a stateful Cloudflare to try things on."""

import signal
import socket
import subprocess
import sys

import httpx
import pytest


def test_it_tells_where_it_is_and_with_which_token_it_lets_in(nobody):
    words = ["simulator", "--listen", nobody, "--zone", "example.org=high", "--token", "t0ken"]
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "responder", *words], stdout=subprocess.PIPE, text=True
    )
    try:
        told = dict(process.stdout.readline().split() for _ in range(3))
        zones = httpx.get(
            told["base_url"] + "/zones", headers={"Authorization": f"Bearer {told['api_token']}"}
        ).json()["result"]
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        process.wait(timeout=20)
    finally:
        process.kill()
        process.stdout.close()
    assert told["api_token"] == "t0ken"
    assert [zone["name"] for zone in zones] == ["example.org"]
    assert f"{told['control_url']}/requests" in rest
    assert process.returncode == 0


@pytest.mark.parametrize(
    "words",
    [["--listen", "0.0.0.0:8787"], ["--listen", "nowhere"], ["--zone", "example.com=huge"]],
    ids=" ".join,
)
def test_what_it_cannot_be_is_a_mistake_in_the_words(run, words):
    ended = run("simulator", *words)
    assert ended.code == 2
    assert words[0] in ended.err


def test_a_port_that_is_taken_is_told(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = run("simulator", "--listen", address)
    assert ended.code == 1
    assert ended.err == f"Error: cannot listen on {address} (Address already in use)\n"
