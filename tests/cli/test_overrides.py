"""`responder engage`, `release`, `pause` and `resume`: what an operator orders."""

import getpass
import json
import socket
from datetime import timedelta

import pytest
from cli.service import NOW, PREFIX, SHOP

from responder.domain.memory import Order, Override

STANDING = Override(Order.PAUSED, NOW + timedelta(hours=1), "a deploy", "operator:anna", NOW)


@pytest.mark.parametrize(
    ("command", "order"),
    [("engage", Order.ENGAGED), ("release", Order.RELEASED), ("pause", Order.PAUSED)],
)
def test_an_order_reaches_the_service_with_its_author(run, service, monkeypatch, command, order):
    monkeypatch.delenv("SUDO_USER", raising=False)
    ended = run(command, SHOP, "--for", "30m", "--reason", "a drill")
    assert ended.code == 0
    assert ended.out.startswith(f"{SHOP}: {order} until 2026-11-20T10:30:00Z (in 30m); ")
    ((target, override, actor),) = service.orders
    assert (target, override.order, override.reason) == (SHOP, order, "a drill")
    assert actor == f"operator:{getpass.getuser()}@{socket.gethostname()}"


def test_behind_sudo_the_audit_trail_names_the_person(run, service, monkeypatch):
    monkeypatch.setenv("SUDO_USER", "zoë")
    run("resume", SHOP)
    assert service.orders[0][2].startswith("operator:zoë@")


def test_a_target_with_a_slash_is_found(run, service):
    assert run("engage", PREFIX, "--for", "1h", "--reason", "a drill").code == 0
    assert service.orders[0][0] == PREFIX


def test_resume_lifts_an_order(run, service):
    service.remember(SHOP, override=STANDING)
    ended = run("resume", SHOP)
    assert ended.code == 0
    assert ended.out.startswith(f"{SHOP}: no order stands, alerts decide")
    assert service.views[SHOP].memory.override is None


@pytest.mark.usefixtures("service")
def test_pause_all_pauses_each_target_and_reports_it(run):
    ended = run("pause", "--all", "--for", "1h", "--reason", "a deploy")
    assert ended.code == 0
    assert [one.split(": paused")[0] for one in ended.out.splitlines()] == [PREFIX, SHOP]


def test_resume_all_goes_on_after_a_failure_and_fails_in_the_end(run, service):
    gone = service.views[PREFIX]

    async def targets():
        return [gone, service.views[SHOP]]

    service.targets = targets
    del service.views[PREFIX]
    try:
        ended = run("resume", "--all")
    finally:
        del service.targets
    assert ended.code == 1
    assert ended.out.startswith(f"{SHOP}: ")
    assert ended.err.startswith(f"Error: {PREFIX}: ")


@pytest.mark.usefixtures("service")
def test_programs_get_the_targets_under_their_orders(run):
    ended = run("pause", "--all", "--for", "1h", "--reason", "a deploy", "--output", "json")
    targets = json.loads(ended.out)["targets"]
    assert {one["override"]["state"] for one in targets} == {"paused"}


@pytest.mark.parametrize("words", [["resume"], ["resume", SHOP, "--all"]], ids=" ".join)
def test_one_target_or_all_must_be_named(run, service, words):
    ended = run(*words)
    assert ended.code == 2
    assert "name one target, or give --all" in ended.err
    assert not service.orders


@pytest.mark.parametrize("missing", ["--for", "--reason"])
@pytest.mark.usefixtures("service")
def test_an_order_needs_an_end_and_a_reason(run, missing):
    given = {"--for": "1h", "--reason": "a drill"}
    del given[missing]
    ended = run("engage", SHOP, *(word for pair in given.items() for word in pair))
    assert ended.code == 2
    assert missing in ended.err


@pytest.mark.usefixtures("service")
def test_an_unknown_target_fails(run):
    ended = run("engage", "under_attack:nowhere", "--for", "1h", "--reason", "a drill")
    assert ended.code == 1
    assert not ended.out
    assert "under_attack:nowhere: " in ended.err
    assert "no such target" in ended.err


def test_an_order_is_never_left_in_the_store(run, config, tmp_path):
    config()
    ended = run("engage", SHOP, "--for", "1h", "--reason", "a drill")
    assert ended.code == 1
    assert "an order needs the running service" in ended.err
    assert not (tmp_path / "responder.db").exists()
