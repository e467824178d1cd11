"""The account that tools work in, opened for one request with the configuration of that moment."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from responder.cloudflare.client import CloudflareClient, Endpoint, Observer
from responder.connections import credential
from responder.settings import Settings
from responder.tools.errors import NotPossibleError

__all__ = ["Account", "Opening"]


@dataclass(frozen=True, slots=True)
class Account:
    """A client, the account's id, and which of its prefixes this service switches."""

    client: CloudflareClient
    id: str
    base_url: str
    prefixes: Mapping[str, str]
    """The site of each prefix that is configured."""
    zones: Collection[str]
    """The names or ids of the zones that are configured: no other one is touched."""
    now: Callable[[], datetime]


class Opening:
    """Opens the account that the configuration in force names."""

    def __init__(
        self,
        settings: Settings,
        now: Callable[[], datetime],
        monotonic: Callable[[], timedelta],
        observe: Observer,
    ) -> None:
        self._settings = settings
        self._now = now
        self._monotonic = monotonic
        self._observe = observe

    def follow(self, settings: Settings) -> Settings:
        """Take the configuration that is in force from now on, and hand it back."""
        self._settings = settings
        return settings

    @asynccontextmanager
    async def account(self) -> AsyncIterator[Account]:
        """Open it, and close it in the end; raises NotPossibleError when none is configured."""
        section = self._settings.cloudflare
        if section.account_id is None:
            raise NotPossibleError("no account is configured: set cloudflare.account_id")
        client = CloudflareClient(
            Endpoint(section.base_url, section.timeout),
            credential(section),
            self._monotonic,
            self._observe,
        )
        try:
            prefixes, zones = self._of("prefix"), self._of("zone")
            yield Account(client, section.account_id, section.base_url, prefixes, zones, self._now)
        finally:
            await client.aclose()

    def _of(self, kind: str) -> dict[str, str]:
        """Return the site of each configured resource of a kind."""
        targets = self._settings.inventory().targets.values()
        return {one.resource: one.site for one in targets if one.kind == kind}
