"""Secrets: given as they are or in a file, read again when the file changes, never printed."""

from collections.abc import Callable
from pathlib import Path

from responder.errors import ConfigError

__all__ = ["HIDDEN", "Secret", "SecretFile", "shown_path"]

HIDDEN = "********"

_Stamp = tuple[int, int, int]


class Secret:
    """A secret that is known as it is; only `value()` ever gives it away."""

    __slots__ = ("_known",)

    def __init__(self, text: str) -> None:
        self._known = text.strip()
        if not self._known:
            raise ConfigError(["is empty; write the secret, or leave the key out"])
        if "\n" in self._known:
            raise ConfigError(["has more than one line; keep only the secret"])

    @property
    def known(self) -> str:
        """The secret as it was last read: what might have been told to somebody."""
        return self._known

    def value(self) -> str:
        """Return the secret as it is now."""
        return self._known

    def __str__(self) -> str:
        """Return what may be shown of it."""
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        """Tell whether the same was configured: a reload asks."""
        return isinstance(other, Secret) and self._configured == other._configured

    def __hash__(self) -> int:
        return hash(self._configured)

    @property
    def _configured(self) -> tuple[type, object]:
        return (type(self), self._known)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


def shown_path(path: Path) -> str:
    """Return how an error names a file that cannot be had.

    Only an absolute path is repeated: anything else may be the secret itself, written where the
    path of its file belongs.
    """
    return str(path) if path.is_absolute() else f"the file, looked for in {Path.cwd()},"


def _stamp(path: Path) -> _Stamp:
    status = path.stat()
    return status.st_mtime_ns, status.st_ino, status.st_size


class SecretFile(Secret):
    """A secret in a file, read again when time, inode or size of the file change.

    A file that is missing or empty for the moment is being rotated: the last good value stands.
    """

    __slots__ = ("_read", "_seen", "_stamp", "path")

    def __init__(
        self,
        path: Path,
        *,
        read: Callable[[Path], bytes] = Path.read_bytes,
        stamp: Callable[[Path], _Stamp] = _stamp,
    ) -> None:
        self.path = path
        self._read = read
        self._stamp = stamp
        try:
            self._seen = stamp(path)
            super().__init__(self._text())
        except FileNotFoundError:
            name = shown_path(path)
            raise ConfigError([f"{name} does not exist; create it or correct the path"]) from None
        except OSError as error:
            raise self._unreadable(error) from error
        except ConfigError as error:
            raise ConfigError([f"{path} {error}"]) from None

    def value(self) -> str:
        """Return the secret as it is now; ConfigError when the file has become unreadable."""
        try:
            seen = self._stamp(self.path)
            if seen != self._seen:
                text = self._text()
                if text.strip():
                    self._known = Secret(text).value()
                    self._seen = seen
        except FileNotFoundError:
            return self._known
        except OSError as error:
            raise self._unreadable(error) from error
        except ConfigError as error:
            raise ConfigError([f"{self.path} {error}"]) from None
        return self._known

    @property
    def _configured(self) -> tuple[type, object]:
        return (type(self), self.path)

    def _text(self) -> str:
        try:
            return self._read(self.path).decode()
        except UnicodeDecodeError:
            raise ConfigError(["is not UTF-8 text; write the secret as plain text"]) from None

    def _unreadable(self, error: OSError) -> ConfigError:
        why = error.strerror or type(error).__name__
        name = shown_path(self.path)
        return ConfigError([f"{name} cannot be read ({why}); let this user read it"])

    def __str__(self) -> str:
        return str(self.path)
