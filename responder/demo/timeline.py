"""What is shown while the demo runs: steps with their second, and one living line below them."""

import shutil
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TextIO

from responder.ports import Clock

__all__ = ["Timeline"]

_NOTE_EVERY = timedelta(seconds=10)
_CLEAR_LINE = "\r\x1b[2K"


class Timeline:
    """Writes to a terminal or a file; only a terminal gets the living line."""

    def __init__(self, out: TextIO, clock: Clock) -> None:
        self._out = out
        self._clock = clock
        self._terminal = out.isatty()
        self._zero: datetime | None = None
        self._noted = clock.now()
        self._living = False

    def begin(self) -> None:
        """Count the seconds from now on; steps before have none."""
        self._zero = self._clock.now()

    def say(self, *lines: str) -> None:
        """Write lines as they are."""
        for line in lines or ("",):
            self._write(line)

    def table(self, rows: Iterable[tuple[str, str]], width: int = 16) -> None:
        """Write rows of a name and a text."""
        self.say(*(f"  {name:<{width}}{text}" for name, text in rows))

    def step(self, who: str, what: str, at: datetime | None = None) -> None:
        """Write one step: its second, who took it, and what and why."""
        self._write(f"{self._second(at)}  {who:<12}{what}")

    def quote(self, command: str, text: str) -> None:
        """Write a command and what it answered."""
        self.say("", f"    $ {command}", *(f"    {line}" for line in text.splitlines()), "")

    def now(self, text: str) -> None:
        """Show how it stands, in the line that each call writes anew; a file gets few of them."""
        if not self._terminal:
            if self._clock.now() - self._noted >= _NOTE_EVERY:
                self.step("...", text)
                self._noted = self._clock.now()
            return
        width = shutil.get_terminal_size().columns
        line = f"{self._second(None)}  {text}"[: width - 1]
        self._put(f"{_CLEAR_LINE}{line}", living=True)

    def close(self) -> None:
        """Leave the living line as it is; whoever writes next begins a line of his own."""
        if self._living:
            self._put("\n", living=False)

    def _second(self, at: datetime | None) -> str:
        if self._zero is None:
            return " " * 9
        passed = (at or self._clock.now()) - self._zero
        return f"{passed.total_seconds():+8.1f}s"

    def _write(self, line: str) -> None:
        self._put(f"{_CLEAR_LINE}{line}\n" if self._terminal else f"{line}\n", living=False)

    def _put(self, text: str, *, living: bool) -> None:
        self._out.write(text)
        self._out.flush()
        self._living = living
