"""The disk that a file is on: what kind of file system, and how much room it has left."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from responder.errors import ResponderError

__all__ = ["Disk", "disk_of", "mount_of"]

_MOUNTS = Path("/proc/self/mounts")
_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Disk:
    """What was seen of it."""

    kind: str
    """The kernel's name for its file system, such as `ext4` or `nfs4`; empty when unknown."""
    mounted_at: str
    free: int
    """Bytes that this user may still write."""


def disk_of(path: Path) -> Disk:
    """Look at the disk that a path is, or would be, on; ResponderError when that fails."""
    there = Path(os.path.realpath(path))
    while not there.exists():
        there = there.parent
    try:
        mounts = _MOUNTS.read_text(errors="replace").splitlines() if _MOUNTS.exists() else []
        room = os.statvfs(there)
    except OSError as error:
        raise ResponderError(f"{there} cannot be looked at ({error.strerror})") from error
    place, kind = mount_of(there, mounts)
    return Disk(kind, place, room.f_bavail * room.f_frsize)


def mount_of(path: Path, mounts: Iterable[str]) -> tuple[str, str]:
    """Return where the file system of an absolute path is mounted, and its kind.

    Of several at one place the last hides the others.
    """
    place, kind = "/", ""
    for line in mounts:
        _device, found, found_kind, *_ = [*line.split(" "), "", ""][:4]
        found = _ESCAPE.sub(lambda code: chr(int(code[1], 8)), found)
        if found and path.is_relative_to(found) and len(found) >= len(place):
            place, kind = found, found_kind
    return place, kind
