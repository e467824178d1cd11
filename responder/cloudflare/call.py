"""One write as a value: what is shown before it is made is what is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from responder.cloudflare.answers import Operation, Result
from responder.cloudflare.client import CloudflareClient

__all__ = ["Call"]


@dataclass(frozen=True, slots=True)
class Call:
    """A request that changes something; `path` is below the API's base URL."""

    operation: Operation
    method: str
    path: str
    body: Mapping[str, object] | None = None
    params: Mapping[str, str] = field(default_factory=dict)

    async def make(self, client: CloudflareClient) -> Result:
        """Send it once; raises ProviderError."""
        params = self.params or None
        return await client.request(
            self.method, self.path, self.operation, params=params, json=self.body
        )

    def rehearsed(self) -> "Call":
        """Return the same request to a ruleset with `dry_run`: checked by Cloudflare, not kept."""
        return replace(self, params={**self.params, "dry_run": "true"})

    def shown(self, base_url: str) -> dict[str, object]:
        """Return method, URL and body as they are sent; the credential is no part of them."""
        query = f"?{urlencode(self.params)}" if self.params else ""
        url = f"{base_url.rstrip('/')}{self.path}{query}"
        return {"method": self.method, "url": url, "body": self.body}
