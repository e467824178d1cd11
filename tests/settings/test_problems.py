"""Everything that is refused: with its line, its key, and what to do."""

import pytest

from responder.errors import ConfigError
from responder.settings.addresses import Address

SITES = "sites: {shop: {zones: [example.com]}}\n"


def problem_of(load, text: str) -> str:
    (problem,) = load().problems(load().minimal + text)
    return problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("servr: {}", "servr: unknown key; did you mean server?"),
        ("server: {qwerty: 1}", "server.qwerty: unknown key; known are api_token_file, listen"),
        ("guards: {minimum_durations: 1m}", "did you mean minimum_duration?"),
        ("alertmanager_: {}", "alertmanager_: unknown key; did you mean alertmanager?"),
        (
            "server: {tls: {cert_file: /dev/null, key_file: /dev/null, client_ca: x}}",
            "server.tls.client_ca: unknown key; did you mean client_ca_file?",
        ),
        ("server: 5", "server: must be a mapping"),
        ("policies: {}", "policies: must be a list"),
        ("policies: [x]", "policies[0]: must be a mapping"),
        ("server: {listen: 9847}", "server.listen: '9847' is no address with a port"),
        ("server: {listen: ':9847'}", "is no address with a port"),
        ("server: {listen: [a]}", "server.listen: must be one text"),
        ("server: {listen: '  '}", "server.listen: is empty"),
        ("server: {listen: '127.0.0.1:0'}", "port 0 does not exist"),
        ("server: {listen: '127.0.0.1:65536'}", "port 65536 does not exist"),
        ("server: {listen: '127.0.0.256:1'}", "'127.0.0.256' is no address"),
        ("server: {listen: '[x]:1'}", "'x' is no address"),
        ("server: {listen: 'a b:1'}", "'a b' is no address"),
        ("server: {listen: '0.0.0.0:9847'}", "can be reached by others; set webhook_token_file"),
        ("server: {listen: '[::]:9847'}", "[::]:9847 can be reached by others"),
        ("server: {listen: 'web.example.com:1'}", "can be reached by others"),
        ("server: {api_token_file: /nowhere}", "/nowhere does not exist; create it"),
        ("server: {api_token_file: /dev/null}", "/dev/null is empty; write the secret"),
        ("server: {tls: {cert_file: /dev/null}}", "server.tls.key_file: is required; add it"),
        (
            "server: {tls: {cert_file: /nowhere, key_file: /dev/null}}",
            "server.tls.cert_file: /nowhere cannot be read",
        ),
        ("prometheus: {url: ftp://a}", "prometheus.url: is no http or https URL"),
        ("prometheus: {url: 'http://'}", "has no host"),
        ("prometheus: {url: 'a:9090'}", "is no http or https URL"),
        ("prometheus: {url: 'http://a:0'}", "bad port"),
        ("prometheus: {url: 'http://a:'}", "bad port"),
        ("prometheus: {url: 'http://a:99999'}", "bad host or port"),
        ("prometheus: {url: 'http://a:b'}", "bad host or port"),
        ("prometheus: {url: 'http://[::1'}", "bad host or port"),
        ("prometheus: {url: 'http://a b'}", "bad host"),
        ("prometheus: {url: 'http://1.2.3.400'}", "bad host"),
        ("prometheus: {url: 'http://a?b=c'}", "has a ? or # in it"),
        ("prometheus: {url: 'http://me:hunter2@a'}", "has a user name or password in it"),
        ("prometheus: {http: {username: me}}", "username: has no password; add password_file"),
        ("store: {url: 'mysql://a/b'}", "unknown store 'mysql'; write sqlite or postgresql"),
        ("store: {url: 'postgres://a/b'}", "unknown store 'postgres'; write postgresql://"),
        ("store: {url: 'postgresql+psycopg://a/b'}", "write postgresql://"),
        ("store: {url: responder.db}", "unknown store ''"),
        ("store: {url: 'sqlite://'}", "names no file"),
        ("store: {url: 'sqlite:///'}", "names no file"),
        ("store: {url: 'sqlite:///:memory:'}", "names no file"),
        ("store: {url: 'postgresql://a'}", "names no database"),
        ("store: {url: 'postgresql://a:x/b'}", "bad host or port"),
        ("store: {retention: 90}", "90 has no unit; add a unit, such as 90s or 90m"),
        ("store: {retention: 0d}", "0d is no time at all"),
        ("store: {retention: -1d}", "'-1d' is negative"),
        ("store: {retention: .nan}", "'nan' is not a duration"),
        ("store: {retention: .inf}", "'inf' is not a duration"),
        ("store: {retention: true}", "must be one text"),
        ("guards: {max_sites_engaged: 0}", "0 must be greater than 0"),
        ("guards: {max_sites_engaged: -3}", "-3 must be greater than 0"),
        ("guards: {max_sites_engaged: .nan}", "'nan' is not a whole number"),
        ("guards: {max_sites_engaged: .inf}", "'inf' is not a whole number"),
        ("guards: {max_sites_engaged: 1.5}", "'1.5' is not a whole number"),
        ("guards: {max_sites_engaged: true}", "'True' is not a whole number"),
        ("guards: {max_sites_engaged: many}", "'many' is not a whole number"),
        (
            "guards: {maximum_duration: 1m}",
            "guards.maximum_duration: maximum_duration (1m) is below minimum_duration (5m)",
        ),
        (
            "guards: {minimum_duration: 13h}",
            "guards.minimum_duration: maximum_duration (12h) is below minimum_duration (13h)",
        ),
        ("log: {level: inof}", "'inof' is not one of debug, info, warning, error; did you mean"),
        ("log: {output: file}", "log.output: file needs a path; add file"),
        ("log: {max_backups: 0}", "0 must be greater than 0"),
    ],
)
def test_a_wrong_value_is_refused_at_its_line_with_what_to_do(load, text, said):
    problem = problem_of(load, text + "\n")
    assert problem.startswith("responder.yml:8: ")
    assert said in problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{mitigation: under_attack}", "policies[0].name: is required"),
        ("{name: a}", "policies[0].mitigation: is required"),
        ("{name: a, mitigation: under_atack}", "did you mean under_attack?"),
        ("{name: a, mitigation: under_attack, mode: on}", "not one of enforce, shadow, off"),
        ("{name: a, mitigation: under_attack, on_drift: x}", "not one of respect, enforce"),
        ("{name: a, mitigation: under_attack, adopt: maybe}", "write true or false"),
        ("{name: a, mitigation: under_attack, match: []}", "would match every alert"),
        ("{name: a, mitigation: under_attack, match: 'a=\"b\"'}", "match: must be a list"),
        ("{name: a, mitigation: under_attack, match: ['a', 'b=c']}", "match[0]: not a matcher"),
        ("{name: a, mitigation: under_attack, match: ['b=~\"(\"']}", "not a regular expression"),
        ("{name: a, mitigation: under_attack, minimum_duration: 5}", "minimum_duration: 5 has no"),
        (
            "{name: a, mitigation: under_attack, maximum_duration: 1m}",
            "policies[0].maximum_duration: maximum_duration (1m) is below minimum_duration (5m)",
        ),
        (
            "{name: a, mitigation: under_attack, minimum_duration: 20h}",
            "policies[0].minimum_duration: maximum_duration (12h) is below minimum_duration (20h)",
        ),
        ("{name: a, mitigation: under_attack, options: 3}", "options: must be a mapping"),
        (
            "{name: a, mitigation: under_attack, options: {fallback: x}}",
            "options.fallback: unknown key; did you mean fallback_level?",
        ),
        (
            "{name: a, mitigation: under_attack, options: {weight: .nan}}",
            "options.weight: is no number",
        ),
        (
            "{name: a, mitigation: prefix_advertisement, options: {attempt: 1}}",
            "options.attempt: unknown key; did you mean attempts?",
        ),
        (
            "{name: a, mitigation: prefix_advertisement, options: {attempts: x}}",
            "options.attempts: input should be a valid integer",
        ),
        ("{name: under-attack, mitigation: prefix_advertisement}", "name of the policy built in"),
        ("{name: a, name: b, mitigation: under_attack}", "policies[0].name: is set twice"),
    ],
)
def test_a_wrong_policy_is_refused_at_its_line_with_what_to_do(load, text, said):
    problem = problem_of(load, f"policies:\n- {text}\n")
    assert problem.startswith("responder.yml:9: ")
    assert said in problem


def test_policies_with_the_same_name_are_refused_at_the_second(load):
    policy = "- {name: a, mitigation: under_attack}\n"
    assert problem_of(load, "policies:\n" + policy * 2) == (
        "responder.yml:10: policies[1].name: is also the name of a policy at responder.yml:9;"
        " rename one"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sites: {}", "responder.yml:2: sites: there are none; add a site"),
        ("sites:", "responder.yml:2: sites: there are none; add a site"),
        ("# none", "responder.yml:1: sites: there are none; add a site"),
        ("sites: {shop: {}}", "sites.shop: protects nothing"),
        ("sites: {shop: }", "sites.shop: protects nothing"),
        ("sites: {'': {zones: [a.b]}}", "sites.: is empty"),
        ('sites: {"a\\tb": {zones: [a.b]}}', "has characters that cannot be shown"),
        ("sites: {shop: {zones: example.com}}", "sites.shop.zones: must be a list"),
        ("sites: {shop: {zones: [https://example.com]}}", "is no zone; write its name"),
        ("sites: {shop: {zones: [example]}}", "sites.shop.zones[0]: 'example' is no zone"),
        ("sites: {shop: {zones: [-a.com]}}", "is no zone"),
        ("sites: {shop: {zones: [a.com, A.com]}}", "zones[1]: a.com is already under shop"),
        (
            "sites: {shop: {zones: [a.com]}, blog: {zones: [a.com]}}",
            "sites.blog.zones[0]: a.com is already under shop (responder.yml:2); keep one of them",
        ),
        ("sites: {shop: {prefixes: [0.0.0.0/0]}}", "is the whole internet"),
        ("sites: {shop: {prefixes: ['::/0']}}", "is the whole internet"),
        ("sites: {shop: {prefixes: [203.0.113.1/24]}}", "did you mean 203.0.113.0/24?"),
        ("sites: {shop: {prefixes: [203.0.113.1]}}", "has no length; write 203.0.113.1/32"),
        ("sites: {shop: {prefixes: [203.0.113.0/33]}}", "is no prefix"),
        ("sites: {shop: {prefixes: [203.0.113.0/25]}}", "is longer than /24"),
        ("sites: {shop: {prefixes: ['2001:db8::/49']}}", "is longer than /48"),
        ("sites: {shop: {prefixes: ['::ffff:203.0.113.0/120']}}", "is IPv4 in IPv6"),
        ("sites: {shop: {prefixes: [shop]}}", "is no prefix"),
    ],
)
def test_a_wrong_site_is_refused_with_what_to_do(load, text, said):
    (problem,) = load().problems(f"cloudflare: {{api_token: a}}\n{text}\n")
    assert said in problem


def test_a_prefix_under_two_sites_is_refused_and_prefixes_need_an_account(load):
    text = (
        "cloudflare: {api_token: a}\nsites:\n"
        "  a: {prefixes: [2001:DB8::/32]}\n  b: {prefixes: ['2001:0db8::/32']}\n"
    )
    assert load().problems(text) == [
        (
            "responder.yml:1: cloudflare.account_id: is required for prefixes; add the id of the"
            " account they are in"
        ),
        (
            "responder.yml:4: sites.b.prefixes[0]: 2001:db8::/32 is already under a"
            " (responder.yml:3); keep one of them"
        ),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no credential; add api_token_file"),
        ("api_token: ''", "cloudflare.api_token: is empty"),
        ("api_token_file: /nowhere", "/nowhere does not exist"),
        ("api_token: a, api_token_file: FILE", "is set and api_token_file too; keep one of them"),
        ("email: a@b, api_key: a, api_key_file: FILE", "is set and api_key_file too"),
        ("api_token: a, email: a@b, api_key: c", "has both a token and email or key"),
        ("api_token: a, email: a@b", "has both a token and email or key"),
        ("api_token_file: FILE, api_key: c", "has both a token and email or key"),
        ("email: a@b", "cloudflare.email: has no key; add api_key_file"),
        ("api_key: a", "has a key but no email"),
        ("api_token: a, account_id: 12", "is no account id; write the 32 digits"),
        ("api_token: a, base_url: http://api.example.com", "would send the credential in clear"),
        ("api_token: a, timeout: 0s", "cloudflare.timeout: 0s is no time at all"),
    ],
)
def test_a_wrong_credential_is_refused_with_what_to_do(load, secret_file, text, said):
    text = text.replace("FILE", str(secret_file()))
    (problem,) = load().problems(f"{SITES}cloudflare: {{{text}}}\n")
    assert problem.startswith("responder.yml:2: cloudflare")
    assert said in problem


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/v4", "http://localhost:1", "http://[::1]:1", "https://a.example"]
)
def test_plain_http_to_the_api_is_accepted_on_loopback_only(load, url):
    text = load().minimal.replace("cloudflare:", f"cloudflare:\n  base_url: {url}/")
    assert load().settings(text).cloudflare.base_url == url


def test_email_and_key_are_a_credential(load, secret_file):
    settings = load().settings(
        f"{SITES}cloudflare: {{email: a@example.com, api_key_file: {secret_file()}}}"
    )
    assert settings.cloudflare.key.value() == "in-a-file"
    assert settings.cloudflare.token is None


def test_another_address_than_loopback_is_accepted_with_a_webhook_token(load, secret_file):
    text = load().minimal + f"server: {{listen: '[::]:80', webhook_token_file: {secret_file()}}}\n"
    server = load().settings(text).server
    assert server.listen == Address("::", 80)
    assert (server.webhook_token.value(), server.api_token) == ("in-a-file", None)


def test_the_api_token_must_be_another_one_than_that_of_webhooks(load, secret_file):
    one, other = secret_file("one", "same"), secret_file("other", "same\n")
    problem = problem_of(load, f"server: {{webhook_token_file: {one}, api_token_file: {other}}}\n")
    assert "server.api_token_file: holds the same token as webhook_token_file" in problem


def test_a_bearer_token_and_a_user_name_exclude_each_other(load, secret_file):
    path = secret_file()
    text = (
        f"prometheus: {{http: {{bearer_token_file: {path}, username: a, password_file: {path}}}}}"
    )
    assert "username: is set and bearer_token_file too" in problem_of(load, text)
    text = f"prometheus: {{http: {{password_file: {path}}}}}"
    assert "password_file: has no user; add username" in problem_of(load, text)


def test_an_alertmanager_that_is_listed_twice_is_refused(load):
    text = load().minimal.replace("9093]", "9093, http://127.0.0.1:9093/]")
    (problem,) = load().problems(text)
    assert "alertmanager.urls[1]: http://127.0.0.1:9093 is there twice" in problem


def test_a_bad_heartbeat_label_is_refused(load):
    text = load().minimal.replace("alertmanager:", "alertmanager:\n  heartbeat_labels: [a-b]")
    (problem,) = load().problems(text)
    assert problem.startswith("responder.yml:4: alertmanager.heartbeat_labels[0]: 'a-b' is no")


def test_all_problems_are_told_at_once_each_at_its_own_line(load):
    text = """\
server:
  listen: 0.0.0.0:9847
  lisen: x
cloudflare:
  timeout: 10
  api_token: ${TOKEN}
sites:
  shop:
    zones:
      - bad_zone
      - example.com
      - example.com
  blog:
    prefixes: [0.0.0.0/0]
guards:
  minimum_duration: 0s
policies:
  - mitigation: under_attack
    mode: enforced
    options: {fallback_level: [1]}
  - name: second
    mitigation: unknown
    maximum_duration: 1s
log: {output: file}
"""
    environ = {"RESPONDER_STORE__URL": "mysql://a/b"}
    problems = load(environ=environ, command_line={"log.level": "x"}).problems(text)
    assert [": ".join(problem.split(": ")[:2]) for problem in problems] == [
        "responder.yml:2: server.listen",
        "responder.yml:3: server.lisen",
        "responder.yml:5: cloudflare.timeout",
        "responder.yml:6: cloudflare.api_token",
        "responder.yml:10: sites.shop.zones[0]",
        "responder.yml:12: sites.shop.zones[2]",
        "responder.yml:14: sites.blog.prefixes[0]",
        "responder.yml:16: guards.minimum_duration",
        "responder.yml:18: policies[0].name",
        "responder.yml:19: policies[0].mode",
        "responder.yml:20: policies[0].options.fallback_level",
        "responder.yml:22: policies[1].mitigation",
        "responder.yml:23: policies[1].maximum_duration",
        "responder.yml:24: log.output",
        "environment RESPONDER_STORE__URL: store.url",
        "command line: log.level",
    ]


def test_a_prefix_within_that_of_another_site_is_refused(load):
    account = load(environ={"RESPONDER_CLOUDFLARE__ACCOUNT_ID": "0" * 32})
    text = load().minimal[: load().minimal.index("sites:")]
    text += "sites: {shop: {prefixes: [203.0.113.0/24, 203.0.112.0/23]}, blog: {prefixes: [%s]}}"
    assert len(account.settings(text % "2001:db8::/32, 198.51.100.0/24").sites) == 2
    with pytest.raises(ConfigError) as raised:
        account.settings(text % "203.0.112.0/24")
    (said,) = raised.value.problems
    assert "sites.blog.prefixes[0]: 203.0.112.0/24 lies in 203.0.112.0/23 under shop" in said
