"""Notifications as Cloudflare sends them, and an account in which two things are provisioned."""

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from responder.domain.notification import Notification, understood
from responder.domain.notification_judgement import Places, Rules
from responder.domain.targets import Target

SENT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
OFFICE = Target("office", "prefix_advertisement", "203.0.113.0/24", "prefix")
SHOP = Target("shop", "under_attack", "example.com")
RULES = Rules(Places([OFFICE, SHOP]), account="1" * 32)
SAMPLES: dict[str, Any] = json.loads(Path(__file__).with_name("samples.json").read_text())
"""The shapes of real bodies, by type; several types have two."""
L4, L7 = "advanced_ddos_attack_l4_alert.start", "advanced_ddos_attack_l7_alert.start"
L4_END = "advanced_ddos_attack_l4_alert.end"


class Samples:
    """What the tests of this folder share."""

    sent, office, shop, rules, names = SENT, OFFICE, SHOP, RULES, tuple(SAMPLES)
    l4, l4_end, l7 = L4, L4_END, L7

    def body(self, name: str, *, data: Any = (), **fields: Any) -> dict[str, Any]:
        """Return a body with some fields replaced, or taken away by None."""
        body = deepcopy(SAMPLES[name])
        body |= fields
        if "data" in body:
            body["data"] = {k: v for k, v in (body["data"] | dict(data)).items() if v is not None}
        return {key: value for key, value in body.items() if value is not None}

    def told(self, name: str, *, after: float = 1, **changes: Any) -> Notification:
        """Return a sample as it is understood so many seconds after it was sent."""
        body = self.body(name, **changes)
        sent = datetime.fromtimestamp(int(body.get("ts", SENT.timestamp())), UTC)
        return understood(body, sent + timedelta(seconds=after))


@pytest.fixture(scope="session")
def samples() -> Samples:
    return Samples()
