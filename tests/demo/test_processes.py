"""Whatever is started ends: when asked, by force, and with the one who started it."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from responder.demo.processes import Process, stop_all

SLEEP = "import time; print('up', flush=True); time.sleep(600)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"


def python(folder, code, name="child"):
    return Process(name, [sys.executable, "-c", code], folder)


def running(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def group_exists(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def until_up(process):
    while "up" not in process.last_lines():
        assert process.exit_code is None, process.last_lines()


def test_stopping_ends_all_of_them(tmp_path):
    processes = [python(tmp_path, SLEEP, name) for name in ("one", "two")]
    for process in processes:
        process.start()

    stop_all(processes)

    assert [process.exit_code for process in processes] == [-signal.SIGTERM] * 2


def test_what_does_not_end_in_time_is_killed(tmp_path):
    process = python(tmp_path, DEAF)
    process.start()
    until_up(process)

    stop_all([process], patience=0.1)

    assert process.exit_code == -signal.SIGKILL


def test_killing_ends_what_the_program_has_started_too(tmp_path):
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEP!r}])"
    process = python(tmp_path, f"import os; print(os.getpid(), flush=True); {child}")
    process.start()
    until_up(process)
    group = process.pid

    process.kill()

    while group_exists(group):  # what was killed stays for a moment, until it is collected
        pass


def test_a_process_that_never_ran_is_stopped_without_a_word(tmp_path):
    process = python(tmp_path, SLEEP)

    assert process.stop() is None
    with pytest.raises(ProcessLookupError):
        _ = process.pid


def test_a_program_does_not_outlive_a_parent_that_is_killed(tmp_path):
    parent = textwrap.dedent(f"""
        import os, signal, sys
        from pathlib import Path
        from responder.demo.processes import Process
        child = Process("child", [sys.executable, "-c", {SLEEP!r}], Path({str(tmp_path)!r}))
        child.start()
        while "up" not in child.last_lines():
            pass
        print(child.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """)

    done = subprocess.run(
        [sys.executable, "-c", parent], capture_output=True, text=True, check=False
    )

    assert done.returncode == -signal.SIGKILL
    pid = int(done.stdout)
    while running(pid):  # the kernel has sent the signal before the parent could be waited for
        pass


def test_settings_of_a_real_service_and_proxies_are_not_inherited(tmp_path, monkeypatch):
    monkeypatch.setenv("RESPONDER_CLOUDFLARE__BASE_URL", "https://api.cloudflare.com/client/v4")
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    process = python(tmp_path, "import os; print(sorted(os.environ))")

    process.start()

    assert process.wait(30)
    assert "RESPONDER" not in process.last_lines()
    assert "proxy" not in process.last_lines()
    assert "PATH" in process.last_lines()
