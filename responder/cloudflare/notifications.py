"""Notifications at Cloudflare: webhooks they go to, policies that send them, and what was sent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from responder.cloudflare.answers import Operation, malformed, moment
from responder.cloudflare.client import CloudflareClient
from responder.errors import ProviderError
from responder.redaction import without

__all__ = ["Destination", "NotificationPolicy", "Notifications", "Sent"]

_READS, _WRITES = "Notifications Read", "Notifications Write"
_HISTORY = Operation("read_notification_history", _READS)
_WEBHOOKS = Operation("list_notification_webhooks", _READS)
_POLICIES = Operation("list_notification_policies", _READS)
_AVAILABLE = Operation("list_available_alerts", _READS)
_SAVE_WEBHOOK = Operation("write_notification_webhook", _WRITES)
_SAVE_POLICY = Operation("write_notification_policy", _WRITES)

_PAGE = 100
_MOST_PAGES = 20


@dataclass(frozen=True, slots=True)
class Sent:
    """One line of the history."""

    at: datetime
    alert_type: str
    name: str
    """That of the policy."""
    body: str


@dataclass(frozen=True, slots=True)
class Destination:
    """A webhook that notifications go to; its secret is never told."""

    id: str
    name: str
    url: str
    last_success: datetime | None = None
    last_failure: datetime | None = None


@dataclass(frozen=True, slots=True)
class NotificationPolicy:
    """Which notifications go where."""

    id: str
    name: str
    alert_type: str
    enabled: bool
    mechanisms: Mapping[str, object] = field(default_factory=dict)
    """Where it sends, by kind, as Cloudflare has it."""

    @property
    def webhooks(self) -> tuple[str, ...]:
        """The ids of the webhooks that it sends to."""
        listed = self.mechanisms.get("webhooks")
        items = listed if isinstance(listed, list) else []
        return tuple(_text(one, "id") for one in items if isinstance(one, dict))


class Notifications:
    """The notifications of one account."""

    def __init__(self, client: CloudflareClient, account_id: str) -> None:
        self._client = client
        self.path = f"/accounts/{account_id}/alerting/v3"

    async def history(self, since: datetime) -> list[Sent]:
        """Return what was sent to webhooks since then, newest first."""
        start = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        found: list[Sent] = []
        for page in range(1, _MOST_PAGES + 1):
            params = {"since": start, "page": str(page), "per_page": str(_PAGE)}
            answer = await self._client.request(
                "GET", f"{self.path}/history", _HISTORY, params=params
            )
            items = list(_objects(answer.result, _HISTORY))
            found += [one for one in map(_sent, items) if one is not None]
            total = answer.info.get("total_pages")
            if len(items) < _PAGE or (isinstance(total, int) and page >= total):
                break
        return found

    async def webhooks(self) -> list[Destination]:
        """Return the account's webhooks."""
        answer = await self._client.request("GET", f"{self.path}/destinations/webhooks", _WEBHOOKS)
        return [
            Destination(
                _text(one, "id"),
                _text(one, "name"),
                _text(one, "url"),
                moment(one.get("last_success")),
                moment(one.get("last_failure")),
            )
            for one in _objects(answer.result, _WEBHOOKS)
        ]

    async def policies(self) -> list[NotificationPolicy]:
        """Return the account's policies."""
        answer = await self._client.request("GET", f"{self.path}/policies", _POLICIES)
        return [_policy(one) for one in _objects(answer.result, _POLICIES)]

    async def available(self) -> frozenset[str]:
        """Return the alert types that the account can have."""
        answer = await self._client.request("GET", f"{self.path}/available_alerts", _AVAILABLE)
        groups = answer.result.values() if isinstance(answer.result, dict) else ()
        return frozenset(
            _text(one, "type") for group in groups for one in _objects(group, _AVAILABLE)
        )

    def path_of(self, resource: str) -> str:
        """Return the path of a resource such as `policies`."""
        return f"{self.path}/{resource}"

    async def write(self, method: str, path: str, body: Mapping[str, object]) -> str:
        """Create or change a webhook or a policy, at a path of `path_of`; return its id.

        Cloudflare sends a test to a webhook before it saves it.
        """
        saving = _SAVE_POLICY if "/policies" in path else _SAVE_WEBHOOK
        try:
            answer = await self._client.request(method, path, saving, json=body)
        except ProviderError as error:
            error.args = (without(str(error), [str(body.get("secret", ""))]),)
            raise
        made = _text(answer.result, "id") if isinstance(answer.result, dict) else ""
        if not made:
            raise malformed(saving, "no id of what was saved")
        return made


def _objects(result: object, operation: Operation) -> Iterator[Mapping[str, object]]:
    if not isinstance(result, list) or not all(isinstance(one, dict) for one in result):
        raise malformed(operation, "no list of objects")
    yield from result


def _text(item: Mapping[str, object], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""


def _sent(item: Mapping[str, object]) -> Sent | None:
    """Return a line of the history; None for one that went elsewhere, or has no time."""
    at = moment(item.get("sent"))
    if at is None or item.get("mechanism_type") not in {"webhook", None}:
        return None
    return Sent(at, _text(item, "alert_type"), _text(item, "name"), _text(item, "alert_body"))


def _policy(item: Mapping[str, object]) -> NotificationPolicy:
    mechanisms = item.get("mechanisms")
    return NotificationPolicy(
        _text(item, "id"),
        _text(item, "name"),
        _text(item, "alert_type"),
        item.get("enabled") is True,
        mechanisms if isinstance(mechanisms, dict) else {},
    )
