"""Who may read the files with secrets."""

import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from responder.doctor.context import Context
from responder.doctor.finding import Finding, ok, skipped, warning
from responder.settings import Settings
from responder.settings.addresses import without_password
from responder.settings.secret import SecretFile

__all__ = ["judge", "look", "secret_files"]

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


async def look(context: Context) -> Sequence[Finding]:
    """Look at the mode of every file with a secret in it."""
    files = list(secret_files(context.settings))
    if not files:
        return [ok("no secret stands in a file")]
    return [_found(key, path) for key, path in files]


def judge(key: str, path: Path, mode: int) -> Finding:
    """Judge who may do what with one file."""
    shown = f"{key}: mode {stat.S_IMODE(mode):04o}"
    if mode & _OTHERS:
        advice = f"chmod 600 {path}, with the service's user as its owner"
        return warning(f"{shown}, so others than its owner may use it", advice, str(path))
    return ok(f"{shown}, so only its owner may use it", str(path))


def secret_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Return every file with a secret in it, with the key that leads there."""
    for name in ("server", "alertmanager", "prometheus", "cloudflare"):
        yield from _of_section(getattr(settings, name), name)
    inline = {
        "cloudflare.api_token": settings.cloudflare.api_token is not None,
        "cloudflare.api_key": settings.cloudflare.api_key is not None,
        "store.url": without_password(settings.store.url) != settings.store.url,
    }
    for key, is_secret in inline.items():
        configuration = Path(settings.source_of(key).rpartition(":")[0])
        if is_secret and configuration.is_file():
            yield key, configuration


def _found(key: str, path: Path) -> Finding:
    try:
        return judge(key, path, path.stat().st_mode)
    except OSError as error:
        return skipped(f"{key}: {error.strerror}", subject=str(path))


def _of_section(section: BaseModel, path: str) -> Iterator[tuple[str, Path]]:
    for name in type(section).model_fields:
        value: Any = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from _of_section(value, f"{path}.{name}")
        elif isinstance(value, SecretFile):
            yield f"{path}.{name}", value.path
        elif name == "key_file" and value is not None:
            yield f"{path}.{name}", value
