"""Whether only the service's user can read and change its memory."""

import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from responder.doctor.context import Context
from responder.doctor.finding import Finding, ok, skipped, warning
from responder.doctor.store_file import store_file

__all__ = ["judge", "look"]

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


async def look(context: Context) -> Sequence[Finding]:
    """Look at the modes of the store's file and of its folder."""
    file = store_file(context.settings)
    if file is None:
        return []
    try:
        modes = {path: path.stat().st_mode for path in (file, file.parent) if path.exists()}
    except OSError as error:
        return [skipped(f"{file}: {error.strerror}")]
    return judge(modes)


def judge(modes: Mapping[Path, int]) -> list[Finding]:
    """Judge the modes of files and folders."""
    found = list(_found(modes))
    return found or [ok(f"{', '.join(map(str, modes))}: only their owner may change them")]


def _found(modes: Mapping[Path, int]) -> Iterator[Finding]:
    for path, mode in modes.items():
        shown = f"mode {stat.S_IMODE(mode):04o}"
        if not stat.S_ISDIR(mode) and mode & _OTHERS:
            seen = f"{shown}, so others than its owner may use it"
            yield warning(seen, f"chmod 600 {path}", str(path))
        if stat.S_ISDIR(mode) and mode & _OTHERS_WRITE and not mode & stat.S_ISVTX:
            seen = f"{shown}, so others may replace what is in it"
            yield warning(seen, f"chmod go-w {path}", str(path))
