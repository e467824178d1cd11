"""Whether the store can be opened and written to; asked without writing."""

import os
from collections.abc import Sequence
from pathlib import Path

from responder.doctor.context import Context
from responder.doctor.finding import Finding, failure, ok, warning
from responder.doctor.store_file import store_file
from responder.errors import StoreError
from responder.settings.addresses import without_password
from responder.store.probe import StoreProbe

__all__ = ["judge", "judge_missing", "look"]


async def look(context: Context) -> Sequence[Finding]:
    """Open the store as the service would, and leave nothing in it."""
    where = without_password(context.settings.store.url)
    try:
        probe = await context.store()
    except StoreError as error:
        advice = "run the doctor as the service's user; docs/runbook.md tells more of the store"
        return [failure(str(error), advice, where)]
    file = store_file(context.settings)
    if probe is None and file is not None:
        folder = file.parent
        writable = os.access(folder, os.W_OK | os.X_OK)
        return [judge_missing(folder, is_there=folder.is_dir(), writable=writable)]
    return judge(probe, where) if probe else []


def judge_missing(folder: Path, *, is_there: bool, writable: bool) -> Finding:
    """Judge the folder of a store that the first start of the service will make."""
    if not is_there:
        return failure(f"{folder} does not exist", f"make it, for the service's user: {folder}")
    if not writable:
        advice = "run the doctor as the service's user, or let that user write there"
        return failure(f"{folder} cannot be written to by this user", advice)
    return ok(f"it does not exist yet; the service can make it in {folder}")


def judge(probe: StoreProbe, where: str) -> list[Finding]:
    """Judge a store that could be opened."""
    if probe.lacking:
        shown = ", ".join(probe.lacking[:3])
        advice = "grant it to the user of store.url, or let it own the tables"
        return [failure(f"this user has no right to {shown}", advice, where)]
    if probe.schema is None:
        return [ok(f"{probe.engine}, empty; the service fills it at its start", where)]
    seen = f"{probe.engine}, schema {probe.schema}"
    if probe.schema == probe.expected:
        return [ok(f"{seen}, and it can be written to", where)]
    if probe.schema > probe.expected:
        advice = "upgrade this program, or restore a backup of its time"
        return [failure(f"{seen}, newer than this program ({probe.expected})", advice, where)]
    advice = "make a backup, and restart the service: it upgrades the schema itself"
    return [warning(f"{seen}, older than this program ({probe.expected})", advice, where)]
