"""Demos as their users start them: to the end of the story, or to a Ctrl-C in the middle of it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from support.stack import until

STORY = timedelta(minutes=5)
"""Longer than any takes, on a machine with other work."""


@dataclass(frozen=True)
class Demo:
    """A running demo and what it has told so far."""

    process: subprocess.Popen[bytes]
    out: Path

    @property
    def told(self) -> str:
        return self.out.read_text()

    @property
    def folder(self) -> str:
        """Where its programs have their files."""
        found = re.search(r"^  logs +(\S+)$", self.told, re.MULTILINE)
        assert found is not None, self.told
        return found[1]

    def until_told(self, words: str) -> None:
        def told_or_ended() -> bool:
            return words in self.told or self.process.poll() is not None

        until(words, told_or_ended, STORY)
        assert words in self.told, self.told

    def interrupt(self) -> None:
        os.kill(self.process.pid, signal.SIGINT)

    def end(self) -> int:
        """Wait for its end; return its exit code."""
        return self.process.wait(STORY.total_seconds())

    def seconds(self, name: str) -> float:
        """Return how long something took, as it says."""
        found = re.search(rf"^  {re.escape(name)} +([0-9.]+) s$", self.told, re.MULTILINE)
        assert found is not None, name
        return float(found[1])


@contextmanager
def running_demo(folder: Path, *flags: str) -> Iterator[Demo]:
    """Start a demo that writes to a file in the folder; end it, if it has not ended."""
    out = folder / "out"
    command = [sys.executable, "-m", "responder", "demo", *flags]
    with out.open("w") as told, subprocess.Popen(command, stdout=told, stderr=told) as process:
        try:
            yield Demo(process, out)
        finally:
            process.terminate()


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
