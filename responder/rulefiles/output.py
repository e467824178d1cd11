"""Writes a generated file: whole or not at all, and never over what a human wrote."""

import os
import shutil
from difflib import unified_diff
from pathlib import Path

from responder.errors import ResponderError
from responder.rulefiles.template import MARK

__all__ = ["differences", "write_generated"]


def write_generated(path: Path, text: str, *, force: bool = False) -> bool:
    """Write a generated file and return whether it changed.

    ResponderError when it cannot be written, or holds what was not generated and `force` is not
    said.
    """
    target = path.resolve()
    try:
        before = _read(target)
        if before is not None and not before.startswith(MARK) and not force:
            raise ResponderError(f"{path} was not generated; --force overwrites it")
        if before == text:
            return False
        _replace(target, text)
    except OSError as error:
        raise ResponderError(f"{path} cannot be written ({error.strerror})") from error
    return True


def differences(path: Path, text: str) -> str:
    """Return how a file differs from what it should hold; empty when it does not."""
    try:
        before = _read(path) or ""
    except OSError as error:
        raise ResponderError(f"{path} cannot be read ({error.strerror})") from error
    lines = unified_diff(
        before.splitlines(keepends=True),
        text.splitlines(keepends=True),
        fromfile=str(path),
        tofile="as it would be rendered",
    )
    return "".join(lines)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None


def _replace(path: Path, text: str) -> None:
    """Put a new file in the place of the old one, with the old one's mode."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with fresh.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, fresh)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
