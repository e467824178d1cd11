"""`responder serve`: from the configuration to the service's exit code."""

import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection

import pytest


def test_all_problems_are_told_at_once_with_code_2(run, config):
    config(["server: {listen: nowhere}", "surprise: 1"])
    ended = run("serve")
    assert ended.code == 2
    assert not ended.out
    assert "responder.yml:5: server.listen" in ended.err
    assert "responder.yml:6: surprise" in ended.err


def test_a_missing_configuration_is_told_with_where_it_was_looked_for(run):
    ended = run("serve", "--config", "nowhere.yml")
    assert ended.code == 2
    assert ended.err == "nowhere.yml: there is no such file; correct --config, which names it\n"


@pytest.mark.parametrize(
    "words", [["--set", "server.listen=nowhere"], ["--listen", "nowhere"]], ids=" ".join
)
def test_the_command_line_wins_over_the_file(run, config, words):
    config()
    ended = run("serve", *words)
    assert ended.code == 2
    assert ended.err.startswith("command line: server.listen: 'nowhere'")


def test_a_setting_without_a_value_is_a_mistake_in_the_words(run, config):
    config()
    ended = run("serve", "--set", "server.listen")
    assert ended.code == 2
    assert "write KEY=VALUE" in ended.err


def test_it_warns_then_serves_until_told_to_stop(config, nobody, tmp_path):
    path = config()
    words = ["serve", "--config", str(path), "--set", "alertmanager.urls=[]"]
    process = subprocess.Popen(
        [sys.executable, "-m", "responder", *words], stderr=subprocess.PIPE, cwd=tmp_path, text=True
    )
    try:
        _wait_for(nobody)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0
    assert err.startswith("warning: command line: alertmanager.urls: webhook-only")


def test_an_address_that_is_taken_is_told_without_a_traceback(config, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        words = ["serve", "--config", str(config()), "--listen", address]
        ended = subprocess.run(
            [sys.executable, "-m", "responder", *words],
            capture_output=True,
            cwd=tmp_path,
            text=True,
            timeout=20,
            check=False,
        )
    assert ended.returncode == 1
    assert "cannot listen" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr


def _wait_for(address: str) -> None:
    host, _, port = address.partition(":")
    for _ in range(3000):  # a minute: a machine with other work starts it late
        try:
            connection = HTTPConnection(host, int(port), timeout=5)
            connection.request("GET", "/live")
            assert connection.getresponse().status == 200
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            connection.close()
            return
    raise AssertionError("it does not serve")
