"""What the benches here measure a process by, and how they judge a figure."""

import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median

MIB = 1024 * 1024


def resident(pid: int) -> float:
    """Return the resident memory in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


def cpu_seconds(pid: int) -> float:
    """Return the time that the process has run on a core."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def held(
    name: str, values: Sequence[float], mark: float, unit: str, *, least: bool = False
) -> bool:
    """Print the median beside its mark; tell whether the mark is held.

    It is missed by more than noise when not a single one of the runs has held it.
    """
    middle, best = median(values), (max if least else min)(values)
    worst = (min if least else max)(values)
    sign = ">=" if least else "<="
    reached = [value >= mark if least else value <= mark for value in (middle, best)]
    verdict = "ok" if reached[0] else "missed within noise" if reached[1] else "MISSED"
    print(
        f"  {name}: median {middle:,.4g} {unit} (best {best:,.4g}, worst {worst:,.4g},"
        f" n={len(values)}); mark: {sign} {mark:,g} {unit}: {verdict}",
        flush=True,
    )
    return any(reached)
