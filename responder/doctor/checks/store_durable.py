"""Whether what the store has acknowledged outlives a crash of its server."""

from collections.abc import Sequence

from responder.doctor.context import Context, UncheckedError
from responder.doctor.finding import Finding, failure, ok
from responder.doctor.store_file import store_file
from responder.errors import StoreError

__all__ = ["judge", "look"]


async def look(context: Context) -> Sequence[Finding]:
    """Ask a server for its settings; on SQLite they are our own."""
    if store_file(context.settings) is not None:
        return [ok("SQLite writes every commit to the disk before it is acknowledged")]
    try:
        probe = await context.store()
    except StoreError:
        raise UncheckedError("the store cannot be opened") from None
    return [judge(probe.volatile if probe else ())]


def judge(volatile: Sequence[str]) -> Finding:
    """Judge the settings by which a server forgets."""
    if not volatile:
        return ok("the server writes every commit to the disk before it is acknowledged")
    return failure(
        f"{' and '.join(volatile)} off: webhooks and intents that were acknowledged may be lost",
        f"set {' and '.join(f'{name} = on' for name in volatile)}, at least for this database",
    )
