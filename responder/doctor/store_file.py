"""The file that a store on SQLite is."""

from pathlib import Path

from responder.settings import Settings

__all__ = ["store_file"]

_SQLITE = "sqlite:///"


def store_file(settings: Settings) -> Path | None:
    """Return the store's file; None when it is on a server."""
    url = settings.store.url
    return Path(url.removeprefix(_SQLITE)).absolute() if url.startswith(_SQLITE) else None
