"""Prometheus, Alertmanager, the responder and the simulated Cloudflare, all together."""

from contextlib import contextmanager

import httpx
import pytest

from responder.demo.configs import SENDER_FILE

pytestmark = pytest.mark.e2e

RESOLVED_WEBHOOKS = 'responder_webhook_alerts_total{status="resolved"}'


def metric(stack, series):
    lines = httpx.get(stack.url("responder") + "/metrics").text.splitlines()
    (value,) = [line.rpartition(" ")[2] for line in lines if line.startswith(f"{series} ")]
    return float(value)


@contextmanager
def no_webhooks(stack):
    """Let Alertmanager present a wrong token for a while; it reads the file at each request."""
    token = stack.folder / SENDER_FILE
    right = token.read_text()
    token.write_text("wrong")
    try:
        yield
    finally:
        token.write_text(right)


def test_an_overload_switches_on_and_its_end_restores_the_level_found(site, chain):
    site.engage()
    assert site.chain.level(site.zone) == "under_attack"

    site.calm()
    site.until_state("released")

    assert site.levels_written == ["under_attack", "high"]
    assert site.chain.level(site.zone) == "high"
    told = [(one["kind"], one["action"], one["reason"]) for one in chain.events(site.target)]
    assert ("decision", "engage", "demand") in told
    assert ("decision", "release", "calm") in told


def test_a_silence_before_the_alert_keeps_everything_as_it_is(site):
    site.silence()
    site.overload()
    site.until_alert("suppressed")
    site.until_reason("paused")

    assert "silenced by a test: deployment" in site.explain()

    site.calm()
    site.until_alert(None)
    assert site.reason == "paused"
    assert site.levels_written == []


def test_what_ended_under_a_silence_is_released_after_it_without_any_webhook(site, stack):
    site.engage()
    silence = site.silence()
    site.until_reason("paused")
    told = metric(stack, RESOLVED_WEBHOOKS)
    with no_webhooks(stack):
        site.calm()
        site.until_alert(None)
        assert site.reason == "paused"
        assert site.chain.level(site.zone) == "under_attack"

        site.end_silence(silence)
        site.until_state("released")

    assert metric(stack, RESOLVED_WEBHOOKS) == told
    assert site.levels_written == ["under_attack", "high"]


def test_a_lost_heartbeat_holds_what_is_on_until_it_is_back(site, stack):
    site.engage()
    site.calm()
    stack.processes["prometheus"].kill()
    site.until_alert(None)  # Alertmanager thinks that it is over, and says so in a webhook
    site.until_reason("blind")
    assert site.levels_written == ["under_attack"]

    stack.start_one("prometheus")
    site.until_state("released")

    assert site.levels_written == ["under_attack", "high"]


def test_operators_order_on_off_and_nothing_at_all(site):
    words = ("--for", "10m", "--reason", "a drill")
    site.order("engage", site.target, *words)
    site.until_state("engaged")
    assert "a drill" in site.explain()
    site.order("release", site.target, *words)
    site.until_state("released")
    site.order("pause", site.target, *words)
    site.overload()
    site.until_alert("active")
    site.until_reason("override")
    assert site.levels_written == ["under_attack", "high"]

    site.order("resume", site.target)
    site.until_state("engaged")

    assert site.levels_written == ["under_attack", "high", "under_attack"]
