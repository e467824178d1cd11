"""The three formats give the same settings, and say where something is wrong."""

import json
from pathlib import Path

import pytest

from responder.domain.targets import Mode
from responder.errors import ConfigError
from responder.settings import ConfigFile
from responder.settings.json_format import parse_json
from responder.settings.toml_format import parse_toml
from responder.settings.yaml_format import parse_yaml

JSON = """{
\t"cloudflare": {"api_token": "a-token"},
\t"alertmanager": {"urls": ["http://127.0.0.1:9093"]},
\t"sites": {
\t\t"shop": {"zones": [
\t\t\t"example.com",
\t\t\t"bad zone"
\t\t], "zone": []}
\t},
\t"server": {"listen": "127.0.0.1:1\\u0030", "listen": "127.0.0.1:11"}
}
"""
TOML = """\
log.level = "loud"

[cloudflare]
api_token = "a-token"
"timeout" = 10

[alertmanager]
urls = [
  "http://127.0.0.1:9093",
]

[sites.shop]
zones = ["bad zone"]

[[policies]]
name = "first"
mitigation = "under_attack"

[[policies]]
name = "second"
mitigation = "under_attack"
mode = "of"
  [policies.options]
  fallback = "high"
"""


def test_problems_in_json_have_their_lines(load):
    assert [problem.split(" ")[:2] for problem in load(suffix=".json").problems(JSON)] == [
        ["responder.json:7:", "sites.shop.zones[1]:"],
        ["responder.json:8:", "sites.shop.zone:"],
        ["responder.json:10:", "server.listen:"],
    ]


def test_problems_in_toml_have_their_lines(load):
    assert [problem.split(" ")[:2] for problem in load(suffix=".toml").problems(TOML)] == [
        ["responder.toml:1:", "log.level:"],
        ["responder.toml:5:", "cloudflare.timeout:"],
        ["responder.toml:13:", "sites.shop.zones[0]:"],
        ["responder.toml:22:", "policies[1].mode:"],
        ["responder.toml:24:", "policies[1].options.fallback:"],
    ]


def test_the_three_formats_give_the_same_settings(load):
    values = parse_yaml(load().minimal).value
    toml = """
    cloudflare.api_token = "a-token"
    alertmanager.urls = ["http://127.0.0.1:9093"]
    sites.shop.zones = ["example.com"]
    """
    found = {
        suffix: [(row.key, row.value) for row in load(suffix=suffix).settings(text).effective()]
        for suffix, text in (
            (".yml", load().minimal),
            (".conf", load().minimal),
            (".json", "\ufeff" + json.dumps(values, indent="\t")),
            (".toml", toml),
        )
    }
    assert all(rows == found[".yml"] for rows in found.values())


@pytest.mark.parametrize(
    ("suffix", "text", "said"),
    [
        (".yml", "a: [1, 2\nb: 3\n", ["responder.yml:2:", "is not YAML", "flow sequence"]),
        (".yml", "a: {b: ${C}}\n", ["responder.yml:1:", "put ${...} in quotes"]),
        (".yml", "\tserver:\n", ["responder.yml:1:1:", "is not YAML"]),
        (".yml", "a: 1\n---\nb: 2\n", ["responder.yml:2:", "single document"]),
        (".yml", "a: 1\nb: \x07\n", ["responder.yml:2:", "#x0007"]),
        (
            ".yml",
            "a: !!python/object:os.system x\n",
            ["responder.yml:1:4:", "a tag is not allowed"],
        ),
        (".yml", "a: !!python/object/new:os.system [x]\n", ["responder.yml:1:4:", "tag"]),
        (".yml", "a: !!set {x}\n", ["responder.yml:1:4:", "tag"]),
        (".yml", "a: !!int many\n", ["responder.yml:1:4:", "does not fit its tag"]),
        (".yml", "a: &a [*a]\n", ["responder.yml:1:", "contains itself"]),
        (".yml", "[a]: b\n", ["responder.yml:1:1:", "key must be plain text"]),
        (".yml", "a: " + "[" * 1200, ["responder.yml", "nested too deeply"]),
        (".yml", "", ["responder.yml:1:", "is empty"]),
        (".yml", "# nothing\n", ["responder.yml:1:", "is empty"]),
        (".yml", "\n- a\n", ["responder.yml:2:", "is no mapping"]),
        (".yml", "text\n", ["responder.yml:1:", "is no mapping"]),
        (".json", '{\n "a": 1,\n}', ["responder.json:", "is not JSON"]),
        (".json", " ", ["responder.json:1:", "is empty"]),
        (".json", "[]", ["responder.json:1:", "is no mapping"]),
        (".toml", "a = 1\nb = \n", ["responder.toml:2:5:", "is not TOML"]),
        (".toml", "a = 1\na = 2\n", ["responder.toml:2:6:", "is not TOML", "overwrite"]),
        (".toml", "a = '''\n", ["responder.toml:2:", "is not TOML"]),
        (".toml", "", ["responder.toml:1:", "is empty"]),
    ],
)
def test_a_file_that_is_malformed_says_where_and_why(load, suffix, text, said):
    (problem,) = load(suffix=suffix).problems(text)
    assert [part for part in said if part not in problem] == [], problem


def test_a_key_set_twice_is_told_with_both_lines(load):
    text = load().minimal + "server:\n  listen: 127.0.0.1:1\n  listen: 127.0.0.1:2\nserver: {}\n"
    assert load().problems(text) == [
        "responder.yml:10: server.listen: is set twice (first in line 9); keep one",
        "responder.yml:11: server: is set twice (first in line 8); keep one",
    ]


def test_anchors_and_merged_keys_work_and_may_be_set_again(load):
    text = load().minimal + (
        "guards: &guards {minimum_duration: 1m, calm_period: 10m}\n"
        "policies:\n"
        "- <<: *guards\n"
        "  calm_period: 20m\n"
        "  name: mine\n"
        "  mitigation: under_attack\n"
    )
    settings = load().settings(text)
    assert settings.source_of("policies[0].minimum_duration") == "responder.yml:8"
    assert settings.source_of("policies[0].calm_period") == "responder.yml:11"
    assert str(settings.policies[0].calm_period) == "0:20:00"


def test_words_that_old_yaml_takes_for_something_else_stay_words(load):
    text = (
        "cloudflare: {api_token: 0123, account_id: 01234567012345670123456701234567}\n"
        "sites:\n  no: {zones: [example.com]}\n  1234: {zones: [example.net]}\n"
        "policies: [{name: on, mitigation: under_attack, mode: off, adopt: yes}]\n"
    )
    settings = load().settings(text)
    assert list(settings.sites) == ["no", "1234"]
    assert settings.cloudflare.token.value() == "0123"
    assert settings.cloudflare.account_id == "01234567012345670123456701234567"
    assert (settings.policies[0].name, settings.policies[0].mode) == ("on", Mode.OFF)
    assert settings.policies[0].adopt is True


def test_a_section_without_a_value_is_as_good_as_left_out(load):
    text = load().minimal + "server:\nguards:\npolicies:\nprometheus: {url: , http: }\nlog:\n"
    left_out = load().settings(load().minimal)
    assert [row[:2] for row in load().settings(text).effective()] == [
        row[:2] for row in left_out.effective()
    ]


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_yaml, 'a: "x\\"y"\nb: [1, 2.5, null, true]\n'),
        (parse_json, '{"a": "x\\"y", "b": [1, 2.5, null, true], "c": {}}'),
        (parse_toml, "a = 'x\"y'\nb = [1, 2.5, 3, true]\nc = 2026-11-20\n"),
    ],
    ids=["yaml", "json", "toml"],
)
def test_plain_values_are_read_as_what_they_are(parse, text):
    values = parse(text).value
    assert values["a"] == 'x"y'
    assert values["b"][:2] == [1, 2.5]
    assert values["b"][3] is True


def test_a_file_that_cannot_be_read_is_an_error_that_names_it(tmp_path):
    (tmp_path / "latin.yml").write_bytes("name: caf\xe9".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"missing\.yml: cannot be read"):
        ConfigFile.read(tmp_path / "missing.yml")
    with pytest.raises(ConfigError, match=r"latin\.yml: is not UTF-8 text"):
        ConfigFile.read(tmp_path / "latin.yml")


def test_a_file_is_read_with_its_text_and_shown_without_it(tmp_path):
    (tmp_path / "responder.yml").write_text("a: hunter2")
    file = ConfigFile.read(tmp_path / "responder.yml")
    assert file.text == "a: hunter2"
    assert "hunter2" not in repr(file)
    assert file.path == Path(tmp_path / "responder.yml")
