"""What `config show` shows: every value in force, its source, and never a secret."""

from itertools import pairwise

import pytest

from responder.settings.root import Root

HIDDEN = "hunter2"


@pytest.fixture
def settings(load, secret_file):
    path = secret_file(text=HIDDEN)
    text = load().minimal + (
        f"server: {{webhook_token_file: {path}}}\n"
        f"store: {{url: 'postgresql://me:{HIDDEN}@db/responder'}}\n"
        f"prometheus: {{http: {{username: me, password_file: {path}}}}}\n"
        "policies: [{name: a, mitigation: under_attack, calm_period: 20m}]\n"
    )
    environ = {"RESPONDER_CLOUDFLARE__API_TOKEN": HIDDEN}
    return load(environ=environ).settings(text)


def test_no_secret_is_ever_shown(settings):
    shown = f"{settings!r} {settings} {list(settings.effective())} {settings.inventory()!r}"
    shown += "".join(f"{getattr(settings, name)!r}" for name in Root.model_fields)
    assert HIDDEN not in shown
    assert settings.cloudflare.token.value() == HIDDEN


def test_no_problem_or_warning_shows_a_secret(load, tmp_path):
    (tmp_path / "two").write_text(f"{HIDDEN}\n{HIDDEN}\n")
    text = f"""\
cloudflare: {{api_token: [{HIDDEN}], api_key: {HIDDEN}, api_key_file: {tmp_path / "two"}}}
store: {{url: 'mysql://me:{HIDDEN}@db/x'}}
prometheus: {{url: 'http://me:{HIDDEN}@a'}}
alertmanager: {{urls: ['http://me:{HIDDEN}@a:x']}}
"""
    environ = {"RESPONDER_CLOUDFLARE__EMAIL": f'"{HIDDEN}'}
    problems = load(environ=environ).problems(text)
    assert len(problems) >= 6
    assert HIDDEN not in "\n".join(problems)


def test_values_are_shown_as_they_are_written_in_a_file(settings):
    shown = {row.key: row.value for row in settings.effective()}
    expected = {
        "alertmanager.urls": "[http://127.0.0.1:9093]",
        "alertmanager.poll_interval": "5s",
        "cloudflare.api_token": "********",
        "cloudflare.email": "",
        "store.url": "postgresql://me:********@db/responder",
        "policies[0].mode": "enforce",
        "policies[0].adopt": "false",
        "policies[0].match": '[mitigation="under_attack"]',
        "policies[0].options.fallback_level": "medium",
        "log.max_backups": "5",
    }
    assert {key: shown[key] for key in expected} == expected


def test_every_value_tells_where_it_came_from(settings):
    sources = {row.key: row.source for row in settings.effective()}
    expected = {
        "cloudflare.api_token": "environment RESPONDER_CLOUDFLARE__API_TOKEN",
        "sites.shop.zones": "responder.yml:7",
        "policies[0].calm_period": "responder.yml:11",
        "policies[0].minimum_duration": "default",
        "policies[0].match": "default",
    }
    assert {key: sources[key] for key in expected} == expected


def test_the_order_is_that_of_the_reference(settings):
    sections = [row.key.replace("[", ".").split(".")[0] for row in settings.effective()]
    order = list(Root.model_fields)
    assert all(order.index(one) <= order.index(next_) for one, next_ in pairwise(sections))
    assert set(sections) == set(order)


def test_each_value_is_shown_once(settings):
    keys = [row.key for row in settings.effective()]
    assert len(keys) == len(set(keys))


def test_the_source_of_every_layer_is_told(load, secret_file):
    text = f"""\
cloudflare: {{api_token: '${{TOKEN}}', timeout: 7s}}
server: {{webhook_token_file: {secret_file()}}}
alertmanager: {{urls: ['http://127.0.0.1:9093']}}
store: {{url: 'postgresql://${{WHO:-me}}:${{TOKEN}}@${{HOST}}/x', retention: '${{KEPT:-30d}}'}}
sites: {{shop: {{zones: [a.example, '${{ZONE}}']}}}}
guards: {{calm_period: 10m, maximum_sustain: 1h}}
policies: [{{name: a, mitigation: under_attack, calm_period: 20m}}]
"""
    environ = {
        "TOKEN": HIDDEN,
        "HOST": "db",
        "ZONE": "b.example",
        "RESPONDER_SERVER__API_TOKEN_FILE": str(secret_file("other", "of-the-api")),
        "RESPONDER_LOG__LEVEL": "debug",
        "RESPONDER_GUARDS__MINIMUM_DURATION": "1m",
    }
    said = {
        "log.level": "error",
        "guards.maximum_duration": "1h",
        "sites.blog.zones": "[c.example]",
    }
    loader = load(environ=environ, command_line=said)
    sources = {row.key: row.source for row in loader.settings(text).effective()}
    expected = {
        "cloudflare.timeout": "responder.yml:1",
        "cloudflare.api_token": "responder.yml:1 and environment TOKEN",
        "server.webhook_token_file": "responder.yml:2",
        "server.api_token_file": "environment RESPONDER_SERVER__API_TOKEN_FILE",
        "server.listen": "default",
        "store.url": "responder.yml:4 and environment TOKEN and environment HOST",
        "store.retention": "responder.yml:4",
        "sites.shop.zones": "responder.yml:5 and environment ZONE",
        "sites.blog.zones": "command line",
        "log.level": "command line",
        "policies[0].calm_period": "responder.yml:7",
        "policies[0].maximum_sustain": "responder.yml:6",
        "policies[0].minimum_duration": "environment RESPONDER_GUARDS__MINIMUM_DURATION",
        "policies[0].maximum_duration": "command line",
        "policies[0].max_sites_engaged": "default",
    }
    assert {key: sources[key] for key in expected} == expected


def test_problems_name_the_place_alone(load):
    (problem,) = load(environ={"T": "soon"}).problems(
        load().minimal + "store: {retention: '${T}'}\n"
    )
    assert problem.startswith("responder.yml:8: store.retention: ")
