"""From the text of Alertmanager's configuration to its routing.

The text is what a running Alertmanager shows of itself: complete, checked by it, and with its
secrets hidden. So a mistake in here is a version that we do not know, and never the user's.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import yaml

from responder.doctor.routing import Authorization, Receiver, Route, Routing, Waits, Webhook
from responder.domain.alerts import Matcher, parse_matcher
from responder.errors import ResponderError
from responder.settings import parse_duration

__all__ = ["parse_routing"]

_HIDDEN = "<secret>"
_QUOTED_NAME = re.compile(r'"(?:[^"\\]|\\.)*"')


def parse_routing(text: str) -> Routing:
    """Read the configuration; raises ResponderError when it is none that we understand."""
    try:
        return _routing(yaml.safe_load(text))
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, RecursionError) as error:
        why = " ".join(str(error).split())[:200]
        raise ResponderError(
            f"its configuration cannot be read ({why}); look at the route with `amtool config "
            "routes test`"
        ) from error


def _routing(document: Any) -> Routing:
    if not isinstance(document, dict) or not isinstance(document.get("route"), dict):
        raise TypeError("it has no route")
    receivers = [_receiver(one) for one in document.get("receivers") or ()]
    return Routing(
        root=_route(document["route"], Route("")),
        receivers={receiver.name: receiver for receiver in receivers},
        inhibitions=tuple(
            tuple(_matchers(rule, "target_")) for rule in document.get("inhibit_rules") or ()
        ),
    )


def _route(node: Mapping[str, Any], parent: Route) -> Route:
    muted, active = node.get("mute_time_intervals"), node.get("active_time_intervals")
    route = Route(
        receiver=str(node.get("receiver") or parent.receiver),
        matchers=tuple(_matchers(node)),
        waits=Waits(
            _wait(node, "group_wait", parent.waits.group_wait),
            _wait(node, "group_interval", parent.waits.group_interval),
            _wait(node, "repeat_interval", parent.waits.repeat_interval),
        ),
        goes_on=node.get("continue") is True,
        intervals=tuple(str(name) for name in [*(muted or ()), *(active or ())]),
    )
    return replace(route, routes=tuple(_route(one, route) for one in node.get("routes") or ()))


def _wait(node: Mapping[str, Any], key: str, inherited: timedelta) -> timedelta:
    value = node.get(key)
    return inherited if value is None else parse_duration(str(value))


def _matchers(node: Mapping[str, Any], prefix: str = "") -> list[Matcher]:
    """Return the conditions in all three ways in which they may be written."""
    equal, regex = node.get(f"{prefix}match") or {}, node.get(f"{prefix}match_re") or {}
    return [
        *(Matcher(str(name), str(value)) for name, value in equal.items()),
        *(_matcher(Matcher(str(name), str(value), is_regex=True)) for name, value in regex.items()),
        *(_matcher(text) for text in node.get(f"{prefix}matchers") or ()),
    ]


def _matcher(written: object) -> Matcher:
    """Read one condition; refuse one that only Alertmanager's RE2 understands.

    From version 0.27 on, names that are no classic label names are in quotes.
    """
    text = str(written)
    if "[[:" in text:
        raise ValueError(f"a class of RE2 in {text}")
    quoted = _QUOTED_NAME.match(text)
    if quoted is None:
        return parse_matcher(text)
    return replace(parse_matcher("name" + text[quoted.end() :]), name=json.loads(quoted[0]))


def _receiver(node: Mapping[str, Any]) -> Receiver:
    webhooks = node.get("webhook_configs") or ()
    return Receiver(str(node.get("name")), tuple(_webhook(one) for one in webhooks))


def _webhook(node: Mapping[str, Any]) -> Webhook:
    url = node.get("url")
    return Webhook(
        url=None if url in {None, _HIDDEN} else str(url),
        send_resolved=node.get("send_resolved") is not False,
        max_alerts=int(node.get("max_alerts") or 0),
        authorization=_authorization(node.get("http_config") or {}),
    )


def _authorization(http: Mapping[str, Any]) -> Authorization:
    section = http.get("authorization")
    if isinstance(section, dict):
        file = str(section.get("credentials_file") or "")
        return Authorization(str(section.get("type") or "Bearer"), file)
    # The older spelling, which Alertmanager may show as it was written.
    file = str(http.get("bearer_token_file") or "")
    if file or http.get("bearer_token"):
        return Authorization("Bearer", file)
    other = next((name for name in ("basic_auth", "oauth2") if http.get(name)), "")
    return Authorization(other)
