"""The operator and the configuration"""

import json
import signal

import httpx
import pytest
import yaml
from support.stack import Site, edited, metric, numbered, running_chain, signal_program, until

pytestmark = pytest.mark.e2e

RELOADED = "responder_config_reload_successful"


@pytest.fixture(scope="module")
def sites():
    with running_chain(numbered(4)) as (stack, chain, exporter):
        yield (Site(name, stack, chain, exporter) for name in list(stack.plan.zones))


@pytest.fixture
def site(sites):
    return next(sites)


def reload(site: Site) -> httpx.Response:
    headers = {"Authorization": f"Bearer {site.stack.api_token}"}
    return httpx.post(site.stack.url("responder") + "/-/reload", headers=headers, timeout=20)


def test_a_broken_configuration_is_refused_and_the_old_one_stays(site):
    """POST /-/reload answers what is wrong, a metric says so, and nothing else changes."""
    path = site.stack.config
    good = path.read_text()
    broken = yaml.safe_load(good) | {"guards": {"calm_perod": "5m"}}
    path.write_text(yaml.safe_dump(broken))
    try:
        answer = reload(site)
    finally:
        path.write_text(good)
    assert answer.status_code == 500
    assert any("calm_perod" in problem for problem in answer.json()["problems"])
    assert metric(site.stack, RELOADED) == 0
    site.engage()
    signal_program(site.stack, "responder", signal.SIGHUP)
    until("a reload that works", lambda: metric(site.stack, RELOADED) == 1)
    site.calm()
    site.until_state("released")
    assert site.levels_written == ["under_attack", "high"]


def test_a_store_or_address_that_changes_under_way_is_refused(site):
    """What was opened at the start needs a restart, and the answer says so."""
    good = site.stack.config.read_text()
    with edited(site.stack, "responder.yml") as config:
        config["store"]["url"] = "sqlite:///elsewhere.db"
    try:
        answer = reload(site)
    finally:
        site.stack.config.write_text(good)
    told = "store.url cannot change while the service runs: restart it"
    assert (answer.status_code, answer.json()["problems"]) == (500, [told])
    assert reload(site).status_code == 200


def test_a_site_that_leaves_the_configuration_while_it_is_on_is_released_and_forgotten(site):
    """An orphan is listed until it is confirmed off; its alert no longer counts."""
    site.engage()
    good = site.stack.config.read_text()
    with edited(site.stack, "responder.yml") as config:
        del config["sites"][site.name]
    try:
        assert reload(site).status_code == 200
        assert site.chain.target(site.target)["state"] == "engaged"
        until("the level found before", lambda: site.level == "high")
        until("nothing left of it", lambda: site.target not in site.order("status"))
    finally:
        site.stack.config.write_text(good)
        site.calm()
        reload(site)
    assert site.levels_written == ["under_attack", "high"]


def test_no_service_runs_and_a_check_now_and_then_does_its_work(site):
    """`responder check` engages and releases from cron, with the same store and guards."""
    stack = site.stack
    beside = stack.responder("check")
    assert (beside.returncode, beside.stdout) == (1, "")
    assert "another process acts on this store" in beside.stderr
    assert stack.processes["responder"].stop() == 0
    try:
        site.overload()
        until("a check that engages", lambda: checked(site)["state"] == "engaged")
        site.calm()
        until("a check that releases", lambda: checked(site)["state"] == "released")
        stack.processes["alertmanager"].kill()
        blind = stack.responder("check", "--output", "json")
        assert (blind.returncode, json.loads(blind.stdout)["blind"]) == (3, True)
        assert "no Alertmanager is usable" in blind.stderr
    finally:
        stack.start_one("alertmanager")
        stack.start_one("responder")
    assert site.levels_written == ["under_attack", "high"]


def checked(site: Site) -> dict[str, object]:
    """Run `responder check` once; return what it says of the site's target."""
    done = site.stack.responder("check", "--output", "json")
    assert done.returncode == 0, done.stderr
    return next(one for one in json.loads(done.stdout)["targets"] if one["id"] == site.target)
