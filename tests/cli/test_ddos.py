"""`responder ddos`: overrides are checked here and there, placed, written, and read back."""

import json

import pytest
from cli.service import Service
from support.tools import TOKEN, tools_running

from responder.domain.audit import Kind
from responder.simulator import Fault, FaultKind
from responder.simulator.inventory import Account, Zone, identifier
from responder.simulator.rulesets.managed import PHASES

pytestmark = pytest.mark.integration
L4, L7 = PHASES["ddos_l4"].managed_id, PHASES["ddos_l7"].managed_id
UDP = identifier("managed_rule", "UDP4-0002")
DST = "ip.dst in {203.0.113.0/24}"
ONE = ("--expression", DST, "--sensitivity", "medium")


@pytest.fixture(scope="module")
def module_tools(tmp_path_factory):
    with tools_running(tmp_path_factory.mktemp("tools"), Service()) as tools:
        yield tools


@pytest.fixture
def tools(module_tools, monkeypatch, tmp_path):
    token = tmp_path / "api.token"
    token.write_text(TOKEN)
    monkeypatch.setenv("RESPONDER_URL", module_tools.url)
    monkeypatch.setenv("RESPONDER_API_TOKEN_FILE", str(token))
    module_tools.simulation.faults.clear()
    module_tools.simulation.rulesets.clear()
    module_tools.entries.clear()
    module_tools.sent = len(writes(module_tools))
    return module_tools


def writes(tools):
    """Return what was sent to change something; a dry run of Cloudflare's changes nothing."""
    return [one for one in tools.simulation.requests if one.method != "GET" and not one.query]


def sent(tools):
    return writes(tools)[tools.sent :]


def held(tools, phase="ddos_l4"):
    found = [one for one in tools.simulation.rulesets.values() if one.phase == phase]
    return {rule["ref"]: rule for one in found for rule in one.rules}


def add(run, ref, *words):
    ended = run("ddos", "add", ref, *(words or ONE), "--yes")
    assert ended.code == 0, ended.err
    return ended


@pytest.mark.usefixtures("tools")
def test_the_rules_tell_what_may_be_overridden(run):
    rows = {line.split()[0]: line for line in run("ddos", "rules").out.splitlines()[1:]}
    assert "block, log" in rows["UDP4-0002"]
    assert "read only" in rows["GEN4-0001"]
    assert "HTTP-0001" in run("ddos", "rules", "--zone", "example.com").out
    (shown,) = json.loads(run("ddos", "show", UDP, "-o", "json").out)["rules"]
    assert shown["ref"] == "UDP4-0002"
    assert run("ddos", "show", "nonsense").code == 1


def test_the_first_override_makes_the_entrypoint(run, tools):
    assert add(run, "ours").out == "ddos_l4_override:ours: applied\n"
    assert held(tools)["ours"]["expression"] == DST
    assert held(tools)["ours"]["action_parameters"] == {
        "id": L4,
        "overrides": {"sensitivity_level": "medium"},
    }
    (request,) = sent(tools)
    assert request.path == f"/client/v4/accounts/{Account().id}/rulesets"


def test_rules_and_categories_have_levels_of_their_own(run, tools):
    levels = ("--rule", "UDP4-0002=low,log", "--category", "tcp=eoff", "--rule", "UDP4-0009=,block")
    add(run, "ours", "--expression", "true", *levels)
    overrides = held(tools)["ours"]["action_parameters"]["overrides"]
    dns = identifier("managed_rule", "UDP4-0009")
    assert overrides == {
        "categories": [{"category": "tcp", "sensitivity_level": "eoff"}],
        "rules": [
            {"id": UDP, "sensitivity_level": "low", "action": "log"},
            {"id": dns, "action": "block"},
        ],
    }


def test_a_zone_has_overrides_of_its_own(run, tools):
    words = ("--zone", "example.com", "--expression", "true", "--action", "managed_challenge")
    assert add(run, "web", *words).out == "ddos_l7_override:web: applied\n"
    assert held(tools, "ddos_l7")["web"]["action_parameters"]["id"] == L7
    assert not held(tools)
    assert "managed_challenge" in run("ddos", "overrides", "--zone", "example.com").out


def test_a_zone_of_no_site_is_not_touched_whatever_the_credential_may(run, tools):
    tools.simulation.put_zone(Zone("example.org"))
    words = ("--zone", "example.org", "--expression", "true", "--action", "managed_challenge")
    for command in (("overrides", "--zone", "example.org"), ("add", "web", *words, "--yes")):
        ended = run("ddos", *command)
        assert ended.code == 1
        assert "example.org is no zone of the configured sites (example.com)" in ended.err
    assert not held(tools, "ddos_l7")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--sensitivity", "medium"), "expression: say which traffic"),
        (("--expression", "true"), "say a sensitivity or an action"),
        (("--expression", "true", "--sensitivity", "huge"), "default, medium, low, eoff"),
        (("--expression", "true", "--action", "challenge"), "allows block, log here"),
        (("--expression", "true", "--rule", "GEN4-0001=low"), "read only"),
        (("--expression", "true", "--rule", "TCP4-0001=low,log"), "Cloudflare allows block here"),
        (("--expression", "true", "--rule", "nonsense=low"), "there is none"),
        (("--expression", "true", "--category", "generic=,block"), "allows none here"),
        (("--expression", "true", "--category", "nonsense=low"), "there are dns, generic"),
        (("--expression", "a" * 4001, "--sensitivity", "low"), "4000 are allowed"),
    ],
    ids=lambda one: " ".join(one)[:40] if isinstance(one, tuple) else "",
)
def test_what_is_not_allowed_is_found_before_the_call(run, tools, words, said):
    before = len(list(tools.simulation.requests))
    ended = run("ddos", "add", "ours", *words, "--yes")
    assert ended.code == 1
    assert said in ended.err
    assert all(one.method == "GET" for one in list(tools.simulation.requests)[before:])
    assert not tools.entries


@pytest.mark.parametrize("dry_run", [("--dry-run",), ("--yes",)], ids=str)
@pytest.mark.parametrize("expression", ["ip.dst.port eq 80", "(true", 'http.host eq "a'])
def test_cloudflare_checks_the_expression_and_nothing_is_written(run, tools, expression, dry_run):
    ended = run("ddos", "add", "x", "--expression", expression, "--sensitivity", "low", *dry_run)
    assert ended.code == 1
    assert "could not parse filter expression" in ended.err
    assert not sent(tools)
    assert not tools.entries


class TestDryRun:
    @pytest.mark.parametrize(
        "words",
        [
            ("add", "new", *ONE, "--first"),
            ("edit", "b", "--sensitivity", "low"),
            ("move", "b", "--first"),
            ("delete", "b"),
        ],
        ids=lambda words: words[0],
    )
    def test_it_shows_the_very_request(self, run, tools, words):
        for ref in "ab":
            add(run, ref)
        before = dict(held(tools))
        shown = json.loads(run("ddos", *words, "--dry-run", "-o", "json").out)
        assert held(tools) == before
        assert len(sent(tools)) == 2
        ended = run("ddos", *words, "--yes")
        assert (ended.code, ended.out.split(": ")[1]) == (0, "applied\n")
        last = sent(tools)[-1]
        url = f"{tools.base_url}{last.path.removeprefix('/client/v4')}"
        assert shown["requests"] == [{"method": last.method, "url": url, "body": last.body}]


@pytest.mark.parametrize(
    ("words", "order"),
    [
        (("--first",), "nab"),
        (("--last",), "abn"),
        (("--before", "b"), "anb"),
        (("--after", "a"), "anb"),
        (("--index", "2"), "anb"),
        ((), "abn"),
    ],
    ids=str,
)
def test_an_override_is_placed_and_moved(run, tools, words, order):
    add(run, "a")
    add(run, "b")
    add(run, "n", *ONE, *words)
    assert "".join(held(tools)) == order
    assert run("ddos", "move", "n", "--last", "--yes").code == 0
    assert "".join(held(tools)) == "abn"
    if words:
        assert run("ddos", "move", "n", *words, "--yes").code == 0
        assert "".join(held(tools)) == order
        assert "unchanged" in run("ddos", "move", "n", *words, "--yes").out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("move", "a", "--before", "zz"), 1, "there is no other override zz"),
        (("move", "a", "--before", "a"), 1, "there is no other override a"),
        (("move", "a", "--index", "9"), 1, "from 1 to 2"),
        (("move", "zz", "--first"), 1, "there is no override zz; there are a, b"),
        (("move", "a"), 2, "say one of"),
        (("move", "a", "--first", "--last"), 2, "say one of"),
        (("edit", "a"), 2, "say what shall change"),
        (("edit", "zz", "--sensitivity", "low"), 1, "there are a, b"),
        (("delete", "zz"), 1, "there are a, b"),
        (("add", "a", *ONE), 1, "there is an override a already"),
        (("add", "a/b", *ONE), 1, "ref: write 1 to 128 letters"),
        (("add", "c", *ONE, "--rule", "UDP4-0002"), 2, "write NAME=LEVEL"),
        (("add", "c", *ONE, "--rule", "UDP4-0002=low", "--rule", "UDP4-0002=low"), 2, "twice"),
    ],
    ids=lambda one: " ".join(one)[:30] if isinstance(one, tuple) else "",
)
def test_what_cannot_be_is_refused(run, tools, words, code, said):
    add(run, "a")
    add(run, "b")
    ended = run("ddos", *words, "--yes")
    assert ended.code == code
    assert said in ended.err
    assert len(sent(tools)) == 2


def test_an_edit_keeps_what_is_not_named_also_what_we_do_not_know(run, tools):
    add(run, "ours", *ONE, "--description", "ours")
    (ruleset,) = tools.simulation.rulesets.values()
    before = held(tools)["ours"]
    rule = {**before, "enabled": False}
    tools.simulation.rulesets[ruleset.id] = ruleset.with_rules([rule], ruleset.updated)
    assert run("ddos", "edit", "ours", "--sensitivity", "low", "--yes").code == 0
    after = held(tools)["ours"]
    assert after["action_parameters"]["overrides"] == {"sensitivity_level": "low"}
    kept = ("id", "ref", "expression", "description", "action")
    assert [after[key] for key in kept] == [before[key] for key in kept]
    assert after["enabled"] is False
    assert "unchanged" in run("ddos", "edit", "ours", "--sensitivity", "low", "--yes").out


@pytest.mark.usefixtures("tools")
def test_overrides_are_listed_in_their_order(run):
    add(run, "b", *ONE, "--rule", "UDP4-0002=eoff", "--description", "as agreed")
    add(run, "a", *ONE, "--first")
    lines = run("ddos", "overrides").out.splitlines()[1:]
    assert [line.split()[:3] for line in lines] == [["1", "a", "yes"], ["2", "b", "yes"]]
    assert "medium; UDP4-0002: eoff" in lines[1]
    assert "as agreed" in lines[1]


def test_it_is_deleted_and_audited(run, tools):
    add(run, "ours")
    assert run("ddos", "delete", "ours", "--yes").code == 0
    assert not held(tools)
    assert tools.audited()[2:] == [
        (Kind.INTENT, "delete_ddos_override", "operator", "ddos_l4_override:ours"),
        (Kind.OUTCOME, "delete_ddos_override", "applied", "ddos_l4_override:ours"),
    ]
    assert f'it was {{"expression":"{DST}"' in tools.entries[2].detail


def test_a_lost_answer_is_looked_after_by_the_ref(run, tools):
    add(run, "first")
    path = "/rules"
    tools.simulation.faults.add(Fault(FaultKind.TRUNCATED, method="POST", path=path))
    ended = run("ddos", "add", "ours", *ONE, "--dry-run")
    assert "add_ddos_override" in ended.err  # a check that fails is no check
    tools.simulation.faults.clear()
    tools.simulation.faults.add(Fault(FaultKind.SLOW, method="POST", count=1))
    tools.simulation.faults.add(Fault(FaultKind.TRUNCATED, method="POST", path=path))
    assert add(run, "ours").out == "ddos_l4_override:ours: applied\n"
    assert len(sent(tools)) == 2


def test_what_no_read_shows_is_not_called_applied(run, tools):
    add(run, "first")
    tools.simulation.faults.add(Fault(FaultKind.NOT_APPLIED))
    ended = run("ddos", "add", "ours", *ONE, "--yes")
    assert ended.code == 1
    assert "unconfirmed: there is no override of this ref" in ended.out


def test_a_check_that_fails_keeps_it_from_being_written(run, tools):
    add(run, "first")
    tools.simulation.faults.add(Fault(FaultKind.SERVER_ERROR, method="POST", count=1))
    ended = run("ddos", "add", "ours", *ONE, "--yes")
    assert ended.code == 1
    assert list(held(tools)) == ["first"]
    assert len(tools.entries) == 2


def test_a_lack_of_permission_is_named(run, tools):
    tools.simulation.faults.add(Fault(FaultKind.FORBIDDEN))
    assert "L4 DDoS Managed Ruleset Read" in run("ddos", "overrides").err
