"""The page: what is on and why, and nothing that a label could run."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from responder.domain.alerts import Alert, AlertStatus
from responder.domain.audit import Action, Decision, Reason
from responder.domain.memory import Order, Override, State
from responder.web.doors import Doors

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
ZONE = "under_attack:example.com"
EVIL = "<script>alert(1)</script>\"'{{ 7 * 7 }}"


async def page(operator):
    answer = await operator.get("/")
    assert answer.status_code == 200
    return answer


async def test_the_page_says_what_is_on_and_why(operator, automation):
    until = NOW + timedelta(minutes=5)
    decision = Decision(Action.HOLD, Reason.MINIMUM_DURATION, until, "engaged a minute ago")
    automation.remember(ZONE, state=State.ENGAGED, since=NOW, decision=decision)

    text = (await page(operator)).text

    for told in (ZONE, "engaged since 2026-11-20T10:00:00Z", "hold", "minimum_duration"):
        assert told in text
    assert "2026-11-20T10:05:00Z" in text
    assert 'href="/metrics"' in text
    assert 'href="/health"' in text


async def test_before_the_first_pass_the_page_says_so(operator):
    assert "not decided yet" in (await page(operator)).text


async def test_without_targets_the_page_says_so(operator, automation):
    automation.views.clear()

    assert "no targets" in (await page(operator)).text


async def test_whatever_a_label_or_a_reason_holds_stays_text(operator, automation):
    override = Override(Order.PAUSED, NOW, EVIL, f"operator:{EVIL}", NOW)
    decision = Decision(Action.HOLD, Reason.PAUSED, None, EVIL)
    automation.remember(ZONE, override=override, decision=decision, stuck=EVIL, site=EVIL)
    alert = Alert("f", {"alertname": EVIL}, AlertStatus.FIRING, NOW)
    automation.views[ZONE] = replace(automation.views[ZONE], alerts=(alert,))

    text = (await page(operator)).text

    assert "<script" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;{{ 7 * 7 }}") == 6


async def test_a_browser_may_neither_run_frame_nor_keep_the_page(operator):
    headers = (await page(operator)).headers

    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'none'" in policy
    assert "base-uri 'none'" in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("doors", "auth", "expected"),
    [
        pytest.param(Doors(None, lambda: "api"), ("anybody", "api"), 200, id="token as password"),
        pytest.param(Doors(None, lambda: "api"), ("api", "wrong"), 401, id="wrong password"),
        pytest.param(Doors(None, lambda: "api"), None, 401, id="nothing"),
        pytest.param(Doors(loopback=True), None, 200, id="loopback without a token"),
        pytest.param(Doors(), None, 401, id="outside without a token"),
    ],
)
async def test_the_page_needs_the_api_token(web, doors, auth, expected):
    client = await web.client(doors)

    assert (await client.get("/", auth=auth)).status_code == expected
