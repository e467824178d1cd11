"""Whether the store is on a local disk that stays, with room on it."""

import asyncio
from collections.abc import Sequence

from responder.doctor.context import Context
from responder.doctor.disk import Disk, disk_of
from responder.doctor.finding import Finding, failure, ok, warning
from responder.doctor.store_file import store_file

__all__ = ["judge", "look"]

NETWORK = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "gfs2", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4"}
    | {"ocfs2", "smb3", "smbfs", "virtiofs"}
    | {f"fuse.{name}" for name in ("ceph", "davfs", "gcsfuse", "glusterfs", "rclone", "s3fs")}
    | {"fuse.juicefs", "fuse.sshfs"}
)
FLEETING = frozenset({"tmpfs", "ramfs", "overlay", "aufs"})
"""Gone with the machine's memory, or with the container."""
_MIB = 1024 * 1024
LEAST = 64 * _MIB
LITTLE = 512 * _MIB


async def look(context: Context) -> Sequence[Finding]:
    """Look at the disk of the store's file."""
    file = store_file(context.settings)
    if file is None:
        return []
    return judge(await asyncio.to_thread(disk_of, file))


def judge(disk: Disk) -> list[Finding]:
    """Judge the kind of disk, and the room on it."""
    kind = disk.kind or "unknown kind"
    seen, found = f"{disk.mounted_at} ({kind}), {disk.free // _MIB} MiB free", []
    if disk.kind in NETWORK:
        lost = "a file there can be damaged by its locks, and a lost network stops the service"
        found.append(failure(f"{seen}: {lost}", "move the store to a local disk, or to PostgreSQL"))
    elif disk.kind in FLEETING:
        lost = "what is ours at Cloudflare is forgotten with this machine's memory or container"
        found.append(warning(f"{seen}: {lost}", "move the store to a disk, or into a volume"))
    if disk.free < LEAST:
        found.append(failure(f"{seen}: soon no webhook can be taken", "free some space"))
    elif disk.free < LITTLE:
        found.append(warning(f"{seen}: little room", "free some space"))
    return found or [ok(seen)]
