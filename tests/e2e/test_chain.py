"""Prometheus, Alertmanager, the responder and the simulated Cloudflare, all together."""

import pytest

pytestmark = pytest.mark.e2e


def test_an_overload_switches_on_and_its_end_restores_the_level_found(site):
    site.engage()
    assert site.level == "under_attack"

    site.calm()
    site.until_state("released")

    assert site.levels_written == ["under_attack", "high"]
    assert site.level == "high"
    told = [(one["kind"], one["action"], one["reason"]) for one in site.chain.events(site.target)]
    assert ("decision", "engage", "demand") in told
    assert ("decision", "release", "calm") in told


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
