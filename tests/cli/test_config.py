"""`responder config`: begin, check and show the configuration."""

import json
import re

import pytest

from responder.settings import template


def test_init_writes_the_template_and_says_what_comes_next(run, tmp_path):
    ended = run("config", "init")
    assert ended.code == 0
    assert (tmp_path / "responder.yml").read_text() == template()
    assert "responder config check --config responder.yml" in ended.out


def test_each_file_of_the_next_steps_is_one_that_the_template_names(run):
    files = set(re.findall(r"/etc/responder/\w+\.token", run("config", "init").out))
    assert files == set(re.findall(r"/etc/responder/\w+\.token", template()))


def test_init_overwrites_nothing_unless_forced(run, tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text("precious")
    ended = run("config", "init", str(path))
    assert ended.code == 1
    assert "--force" in ended.err
    assert path.read_text() == "precious"
    assert run("config", "init", str(path), "--force").code == 0
    assert path.read_text() == template()


def test_init_writes_no_yaml_under_another_name(run):
    assert run("config", "init", "responder.toml").code == 2


def test_init_tells_where_it_may_not_write(run):
    ended = run("config", "init", "nowhere/responder.yml")
    assert ended.code == 1
    assert ended.err == (
        "Error: nowhere/responder.yml cannot be written (No such file or directory)\n"
    )


def test_check_says_ok(run, config):
    config()
    ended = run("config", "check")
    assert (ended.code, ended.out, ended.err) == (0, "ok\n", "")


def test_check_warns_beside_saying_ok(run, config):
    config()
    ended = run("config", "check", "--set", "alertmanager.urls=[]")
    assert (ended.code, ended.out) == (0, "ok\n")
    assert ended.err.startswith("warning: command line: alertmanager.urls: ")


def test_check_tells_every_problem(run, config):
    config(["surprise: 1", "server: {listen: nowhere}"])
    ended = run("config", "check")
    assert (ended.code, ended.out) == (2, "")
    assert len(ended.err.splitlines()) == 2


def test_show_tells_values_and_their_places_but_no_secret(run, config):
    config()
    ended = run("config", "show", "--output", "json")
    found = {one["key"]: one for one in json.loads(ended.out)["settings"]}
    assert found["sites.shop.zones"]["value"] == "[example.com]"
    assert found["sites.shop.zones"]["source"] == "responder.yml:4"
    assert found["guards.calm_period"]["source"] == "default"
    assert found["cloudflare.api_token"]["value"] == "********"
    assert "cf-s3cret" not in ended.out


@pytest.mark.parametrize("columns", ["80", "100", None])
def test_show_never_cuts_a_key(run, config, monkeypatch, columns):
    config()
    if columns:
        monkeypatch.setenv("COLUMNS", columns)
    ended = run("config", "show")
    assert re.search(r"^policies\[0\]\.max_engagements_per_hour +30 ", ended.out, re.MULTILINE)
    assert "cf-s3cret" not in ended.out
