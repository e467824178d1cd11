"""The demo of a prefix, as `make demo-prefix` runs it: to its end, and to a Ctrl-C."""

import io
import os
import re
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from support.stack import CLOCK, until

from responder.demo.prefix_show import show_prefix

pytestmark = pytest.mark.e2e

STEPS = (
    "minimum_duration 1m (else 15m)",
    "withdraw_after_advertise 120s (else 15m)",
    "# before",
    "a flood: 5 Gbit/s where 20 Mbit/s came",
    "the upper threshold is 500 Mbit/s",
    "VolumetricBits fires",
    "engage: demand",
    "PATCH advertised: 200; requested advertised, routed withdrawn",
    "engaged: demand (a read confirms it",
    "# advertised",
    "requested advertised, routed advertised",
    "the flood ends: 20 Mbit/s",
    "the alert is over",
    "cooldown until",
    "decision  hold (cooldown)",
    "calm is proven",
    "release: calm",
    "PATCH withdrawn: 200; requested withdrawn, routed advertised",
    "released: calm (a read confirms it",
    "requested withdrawn, routed withdrawn",
    "# withdrawn",
    "What it took:",
    "withdrawn -> advertised -> withdrawn",
    "Where to look next:",
)


def processes_of(folder: str) -> list[str]:
    """Return the commands that run now and name a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has just ended
        if folder in command:
            found.append(command)
    return found


def folder_in(told: str) -> str:
    found = re.search(r"^  logs +(\S+)$", told, re.MULTILINE)
    assert found is not None, told
    return found[1]


def seconds(told: str, name: str) -> float:
    found = re.search(rf"^  {re.escape(name)} +([0-9.]+) s$", told, re.MULTILINE)
    assert found is not None, name
    return float(found[1])


def test_the_story_tells_every_step_and_leaves_nothing_behind():
    out = io.StringIO()
    show_prefix(out, CLOCK, keep=False)

    told = rest = out.getvalue()
    for step in STEPS:
        assert step in rest, f"{step} is not told after what comes before it:\n{told}"
        rest = rest.partition(step)[2]
    assert "not seen" not in told
    assert seconds(told, "request to routed (simulated)") == pytest.approx(15, abs=0.1)
    assert seconds(told, "advertised in all") >= 120
    assert processes_of(folder_in(told)) == []
    assert not Path(folder_in(told)).exists()


def test_ctrl_c_in_the_middle_of_it_ends_everything(tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "responder", "demo", "--prefix"]
    with out.open("w") as told, subprocess.Popen(command, stdout=told, stderr=told) as demo:
        try:
            flood = lambda: "a flood" in out.read_text() or demo.poll() is not None  # noqa: E731
            until("the flood", flood, timedelta(seconds=120))
            folder = folder_in(out.read_text())
            assert processes_of(folder) != [], out.read_text()
            os.kill(demo.pid, signal.SIGINT)
            code = demo.wait(30)
        finally:
            demo.kill()

    assert "stopped; nothing of it runs any more" in out.read_text()
    assert code == 130
    assert processes_of(folder) == []
    assert not Path(folder).exists()
