"""Whose certificates are believed where the configuration names no authority: the system's."""

import ssl
from functools import lru_cache
from pathlib import Path

import httpx

__all__ = ["system_authorities"]


@lru_cache(maxsize=1)
def system_authorities() -> ssl.SSLContext:
    """Return a context with the authorities of this machine, the same one for all connections.

    Reading them takes a megabyte and some milliseconds. A machine without any, such as a bare
    container, gets those that come with the HTTP library.
    """
    paths = ssl.get_default_verify_paths()
    directory = Path(paths.capath) if paths.capath else None
    if paths.cafile or (directory is not None and any(directory.iterdir())):
        return ssl.create_default_context()
    return httpx.create_ssl_context(trust_env=False)
