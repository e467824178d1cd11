"""File, environment and command line: who wins, and what is told about it."""

import pytest


def test_the_command_line_wins_over_the_environment_over_the_file_over_the_default(load):
    text = load().minimal + "log: {level: error, format: text, output: syslog}\n"
    settings = load(
        environ={"RESPONDER_LOG__LEVEL": "warning", "RESPONDER_LOG__FORMAT": "json"},
        command_line={"log.level": "debug"},
    ).settings(text)
    log = settings.log
    assert (log.level, log.format, log.output, log.max_backups) == ("debug", "json", "syslog", 5)
    assert [settings.source_of(f"log.{key}") for key in ("level", "format", "output")] == [
        "command line",
        "environment RESPONDER_LOG__FORMAT",
        "responder.yml:8",
    ]
    assert settings.source_of("log.max_backups") == "default"


def test_variables_set_lists_numbers_and_quoted_text(load):
    settings = load(
        environ={
            "RESPONDER_ALERTMANAGER__URLS": '["http://a:9093", "http://b:9093"]',
            "RESPONDER_GUARDS__MAX_SITES_ENGAGED": "3",
            "RESPONDER_GUARDS__CALM_PERIOD": '"20m"',
            "RESPONDER_SITES__BLOG__ZONES": "[example.net]",
        }
    ).settings(load().minimal)
    assert settings.alertmanager.urls == ("http://a:9093", "http://b:9093")
    assert settings.guards.max_sites_engaged == 3
    assert str(settings.guards.calm_period) == "0:20:00"
    assert settings.sites["blog"].zones == ("example.net",)


def test_guards_from_the_environment_reach_the_policies(load):
    settings = load(environ={"RESPONDER_GUARDS__CALM_PERIOD": "20m"}).settings(load().minimal)
    assert str(settings.policies[0].calm_period) == "0:20:00"
    assert settings.source_of("policies[0].calm_period").startswith("environment")


def test_the_environment_fills_a_section_that_the_file_leaves_empty_or_out(load):
    environ = {"RESPONDER_CLOUDFLARE__API_TOKEN": "t", "RESPONDER_LOG__LEVEL": "debug"}
    settings = load(environ=environ).settings("cloudflare:\nsites: {a: {zones: [example.com]}}")
    assert settings.cloudflare.token.value() == "t"
    assert settings.log.level == "debug"


@pytest.mark.parametrize(
    "value", ["*star", "a: b", "#hash", "%x", "0123", "null", "true", "a\n", '"quoted"']
)
def test_a_token_in_a_variable_is_taken_as_it_is_but_for_quotes_around_it(load, value):
    environ = {"RESPONDER_CLOUDFLARE__API_TOKEN": value}
    settings = load(environ=environ).settings("sites: {a: {zones: [example.com]}}")
    assert settings.cloudflare.token.value() == value.strip().strip('"')


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("RESPONDER_LOG__LEVEL", "loud", "log.level: 'loud' is not one of debug"),
        ("RESPONDER_LOG__LEVLE", "info", "log.levle: unknown key; did you mean level?"),
        ("RESPONDER_LOG__", "info", "unknown key"),
        ("RESPONDER_LOG__LEVEL__MIN", "info", "log.level.min: log.level has no keys to set"),
        ("RESPONDER_SERVER__LISTEN__PORT", "1", "server.listen: must be one text"),
        ("RESPONDER_ALERTMANAGER__URLS", "http://a", "alertmanager.urls: must be a list"),
        ("RESPONDER_ALERTMANAGER__URLS", "[http://a", "is neither plain text nor YAML"),
        ("RESPONDER_POLICIES__0__MODE", "off", "policies has no keys to set"),
    ],
)
def test_a_bad_variable_is_a_problem_that_names_it(load, name, value, said):
    text = load().minimal + "log: {level: info}\npolicies: []\n"
    (problem,) = load(environ={name: value}).problems(text)
    assert problem.startswith(f"environment {name}: ")
    assert said in problem


def test_variables_that_are_no_settings_are_ignored_those_of_no_section_with_a_warning(load):
    environ = {
        "RESPONDER_CONFIG": "x",
        "RESPONDER_PORT_9847_TCP": "x",
        "OTHER__THING": "x",
        "RESPONDER_WEB__LISTEN": "x",
    }
    (warning,) = load(environ=environ).settings(load().minimal).warnings
    assert warning.startswith("environment RESPONDER_WEB__LISTEN: web.listen: ignored")


def test_a_bad_command_line_setting_is_a_problem_that_says_so(load):
    problems = load(command_line={"server.listn": "x", "wrong": "y"}).problems(load().minimal)
    assert problems == [
        "command line: server.listn: unknown key; did you mean listen?",
        (
            "command line: wrong: unknown key; known are alertmanager, cloudflare, guards, log,"
            " notifications, policies, prometheus, sensor, server, sites, store"
        ),
    ]


def test_a_secret_from_above_replaces_the_file_named_below(load, secret_file):
    below = "cloudflare: {api_token_file: /nowhere}\nsites: {a: {zones: [example.com]}}"
    settings = load(environ={"RESPONDER_CLOUDFLARE__API_TOKEN": "above"}).settings(below)
    assert settings.cloudflare.token.value() == "above"
    environ = {"RESPONDER_CLOUDFLARE__API_TOKEN_FILE": str(secret_file())}
    settings = load(environ=environ).settings(load().minimal)
    assert settings.cloudflare.token.value() == "in-a-file"


def test_both_forms_of_a_secret_from_one_source_are_a_problem(load, secret_file):
    environ = {
        "RESPONDER_CLOUDFLARE__API_TOKEN": "one",
        "RESPONDER_CLOUDFLARE__API_TOKEN_FILE": str(secret_file()),
    }
    (problem,) = load(environ=environ).problems(load().minimal)
    assert "cloudflare.api_token: is set and api_token_file too" in problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${NAME}", "value"),
        ("a-${NAME}-${NAME}", "a-value-value"),
        ("${MISSING:-default}", "default"),
        ("${EMPTY:-default}", "default"),
        ("${NAME:-default}", "value"),
        ("x${MISSING:-}", "x"),
        ("$$", "$"),
        ("$${NAME}", "${NAME}"),
        ("a$", "a$"),
        ("$NAME", "$NAME"),
    ],
)
def test_variables_in_the_file_are_replaced(load, text, expected):
    environ = {"NAME": "value", "EMPTY": ""}
    minimal = load().minimal.replace("a-token", f"'{text}'")
    assert load(environ=environ).settings(minimal).cloudflare.token.value() == expected


def test_values_of_variables_are_not_expanded_again(load):
    environ = {"NAME": "${OTHER}", "RESPONDER_CLOUDFLARE__API_TOKEN": "a$$b${C}"}
    settings = load(environ=environ).settings(load().minimal + "log: {file: '${NAME}'}\n")
    assert settings.cloudflare.token.value() == "a$$b${C}"
    assert str(settings.log.file) == "${OTHER}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("${MISSING}", "the variable MISSING is not set"),
        ("${}", "names no variable"),
        ("${1A}", "names no variable"),
        ("${NAME", "names no variable"),
    ],
)
def test_a_variable_that_is_not_set_is_a_problem_at_its_line(load, text, said):
    problems = load(environ={}).problems(load().minimal.replace("a-token", f"'{text}'"))
    assert len(problems) == 1
    assert problems[0].startswith("responder.yml:2: cloudflare.api_token: ")
    assert said in problems[0]
