"""The size of the machine that a figure was measured on."""

import os
import platform


def machine() -> str:
    """Return cores, memory, system and what else it is doing."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, {memory:.1f} GiB, {platform.machine()},"
        f" Python {platform.python_version()}, load {load:.2f} at the start"
    )
