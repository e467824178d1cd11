"""What a mitigation may be built from."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from responder.cloudflare.client import CloudflareClient
from responder.cloudflare.zones import Zones
from responder.domain.targets import Target

__all__ = ["Provider"]


@dataclass(frozen=True, slots=True)
class Provider:
    """Cloudflare as one credential sees it, and what the policies say about each target."""

    client: CloudflareClient
    zones: Zones
    options: Callable[[Target], BaseModel | None]
    """The `options` of the target's policy; None for an orphan, which has no policy."""
    account_id: str
    """The account of the prefixes; empty when there are none."""
    now: Callable[[], datetime]
    """The calendar's time, aware, in UTC."""
