"""How alerts travel from one Alertmanager to us: its routes, and which receivers are ours."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from responder.doctor.examples import Example
from responder.doctor.routing import Receiver, Route, Routing, Webhook
from responder.settings.addresses import Address

__all__ = ["NOTHING_SENT", "WEBHOOK_PATH", "Delivery", "delivery"]

NOTHING_SENT = "nothing is sent to us (alertmanager/route)"

WEBHOOK_PATH = "/webhooks/alertmanager"
_OUR_NAME = "responder"


@dataclass(frozen=True, slots=True)
class Delivery:
    """The routing of one Alertmanager, and the webhooks in it that lead to us."""

    routing: Routing
    webhooks: Mapping[str, Webhook]
    """Ours, by the name of their receiver."""
    certain: bool = True
    """False when the URLs are hidden, and the receiver's name had to do."""

    def routes(self, example: Example) -> list[Route]:
        """Return the routes by which such an alert reaches us."""
        ends = self.routing.root.ends(example.labels)
        return [route for route in ends if route.receiver in self.webhooks]

    def ways(self, tried: Iterable[Example]) -> list[Route]:
        """Return each route by which any of the examples reaches us, once."""
        return list(dict.fromkeys(way for example in tried for way in self.routes(example)))

    @property
    def guess(self) -> str:
        """How the receiver was told to be ours, when that is not certain."""
        if self.certain:
            return ""
        names = ", ".join(sorted(self.webhooks))
        return f" (taken for ours by its name, {names}: Alertmanager hides the URLs of webhooks)"


def delivery(routing: Routing, listen: Address) -> Delivery:
    """Find the webhooks that lead to us.

    By our path: those with our port, else all. Where no URL is shown, by the receiver's name.
    """
    by_path = {
        name: webhook
        for name, receiver in routing.receivers.items()
        for webhook in receiver.webhooks
        if _place(webhook)[0].endswith(WEBHOOK_PATH)
    }
    by_port = {name: one for name, one in by_path.items() if _place(one)[1] == listen.port}
    if by_path:
        return Delivery(routing, by_port or by_path)
    hidden = {
        name: receiver.webhooks[0]
        for name, receiver in routing.receivers.items()
        if _is_hidden(receiver)
    }
    named = {name: one for name, one in hidden.items() if _OUR_NAME in name.lower()}
    only = hidden if len(hidden) == 1 else {}
    return Delivery(routing, named or only, certain=not hidden)


def _is_hidden(receiver: Receiver) -> bool:
    return any(webhook.url is None for webhook in receiver.webhooks)


def _place(webhook: Webhook) -> tuple[str, int | None]:
    """Return path and port of a webhook's URL, as far as it shows them."""
    try:
        url = urlsplit(webhook.url or "")
        port = url.port
    except ValueError:
        return "", None
    return url.path, port
