"""Programs that run beside this one, and never longer than it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from responder.demo import leash

__all__ = ["Process", "stop_all"]

STOP_SECONDS = 6
"""What a program gets to end in order; the responder promises five."""

_NOT_INHERITED = ("RESPONDER_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
"""Settings of the user's real service, and proxies, have no business in a stack on loopback."""


class Process:
    """One program, in a session of its own, writing to a log; it can be started again."""

    def __init__(self, name: str, command: Sequence[str], folder: Path) -> None:
        self.name = name
        self.command = tuple(command)
        self.log = folder / f"{name}.log"
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return the id of the process, which is that of its group as well."""
        if self._running is None:
            raise ProcessLookupError(f"{self.name} is not running")
        return self._running.pid

    @property
    def exit_code(self) -> int | None:
        """Return how it ended; None while it runs, and before it has run."""
        return self._running.poll() if self._running else None

    def start(self) -> None:
        """Start it; what it writes is added to the log."""
        with self.log.open("ab") as log:
            self._running = _on_a_leash(self.command, log)

    def terminate(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)

    def stop(self) -> int | None:
        """End it, in order if it can; return its exit code."""
        stop_all([self])
        return self.exit_code

    def kill(self) -> None:
        """End it as a crash would, with everything that it has started."""
        self._signal(signal.SIGKILL)
        if self._running is not None:
            self._running.wait()

    def wait(self, seconds: float) -> bool:
        """Wait for its end; tell whether it has ended."""
        if self._running is not None:
            with suppress(subprocess.TimeoutExpired):
                self._running.wait(seconds)
        return self._running is None or self.exit_code is not None

    def last_lines(self, count: int = 15) -> str:
        """Return the end of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-count:])

    def _signal(self, number: signal.Signals) -> None:
        if self._running is not None and self._running.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._running.pid, number)


def stop_all(processes: Iterable[Process], patience: float = STOP_SECONDS) -> None:
    """End all of them at once, in order if they can within `patience` seconds, else by force."""
    ending = list(processes)
    for process in ending:
        process.terminate()
    for process in ending:
        if not process.wait(patience):
            process.kill()


def _on_a_leash(command: Sequence[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    leashed = [sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), *command]
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(_NOT_INHERITED)
    }
    return subprocess.Popen(  # noqa: S603 - the programs of the stack, on purpose
        leashed,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=inherited,
        start_new_session=True,
    )
