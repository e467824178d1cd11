"""What can go wrong, by who must act."""

from datetime import timedelta

from responder.domain.breaker import Failure

__all__ = [
    "AlertmanagerError",
    "ConfigError",
    "FencedError",
    "PayloadError",
    "ProviderError",
    "ResponderError",
    "StoreError",
]


class ResponderError(Exception):
    """The root: whatever we raise on purpose. Its text says what, where and what to do."""


class ConfigError(ResponderError):
    """The one who wrote the configuration must act; carries every problem at once."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class PayloadError(ResponderError):
    """The sender of a request must act: what it sent is malformed."""


class StoreError(ResponderError):
    """The one who runs the service must act: the store cannot be read or written."""


class FencedError(StoreError):
    """Nobody must act: another replica has taken over, and what this one wrote was refused."""


class AlertmanagerError(ResponderError):
    """The one who runs Alertmanager must act: it does not answer, or not as it should."""


class ProviderError(ResponderError):
    """The provider did not do as asked; `failure` says what that means for the next call.

    `retry_after` is the provider's own wish, None without one. `code` is its own error code.
    `counted` is whether a circuit has heard of it: of one call for many, it hears once.
    """

    def __init__(
        self,
        failure: Failure,
        message: str,
        *,
        retry_after: timedelta | None = None,
        code: int | None = None,
    ) -> None:
        self.failure = failure
        self.retry_after = retry_after
        self.code = code
        self.counted = False
        super().__init__(message)
