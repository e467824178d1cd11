"""`responder rules`: thresholds of one's own as rules, and a look at rule files."""

import json
import os
from pathlib import Path

import pytest
import yaml

from responder.rulefiles.template import MARK

OWN = "thresholds:\n  - {site: shop, signal: load, upper: 4}\n"
WRONG = "thresholds:\n  - {site: shp, signal: load, upper: .nan}\n  - {site: shp, preset: wild}\n"
TOPK = "groups:\n - name: g\n   rules:\n    - {alert: Theirs, expr: 'topk(3, a) > 1'}\n"


def rule_file(*rules):
    return "groups:\n - name: g\n   rules:\n" + "".join(f"    - {rule}\n" for rule in rules)


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.yml"
    path.write_text(OWN)
    return path.name


@pytest.fixture
def rules(tmp_path):
    path = tmp_path / "mine"
    path.mkdir()
    (path / "one.yml").write_text(TOPK)
    (path / "two.yaml").write_text("groups: []\n")
    return path.name


@pytest.fixture
def _no_promtool(monkeypatch):
    monkeypatch.setenv("PATH", os.devnull)


# render


def test_render_prints_a_rule_file(run, own, config):
    config()
    ended = run("rules", "render", own)
    assert (ended.code, ended.err) == (0, "")
    (group,) = yaml.safe_load(ended.out)["groups"]
    assert group["rules"][0]["expr"] == "vector(4)"


def test_render_prints_the_same_every_time(run, own, config):
    config()
    assert run("rules", "render", own).out == run("rules", "render", own).out


def test_sites_are_those_of_the_configuration_and_of_the_command_line(run, own, config):
    config()
    Path(own).write_text(OWN + "  - {site: blog, signal: load, upper: 4}\n")
    ended = run("rules", "render", own)
    assert ended.code == 2
    assert ended.err == "own.yml:3:6: site: unknown site 'blog'; known are shop\n"
    assert run("rules", "render", own, "--site", "blog").code == 0


def test_the_configuration_may_be_one_without_its_secrets(run, own, tmp_path):
    (tmp_path / "there.yml").write_text(
        "cloudflare: {api_token_file: /nowhere/token}\nsites: {shop: {zones: [example.com]}}\n"
    )
    assert run("rules", "render", own, "--config", "there.yml").code == 0


def test_without_a_configuration_it_is_said_that_sites_are_not_checked(run, own):
    ended = run("rules", "render", own)
    assert ended.code == 0
    assert "the sites are not checked" in ended.err
    named = run("rules", "render", own, "--site", "other")
    assert named.code == 2
    assert "unknown site 'shop'" in named.err


def test_a_configuration_that_is_named_must_be_there(run, own):
    ended = run("rules", "render", own, "--config", "nowhere.yml")
    assert ended.code == 2
    assert "no such file" in ended.err


def test_everything_wrong_is_told_with_its_place_and_code_2(run, own, config):
    config()
    Path(own).write_text(WRONG)
    ended = run("rules", "render", own, "--output", "out.yml")
    assert (ended.code, ended.out) == (2, "")
    assert [line.split(": ")[0] for line in ended.err.splitlines()] == [
        "own.yml:2:31",
        "own.yml:3:6",
    ]
    assert not Path("out.yml").exists()


def test_render_writes_a_file_and_overwrites_only_what_it_wrote(run, own, config):
    config()
    words = ("rules", "render", own, "--output", "out.yml")
    assert run(*words).out == "wrote out.yml\n"
    assert Path("out.yml").read_text().startswith(MARK)
    assert run(*words).out == "out.yml is up to date\n"
    Path("out.yml").write_text("precious")
    refused = run(*words)
    assert refused.code == 1
    assert "--force" in refused.err
    assert Path("out.yml").read_text() == "precious"
    assert run(*words, "--force").code == 0


def test_render_tells_whether_a_file_is_up_to_date_and_writes_nothing(run, own, config):
    config()
    words = ("rules", "render", own, "--output", "out.yml")
    assert run(*words, "--check").code == 1
    assert not Path("out.yml").exists()
    run(*words)
    before = Path("out.yml").read_text()
    assert run(*words, "--check").code == 0
    Path(own).write_text(OWN.replace("4", "5"))
    stale = run(*words, "--check")
    assert stale.code == 1
    assert "+        expr: vector(5)" in stale.out
    assert "out.yml is out of date; run responder rules render own.yml" in stale.err
    assert Path("out.yml").read_text() == before
    assert run("rules", "render", own, "--check").code == 2


def test_the_rules_may_be_those_that_the_user_loads(run, own, tmp_path):
    there = tmp_path / "theirs"
    there.mkdir()
    ended = run("rules", "render", own, "--rules", "theirs")
    assert ended.code == 2
    assert "theirs/thresholds.yml" in ended.err
    (there / "thresholds.yml").write_text(
        rule_file(
            "{record: 'a:upper', labels: {signal: load, bound: upper}, expr: vector(9)}",
            "{record: 'a:lower', labels: {signal: load, bound: lower}, expr: vector(5)}",
        )
    )
    (there / "overrides.yml").write_text(
        rule_file("{record: 'instance:threshold_load:upper', expr: vector(1)}")
    )
    ended = run("rules", "render", own, "--rules", "theirs")
    assert ended.code == 2
    assert "lower 5 (default) is not below upper 4 (line 2)" in ended.err


def test_the_schema_is_shown(run):
    ended = run("rules", "render", "--schema")
    assert ended.code == 0
    assert "thresholds" in json.loads(ended.out)["properties"]


# check


def test_check_looks_at_the_shipped_rules_unless_told_otherwise(run):
    ended = run("rules", "check")
    assert ended.code == 0
    assert ": 0 findings; promtool: asked" in ended.out


def test_check_shows_what_it_finds_and_ends_with_1(run, rules):
    ended = run("rules", "check", rules)
    assert ended.code == 1
    row = ended.out.splitlines()[1]
    assert all(part in row for part in ("mine/one.yml:4", " g ", "Theirs", "topk", "compare with"))
    assert "2 files, 1 rule: 1 finding; promtool: asked" in ended.out


def test_check_shows_the_same_to_programs(run, rules):
    ended = run("rules", "check", rules, "--output", "json")
    assert ended.code == 1
    document = json.loads(ended.out)
    (found,) = document["findings"]
    assert set(found) == {"file", "line", "group", "rule", "check", "what", "advice"}
    assert (found["file"], found["rule"], found["check"]) == ("mine/one.yml", "Theirs", "topk")
    assert (document["files"], document["rules"], document["promtool"]) == (2, 1, "asked")


@pytest.mark.usefixtures("_no_promtool")
def test_a_promtool_that_is_not_there_is_said_and_no_mistake(run, rules):
    ended = run("rules", "check", f"{rules}/two.yaml")
    assert ended.code == 0
    assert ended.out == "1 file, 0 rules: 0 findings; promtool: not asked, it is not on PATH\n"


def test_promtool_adds_what_only_it_sees(run, rules):
    rule = "    - {record: 'a:b', expr: vector(1)}\n"
    Path(rules, "one.yml").write_text(f"groups:\n - name: g\n   rules:\n{rule}{rule}")
    ended = run("rules", "check", rules, "-o", "json")
    assert ended.code == 1
    assert [found["check"] for found in json.loads(ended.out)["findings"]] == ["promtool"]
    assert run("rules", "check", rules, "--skip", "promtool").code == 0


def test_names_are_declared_in_files_of_the_user(run, rules):
    labels = "labels: {action: none}"
    Path(rules, "one.yml").write_text(
        f"groups:\n - name: g\n   rules:\n    - {{alert: A, expr: mine > 1, {labels}}}\n"
    )
    assert run("rules", "check", rules).code == 1
    Path("names.txt").write_text("# ours\nmine  # the one\n")
    assert run("rules", "check", rules, "--known", "names.txt").code == 0
    missing = run("rules", "check", rules, "--known", "nowhere.txt")
    assert missing.code == 2
    assert "nowhere.txt: cannot be read" in missing.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere"], "nowhere: there is no such file or folder"),
        (["empty"], "empty: holds no rule files"),
        (["--skip", "everything"], "no check is called 'everything'"),
        (["--interval", "often"], "often"),
    ],
)
def test_what_cannot_be_meant_is_told_with_code_2(run, tmp_path, words, told):
    (tmp_path / "empty").mkdir()
    ended = run("rules", "check", *words)
    assert ended.code == 2
    assert told in ended.err
