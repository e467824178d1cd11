"""The configuration that is in force, and the one that may follow it."""

from collections.abc import Callable

from responder.errors import ConfigError
from responder.logs import configure_logs
from responder.settings import Settings

__all__ = ["Current"]


class Current:
    """Keeps the settings in force; a reload replaces them, when it may."""

    def __init__(self, settings: Settings, load: Callable[[], Settings]) -> None:
        """`load` reads the configuration; it raises ConfigError."""
        self.settings = settings
        self._load = load

    def reread(self) -> Settings:
        """Read the configuration again and put it in force; raises ConfigError.

        What was opened at the start cannot change while it is in use.
        """
        settings = self._load()
        fixed = {
            "server": (self.settings.server, settings.server),
            "store.url": (self.settings.store.url, settings.store.url),
        }
        changed = [key for key, (before, after) in fixed.items() if before != after]
        if changed:
            raise ConfigError(
                [f"{key} cannot change while the service runs: restart it" for key in changed]
            )
        self.settings = settings
        configure_logs(settings.log, settings.secrets)
        return settings
