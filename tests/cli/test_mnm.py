"""`responder mnm`: rules are checked, shown, written, audited and read back."""

import json
from datetime import timedelta

import pytest
from cli.service import Service
from support.tools import PREFIX, TOKEN, tools_running

from responder.domain.audit import Kind
from responder.simulator import Fault, FaultKind
from responder.simulator.inventory import Account
from responder.simulator.mnm.rule import Rule, RuleType

pytestmark = pytest.mark.integration
RULES = f"/client/v4/accounts/{Account().id}/mnm/rules"
FREE = "192.0.2.0/24"  # no prefix of ours
WEB = ("mnm", "add", "web", "--prefix", FREE, "--bits", "2G", "--duration", "5m0s")


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
    module_tools.simulation.mnm_rules.clear()
    module_tools.entries.clear()
    module_tools.broken = False
    module_tools.sent = len(module_tools.written())
    return module_tools


def writes(tools):
    return tools.written()[tools.sent :]


def put(tools, name="web", **fields):
    known = {"prefixes": (FREE,), "bandwidth_threshold": 1e9, "duration": 5} | fields
    rule = Rule("0" * 31 + str(len(tools.simulation.mnm_rules)), name, RuleType.THRESHOLD, **known)
    tools.simulation.mnm_rules[rule.id] = rule
    return rule


def held(tools):
    return {one.name: one for one in tools.simulation.mnm_rules.values()}


def test_a_threshold_rule_is_added_and_read_back(run, tools):
    ended = run(*WEB, "--yes")
    assert (ended.code, ended.out) == (0, "mnm_rule:web: applied\n")
    rule = held(tools)["web"]
    assert (rule.type, rule.bandwidth_threshold, rule.duration) == ("threshold", 2e9, 5)
    assert (rule.prefixes, rule.automatic_advertisement) == ((FREE,), False)
    assert list(tools.simulation.requests)[-1].method == "GET"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--packets", "500k"), {"packet_threshold": 500_000, "type": "threshold"}),
        (
            ("--zscore", "high", "--of", "packets"),
            {"zscore_sensitivity": "high", "zscore_target": "packets", "type": "zscore"},
        ),
        (("--sflow", "--match", "subnet"), {"prefix_match": "subnet", "type": "advanced_ddos"}),
    ],
    ids=["packets", "zscore", "sflow"],
)
def test_each_kind_of_rule_can_be_added(run, tools, words, told):
    assert run("mnm", "add", "one", "--prefix", FREE, *words, "--yes").code == 0
    rule = held(tools)["one"]
    assert {name: getattr(rule, name) for name in told} == told


def test_what_is_done_is_in_the_audit_trail_with_its_author(run, tools):
    run(*WEB, "--yes")
    assert tools.audited() == [
        (Kind.INTENT, "add_mnm_rule", "operator", "mnm_rule:web"),
        (Kind.OUTCOME, "add_mnm_rule", "applied", "mnm_rule:web"),
    ]
    assert all(one.actor.startswith("operator:") and "@" in one.actor for one in tools.entries)
    assert '"bandwidth_threshold":2000000000' in tools.entries[0].detail
    assert TOKEN not in str(tools.entries)
    assert "simulator-token" not in str(tools.entries)


def test_without_an_audit_trail_nothing_is_sent(run, tools):
    tools.broken = True
    ended = run(*WEB, "--yes")
    assert ended.code == 1
    assert "the store cannot be used" in ended.err
    assert not writes(tools)


class TestDryRun:
    def test_it_shows_the_very_request_and_sends_none(self, run, tools):
        shown = json.loads(run(*WEB, "--dry-run", "-o", "json").out)
        assert shown["result"] == "would"
        assert not writes(tools)
        assert not tools.entries
        run(*WEB, "--yes")
        (request,) = shown["requests"]
        sent = [one for one in tools.simulation.requests if one.method == "POST"][-1]
        assert request["url"] == f"{tools.base_url}{sent.path.removeprefix('/client/v4')}"
        assert request["body"] == sent.body

    def test_people_see_method_url_and_body(self, run, tools):
        ended = run(*WEB, "--dry-run")
        assert ended.out.startswith(f"POST {tools.base_url}/accounts/{Account().id}/mnm/rules\n{{")
        assert '"bandwidth_threshold": 2000000000,' in ended.out
        assert "simulator-token" not in ended.out

    def test_a_mistake_is_found_by_it_as_well(self, run, tools):
        put(tools)
        ended = run(*WEB, "--dry-run")
        assert ended.code == 1
        assert "there is a rule web already" in ended.err


def test_nobody_there_to_ask_is_nothing_done(run, tools):
    ended = run(*WEB)
    assert ended.code == 2
    assert "POST " in ended.err
    assert not writes(tools)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a b", "--prefix", FREE, "--bits", "1G"), "no space"),
        (("web", "--bits", "1G"), "name at least one"),
        (("web", "--prefix", "192.0.2.1/24", "--bits", "1G"), "host bits"),
        (("web", "--prefix", FREE, "--prefix", FREE, "--bits", "1"), "there twice"),
        (("web", "--prefix", FREE), "either a threshold in bits or one in packets"),
        (("web", "--prefix", FREE, "--bits", "1", "--packets", "1"), "either a threshold"),
        (("web", "--prefix", FREE, "--bits", "1", "--duration", "7m"), "write one of 1m, 5m"),
        (("web", "--prefix", FREE, "--zscore", "huge", "--of", "bits"), "low, medium, high"),
        (("web", "--prefix", FREE, "--zscore", "low"), "zscore_target"),
        (("web", "--prefix", FREE, "--sflow", "--bits", "1"), "has no threshold"),
        (("web", "--prefix", FREE, "--bits", "1", "--match", "exact"), "only a rule of type"),
    ],
)
def test_a_mistake_is_found_before_the_call(run, tools, words, said):
    ended = run("mnm", "add", *words, "--yes")
    assert ended.code == 1
    assert said in ended.err
    assert not writes(tools)
    assert not tools.entries


class TestEditing:
    def test_what_is_not_named_stays_and_the_body_is_whole(self, run, tools):
        rule = put(tools)
        assert run("mnm", "edit", "web", "--bits", "3G", "--rename", "shop", "--yes").code == 0
        assert held(tools)["shop"].bandwidth_threshold == 3e9
        assert held(tools)["shop"].duration == 5
        (sent,) = writes(tools)
        assert sent == ("PATCH", f"{RULES}/{rule.id}")
        body = [one for one in tools.simulation.requests if one.method == "PATCH"][-1].body
        assert set(body) >= {"name", "type", "prefixes", "automatic_advertisement"}

    def test_the_switch_alone_has_a_request_of_its_own(self, run, tools):
        rule = put(tools)
        assert run("mnm", "edit", "web", "--auto-advertise", "--yes").code == 0
        assert writes(tools) == [("PATCH", f"{RULES}/{rule.id}/advertisement")]
        assert held(tools)["web"].automatic_advertisement is True

    @pytest.mark.parametrize("duration", ["5m", "5m0s", "0h5m0s"])
    @pytest.mark.parametrize("go", [True, False])
    def test_another_spelling_of_the_same_is_no_change(self, run, tools, duration, go):
        put(tools)
        tools.simulation.mnm = type(tools.simulation.mnm)(go_durations=go)
        ended = run("mnm", "edit", "web", "--duration", duration, "--yes")
        assert (ended.code, ended.out) == (0, "mnm_rule:web: unchanged\n")
        assert not writes(tools)

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("web", "--packets", "1k"), "delete the rule and add it anew"),
            (("web", "--rename", "shop"), "there is a rule shop already"),
            (("other", "--bits", "1G"), "there are shop, web"),
        ],
    )
    def test_what_cannot_be_is_refused(self, run, tools, words, said):
        put(tools)
        put(tools, "shop")
        ended = run("mnm", "edit", *words, "--yes")
        assert ended.code == 1
        assert said in ended.err
        assert not writes(tools)

    def test_nothing_to_change_is_a_mistake(self, run, tools):
        put(tools)
        assert run("mnm", "edit", "web", "--yes").code == 2


def test_a_rule_is_deleted(run, tools):
    rule = put(tools)
    assert run("mnm", "delete", "web", "--yes").out == "mnm_rule:web: applied\n"
    assert not held(tools)
    assert writes(tools) == [("DELETE", f"{RULES}/{rule.id}")]


class TestLostAnswers:
    """An answer can be lost although the request was carried out."""

    def test_a_rule_that_is_there_all_the_same_is_applied_and_sent_once(self, run, tools):
        tools.simulation.faults.add(Fault(FaultKind.TRUNCATED, method="POST"))
        ended = run(*WEB, "--yes")
        assert (ended.code, ended.out) == (0, "mnm_rule:web: applied\n")
        assert len(writes(tools)) == 1

    def test_a_rule_that_is_not_there_is_not_repeated_by_itself(self, run, tools):
        tools.simulation.faults.add(Fault(FaultKind.SERVER_ERROR, method="POST"))
        ended = run(*WEB, "--yes")
        assert ended.code == 1
        assert "there is no rule of this name, but it may still come" in ended.err
        assert len(writes(tools)) == 1
        assert tools.audited()[-1][2] == "error"

    def test_a_rule_that_comes_late_is_no_success_yet(self, run, tools):
        late = Fault(FaultKind.LATE_APPLIED, method="POST", delay=timedelta(minutes=1))
        tools.simulation.faults.add(late)
        ended = run(*WEB, "--yes")
        assert ended.code == 1
        assert "no answer from Cloudflare within 4 s; there is no rule of this name" in ended.err

    def test_what_is_answered_but_not_shown_is_not_called_applied(self, run, tools):
        put(tools)
        tools.simulation.faults.add(Fault(FaultKind.NOT_APPLIED))
        ended = run("mnm", "edit", "web", "--bits", "5G", "--duration", "1h", "--yes")
        assert ended.code == 1
        told = "Cloudflare shows another bandwidth_threshold, duration"
        assert ended.out == f"mnm_rule:web: unconfirmed: {told}\n"
        assert run("mnm", "delete", "web", "--yes").out.endswith("the rule is still there\n")
        assert [one[2] for one in tools.audited()][1::2] == ["unconfirmed"] * 2


@pytest.mark.usefixtures("tools")
class TestCompetition:
    """Two who advertise the same prefix know nothing of each other."""

    @pytest.mark.parametrize("prefix", [PREFIX, "203.0.112.0/23", "203.0.113.128/25"])
    def test_a_rule_that_advertises_what_is_ours_is_warned_of(self, run, prefix):
        ended = run("mnm", "add", "x", "--prefix", prefix, "--bits", "1", "--auto-advertise", "-y")
        assert ended.code == 0
        warning = f"warning: rule x lets Cloudflare advertise {PREFIX} by itself"
        assert warning in ended.err
        assert warning in run("mnm", "list").err

    @pytest.mark.parametrize(
        "words", [("--prefix", PREFIX), ("--prefix", FREE, "--auto-advertise")], ids=str
    )
    def test_no_other_rule_is(self, run, words):
        assert "warning" not in run("mnm", "add", "x", *words, "--bits", "1", "-y").err


def test_the_list_tells_what_each_rule_waits_for(run, tools):
    put(tools, "a", bandwidth_threshold=2.5e9, automatic_advertisement=True)
    put(tools, "b", bandwidth_threshold=None, packet_threshold=1000, duration=60)
    lines = [line.split() for line in run("mnm", "list").out.splitlines()[1:]]
    assert lines == [
        ["a", "threshold", "2.5", "Gbit/s", "5m", FREE, "yes"],
        ["b", "threshold", "1", "kpackets/s", "60m", FREE, "no"],
    ]
    assert run("mnm", "show", "c").code == 1
    (shown,) = json.loads(run("mnm", "show", "b", "-o", "json").out)["rules"]
    assert shown["packet_threshold"] == 1000


class TestFiles:
    def test_an_export_can_be_imported_into_an_empty_account(self, run, tools, tmp_path):
        put(tools, "a", automatic_advertisement=True)
        put(tools, "b", bandwidth_threshold=None, packet_threshold=1000.0)
        before = {name: (r.type, r.prefixes, r.duration) for name, r in held(tools).items()}
        exported = run("mnm", "export").out
        (tmp_path / "rules.json").write_text(exported)
        assert '"id"' not in exported
        tools.simulation.mnm_rules.clear()
        ended = run("mnm", "import", "rules.json", "--yes")
        assert ended.out == "mnm_rule:a: applied\nmnm_rule:b: applied\n"
        assert {n: (r.type, r.prefixes, r.duration) for n, r in held(tools).items()} == before
        assert run("mnm", "import", "rules.json", "--yes").out.count("unchanged") == 2

    def test_only_what_differs_is_written_and_others_stay(self, run, tools, tmp_path):
        put(tools, "a")
        put(tools, "stays")
        rule = {"name": "a", "type": "threshold", "prefixes": [FREE], "bandwidth_threshold": 7}
        new = rule | {"name": "new"}
        same = rule | {"name": "same"}
        put(tools, "same", bandwidth_threshold=7)
        (tmp_path / "rules.json").write_text(json.dumps({"rules": [rule, new, same]}))
        assert run("mnm", "import", "rules.json", "--dry-run").out.count("PATCH ") == 1
        assert not writes(tools)
        ended = run("mnm", "import", "rules.json", "--yes")
        assert (ended.code, ended.out) == (0, "mnm_rule:a: applied\nmnm_rule:new: applied\n")
        assert [method for method, _ in writes(tools)] == ["PATCH", "POST"]
        assert set(held(tools)) == {"a", "new", "same", "stays"}

    def test_one_mistake_keeps_all_from_being_written(self, run, tools, tmp_path):
        good = {"name": "a", "type": "threshold", "prefixes": [FREE], "bandwidth_threshold": 7}
        bad = good | {"name": "b", "prefixes": ["nonsense"]}
        (tmp_path / "rules.json").write_text(json.dumps({"rules": [good, bad]}))
        ended = run("mnm", "import", "rules.json", "--yes")
        assert ended.code == 1
        assert "nonsense" in ended.err
        assert not writes(tools)

    def test_a_failure_ends_it_and_says_what_is_left(self, run, tools, tmp_path):
        rule = {"name": "a", "type": "threshold", "prefixes": [FREE], "bandwidth_threshold": 7}
        rules = [rule, rule | {"name": "b"}, rule | {"name": "c"}]
        put(tools, "a")
        (tmp_path / "rules.json").write_text(json.dumps({"rules": rules}))
        tools.simulation.faults.add(Fault(FaultKind.SERVER_ERROR, method="POST"))
        ended = run("mnm", "import", "rules.json", "--yes")
        assert ended.code == 1
        assert ended.out == "mnm_rule:a: applied\n"
        assert "2 of 3 rules are not written" in ended.err

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("[]", "rules.json: "),
            ('{"rules": [{"name": "a"}]}', "rules.0.type: Field required"),
            ('{"rules": [{"nme": "a"}]}', "rules.0"),
            (json.dumps({"rules": [{"name": "a", "type": "t", "prefixes": []}] * 2}), "twice: a"),
        ],
    )
    def test_a_file_that_is_none_says_where(self, run, tools, tmp_path, text, said):
        (tmp_path / "rules.json").write_text(text)
        ended = run("mnm", "import", "rules.json", "--yes")
        assert ended.code == 1
        assert said in ended.err
        assert not writes(tools)


def test_a_lack_of_permission_names_the_one_that_is_missing(run, tools):
    tools.simulation.faults.add(Fault(FaultKind.FORBIDDEN))
    ended = run("mnm", "list")
    assert ended.code == 1
    assert "Magic Network Monitoring Read" in ended.err


@pytest.mark.parametrize("text", ["0", "-1G", "nan", "inf", "G", "1X", "1e400"])
def test_what_is_no_quantity_is_refused(run, text):
    ended = run("mnm", "add", "web", "--prefix", FREE, f"--bits={text}", "--yes")
    assert ended.code == 2
    assert "is no number of at least 1" in ended.err
