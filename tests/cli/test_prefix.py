"""`responder prefix`: what is shown of prefixes, and what is ordered about them."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from cli.service import Service
from support.served import lonely, running_service, until
from support.tools import CLOCK, OTHER, PREFIX, TOKEN, configuration, tools_running

from responder.domain.memory import Actual, Memory, Order, Reading
from responder.domain.targets import Policy, Target
from responder.ports import TargetView
from responder.simulator import Fault, FaultKind
from responder.simulator.inventory import identifier
from responder.simulator.magic.prefix import BgpPrefix, Turn

pytestmark = pytest.mark.integration
GIVEN = ("--for", "1h", "--reason", "a drill")
LOCKED = "the prefix is locked"


def view(cidr: str, reading: Reading | None) -> TargetView:
    target = Target("office", "prefix_advertisement", cidr, "prefix")
    memory = Memory(target.id, "office", target.mitigation, cidr, reading=reading)
    return TargetView(target, Policy("prefixes", target.mitigation, ()), memory)


@pytest.fixture(scope="module")
def module_tools(tmp_path_factory):
    automation = Service()
    with tools_running(tmp_path_factory.mktemp("tools"), automation) as tools:
        tools.automation = automation
        yield tools


@pytest.fixture
def tools(module_tools, monkeypatch, tmp_path):
    token = tmp_path / "api.token"
    token.write_text(TOKEN)
    monkeypatch.setenv("RESPONDER_URL", module_tools.url)
    monkeypatch.setenv("RESPONDER_API_TOKEN_FILE", str(token))
    module_tools.simulation.prefixes.clear()
    module_tools.simulation.bgp_prefixes.clear()
    module_tools.simulation.faults.clear()
    module_tools.automation.orders.clear()
    for cidr in (PREFIX, OTHER):
        module_tools.simulation.put_bgp_prefix(BgpPrefix(cidr))
    know(module_tools, PREFIX)
    know(module_tools, OTHER)
    shop = Memory("under_attack:example.com", "shop", "under_attack", "example.com")
    module_tools.automation.views[shop.target] = TargetView(
        Target("shop", "under_attack", "example.com"), Policy("uam", "under_attack", ()), shop
    )
    return module_tools


def know(tools, cidr, **reading):
    known = {"actual": Actual.OFF, "value": "withdrawn", "at": CLOCK.now()} | reading
    found = view(cidr, Reading(**known))
    tools.automation.views[found.target.id] = found


def part_path(cidr):
    prefix, part = identifier("prefix", cidr), identifier("bgp_prefix", cidr)
    return f"/addressing/prefixes/{prefix}/bgp/prefixes/{part}"


def test_the_list_is_what_the_account_has_now(run, tools):
    tools.simulation.put_bgp_prefix(BgpPrefix("233.252.0.0/24", "233.252.0.0/23", locked=True))
    tools.simulation.put_bgp_prefix(BgpPrefix("192.0.2.0/24", on_demand=False))
    at = CLOCK.now() - timedelta(hours=1)
    part = BgpPrefix(PREFIX, turns=(Turn(advertised=True, at=at),), bgp_controlled=True)
    tools.simulation.put_bgp_prefix(part)
    ended = run("prefix", "list")
    rows = {line.split()[0]: line.split() for line in ended.out.splitlines()[1:]}
    assert rows[PREFIX][:3] == [PREFIX, "office", "yes"]
    assert rows[PREFIX][3] == at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert rows[PREFIX][4:6] == ["by", "BGP"]
    assert rows["233.252.0.0/24"][1:4] == ["233.252.0.0/23", "no", "locked"]
    assert rows["192.0.2.0/24"][1:5] == ["unknown", "not", "on", "demand"]
    assert rows[OTHER][:4] == [OTHER, "office", "no", "yes"]


@pytest.mark.usefixtures("tools")
def test_the_list_for_programs_has_the_request_that_would_switch_it(run):
    listed = json.loads(run("prefix", "list", "-o", "json").out)["prefixes"]
    request = next(one for one in listed if one["prefix"] == PREFIX)["requests"]["withdraw"]
    assert request["url"].endswith(part_path(PREFIX))
    assert (request["method"], request["body"]) == ("PATCH", {"on_demand": {"advertised": False}})


def test_what_cloudflare_does_not_tell_is_a_failure_and_no_empty_list(run, tools):
    tools.simulation.faults.add(Fault(FaultKind.SERVER_ERROR))
    ended = run("prefix", "list")
    assert (ended.code, ended.out) == (1, "")
    assert "list_prefixes: Cloudflare answered 5" in ended.err


def test_the_status_shows_constraint_and_hints_of_prefixes_alone(run, tools):
    know(tools, PREFIX, constrained_for=timedelta(seconds=570), unprepared="0 of 2 tunnels")
    know(tools, OTHER, ineligible=LOCKED)
    ended = run("prefix", "status")
    assert "example.com" not in ended.out
    line = next(line for line in ended.out.splitlines() if line.startswith(PREFIX))
    assert re.search(r" 9m\d+s ", line)
    assert f"{PREFIX}: 0 of 2 tunnels" in ended.out
    assert f"{OTHER}: {LOCKED}" in ended.out


def test_a_constraint_that_is_over_is_shown_no_more(run, tools):
    at = CLOCK.now() - timedelta(minutes=20)
    know(tools, PREFIX, at=at, constrained_for=timedelta(minutes=10))
    told = json.loads(run("prefix", "status", PREFIX, "-o", "json").out)["prefixes"]
    assert [(one["prefix"], one["changeable_at"]) for one in told] == [(PREFIX, None)]


@pytest.mark.parametrize("command", [("status",), ("advertise", *GIVEN)], ids=lambda one: one[0])
@pytest.mark.parametrize(
    ("cidr", "said", "code"),
    [("192.0.2.0/24", "is not among the prefixes", 1), ("203.0.113.9/24", "host bits set", 2)],
)
def test_a_prefix_that_is_not_ours_is_refused(run, tools, command, cidr, said, code):
    ended = run("prefix", *command, cidr)
    assert ended.code == code
    assert said in ended.err
    assert not tools.automation.orders


@pytest.mark.parametrize(
    ("verb", "order"), [("advertise", Order.ENGAGED), ("withdraw", Order.RELEASED)]
)
def test_an_order_reaches_the_service(run, tools, verb, order):
    ended = run("prefix", verb, PREFIX, *GIVEN, "--yes")
    assert ended.code == 0
    assert ended.out.startswith(f"prefix_advertisement:{PREFIX}: {order} until ")
    ((target, override, _),) = tools.automation.orders
    assert (target, override.order) == (f"prefix_advertisement:{PREFIX}", order)
    assert override.reason == "a drill"


def test_all_means_each_prefix_and_no_zone(run, tools):
    ended = run("prefix", "withdraw", "--all", *GIVEN, "--yes", "-o", "json")
    targets = {one["id"] for one in json.loads(ended.out)["targets"]}
    assert targets == {f"prefix_advertisement:{one}" for one in (PREFIX, OTHER)}
    assert {one[0] for one in tools.automation.orders} == targets


def test_without_a_terminal_nothing_is_done_unasked(run, tools):
    know(tools, PREFIX, actual=Actual.ON, value="advertised", ineligible=LOCKED)
    ended = run("prefix", "advertise", "--all", *GIVEN)
    assert ended.code == 2
    assert f"advertise {OTHER}: at once" in ended.err
    assert f"advertise {PREFIX}: nothing yet: {LOCKED}" in ended.err
    assert not tools.automation.orders


@pytest.mark.parametrize(("answer", "orders"), [("y\n", 1), ("n\n", 0)])
def test_on_a_terminal_it_asks(run, tools, monkeypatch, answer, orders):
    class Terminal:
        def isatty(self):
            return True

        def readline(self):
            return answer

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("builtins.input", lambda *_: answer.strip())
    ended = run("prefix", "advertise", PREFIX, *GIVEN)
    assert ended.code == 1 - orders
    assert len(tools.automation.orders) == orders


@pytest.mark.parametrize("words", [(), (PREFIX, "--all")], ids=["none", "both"])
def test_one_prefix_or_all_must_be_named(run, tools, words):
    ended = run("prefix", "advertise", *words, *GIVEN, "--yes")
    assert ended.code == 2
    assert not tools.automation.orders


class TestDryRun:
    def test_it_shows_both_requests_and_sends_neither(self, run, tools):
        before = len(tools.written())
        ended = run("prefix", "advertise", PREFIX, *GIVEN, "--dry-run")
        service = f"PUT {tools.url}/api/v1/targets/prefix_advertisement:203.0.113.0%2F24/override"
        assert ended.code == 0
        assert ended.out.splitlines()[0] == f"# advertise {PREFIX}: at once"
        assert service in ended.out
        assert f"PATCH {tools.base_url}" in ended.out
        assert f"{part_path(PREFIX)}\n" in ended.out
        assert not tools.automation.orders
        assert len(tools.written()) == before

    def test_the_order_shown_is_the_one_that_is_then_given(self, run, tools):
        words = ("prefix", "withdraw", PREFIX, *GIVEN)
        (shown,) = json.loads(run(*words, "--dry-run", "-o", "json").out)
        run(*words, "--yes")
        assert tools.received[-1] == tuple(shown["order"].values())
        assert shown["cloudflare"] is None  # it is withdrawn already
        assert TOKEN not in json.dumps(shown)

    @pytest.mark.parametrize(
        ("reading", "effect"),
        [
            ({"constrained_for": timedelta(minutes=10)}, "Cloudflare refuses it earlier"),
            ({"unprepared": "0 of 2 tunnels"}, "nothing yet: 0 of 2"),
            ({"actual": Actual.ON, "value": "advertised"}, "it is advertised already"),
            ({"actual": Actual.UNKNOWN, "value": None}, "as soon as a read tells"),
        ],
        ids=["constraint", "tunnels", "advertised", "unknown"],
    )
    def test_it_says_what_will_come_of_it(self, run, tools, reading, effect):
        know(tools, PREFIX, **reading)
        assert effect in run("prefix", "advertise", PREFIX, *GIVEN, "--dry-run").out

    def test_without_cloudflare_the_order_is_shown_all_the_same(self, run, tools):
        tools.simulation.faults.add(Fault(FaultKind.SERVER_ERROR))
        ended = run("prefix", "advertise", PREFIX, *GIVEN, "--dry-run")
        assert "PUT " in ended.out
        assert "what Cloudflare will be asked is not known" in ended.err


def test_an_order_that_is_refused_does_not_keep_the_others_back(run, tools):
    gone = tools.automation.views.pop(f"prefix_advertisement:{OTHER}")

    async def targets():
        return [replace(gone), *tools.automation.views.values()]

    tools.automation.targets = targets
    try:
        ended = run("prefix", "advertise", "--all", *GIVEN, "--yes")
    finally:
        del tools.automation.targets
    assert ended.code == 1
    assert f"Error: {OTHER}: " in ended.err
    assert [one[0] for one in tools.automation.orders] == [f"prefix_advertisement:{PREFIX}"]


def test_without_a_service_nothing_is_done(run, config):
    ended = run("prefix", "advertise", PREFIX, *GIVEN, "--yes", "--config", str(config()))
    assert ended.code == 1
    assert "this needs the running service" in ended.err


class TestTheRealService:
    """The whole way: command, service, guards, and what Cloudflare has in the end."""

    @pytest.fixture
    def served(self, tools, monkeypatch, tmp_path):
        config = lonely(tmp_path)
        config |= {
            "alertmanager": {"urls": []},
            "cloudflare": configuration(tools.base_url)["cloudflare"],
            "sites": {"office": {"prefixes": [PREFIX]}},
        }
        with running_service(tmp_path, config) as served:
            monkeypatch.setenv("RESPONDER_URL", served.url)
            monkeypatch.setenv("RESPONDER_API_TOKEN_FILE", str(tmp_path / "api_token_file"))
            yield served

    def known(self, run):
        (one,) = json.loads(run("prefix", "status", "-o", "json").out)["prefixes"]
        return one

    @pytest.mark.usefixtures("served")
    def test_an_order_is_followed_and_waits_for_the_constraint(self, run, tools):
        words = ("prefix", "advertise", PREFIX, *GIVEN)
        (shown,) = json.loads(run(*words, "--dry-run", "-o", "json").out)
        assert run(*words, "--yes").code == 0
        until("engaged", lambda: self.known(run)["state"] == "engaged")
        last = [one for one in tools.simulation.requests if one.method == "PATCH"][-1]
        assert shown["cloudflare"]["url"] == f"{tools.base_url}{last.path.split('/v4')[1]}"
        assert shown["cloudflare"]["body"] == last.body

        assert run("prefix", "withdraw", PREFIX, *GIVEN, "--yes").code == 0
        until("a hold", lambda: self.known(run)["decision"]["reason"] == "cooldown")
        known = self.known(run)
        assert (known["owner"], known["value"]) == ("operator", "advertised")
        assert known["changeable_at"] is not None
        assert tools.simulation.bgp_prefixes[identifier("bgp_prefix", PREFIX)].requested.advertised
