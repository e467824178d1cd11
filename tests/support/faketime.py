"""A clock of the host that a test can set wrong, for one program only (libfaketime)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[2] / ".tools/lib/libfaketime.so.1"


@dataclass(frozen=True)
class HostClock:
    """What a program takes for the calendar; the clock that only runs forwards is left alone."""

    file: Path

    def jump(self, off: timedelta) -> None:
        """Set the clock wrong by this much, at once."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{off.total_seconds():+.0f}\n")
        new.replace(self.file)  # at once: whoever reads half of it would read another time

    def shown_to(self, command: Sequence[str]) -> tuple[str, ...]:
        """Return the command with which a program runs by this clock."""
        if not LIBRARY.exists():
            pytest.fail(
                f"{LIBRARY} is missing: run `.ci/tools faketime` first, or the tests by make"
            )
        return (
            "/usr/bin/env",
            f"LD_PRELOAD={LIBRARY}",
            f"FAKETIME_TIMESTAMP_FILE={self.file}",
            "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
            "FAKETIME_FORCE_MONOTONIC_FIX=0",  # its repair of waits lets Python's threads spin
            *command,
        )
