"""No secret is ever shown: marked ones go in everywhere, and must come out nowhere."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace

import httpx
import pytest
import structlog
from support.installation import Setup
from support.marks import MARK, Evidence, marked

from responder.alertmanager.access import Access as AlertmanagerAccess
from responder.alertmanager.access import basic, bearer
from responder.alertmanager.poll import AlertmanagerClient
from responder.cli.access import Given, configured_access, given_access
from responder.cli.main import COMMANDS, main
from responder.cloudflare.client import CloudflareClient, Endpoint
from responder.cloudflare.credentials import Key, Token
from responder.cloudflare.security_level import SecurityLevels
from responder.errors import ConfigError, ProviderError, StoreError
from responder.logs import configure_logs
from responder.ports import EventQuery
from responder.settings.addresses import parse_address, store_url, without_password
from responder.settings.secret import Secret, SecretFile
from responder.store import open_store

SOUND = {
    "cloudflare": {"api_token": marked("token")},
    "store": {"url": f"postgresql://me:{MARK}-store@127.0.0.1:1/responder"},
    "alertmanager": {"urls": ["http://127.0.0.1:1"]},
    "sites": {"shop": {"zones": ["example.com"]}},
}
SECRETS_IN_PLACES = {
    "a token in place of its file": {"server": {"api_token_file": marked("api")}},
    "a token that looks like a path": {"server": {"webhook_token_file": f"{MARK}/x+y/z=="}},
    "a key in place of its file": {
        "server": {"tls": {"cert_file": marked("cert"), "key_file": f"-----BEGIN {MARK}\n" * 99}}
    },
    "a secret of Cloudflare's in place of its file": {
        "notifications": {"secret_file": marked("notify")}
    },
    "a secret of the routers' hook in place of its file": {
        "policies": [
            {
                "name": "p",
                "mitigation": "prefix_advertisement",
                "options": {
                    "hook": {"url": f"https://me:{MARK}@r.example", "secret_file": marked("hook")}
                },
            }
        ]
    },
    "a secret of the routers' hook that is none": {
        "policies": [
            {
                "name": "p",
                "mitigation": "prefix_advertisement",
                "options": {"hook": {"url": "https://r.example", "secret": marked("hook")}},
            }
        ]
    },
    "a list of tokens": {"cloudflare": {"api_token": [marked("token")]}},
    "a mapping of tokens": {"cloudflare": {"api_token": {"value": marked("token")}}},
    "two lines": {"cloudflare": {"api_token": f"{marked('a')}\n{marked('b')}"}},
    "two credentials": {"cloudflare": {"api_token": marked("a"), "api_key": marked("b")}},
    "a key without an email": {"cloudflare": {"api_key": marked("key")}},
    "a section that is a secret": {"cloudflare": marked("token")},
    "a password in a URL of Alertmanager": {
        "alertmanager": {"urls": [f"http://me:{MARK}-am@127.0.0.1:9093"]}
    },
    "one URL in place of a list": {"alertmanager": {"urls": f"http://me:{MARK}-am@127.0.0.1"}},
    "a password in the URL of Prometheus": {"prometheus": {"url": f"http://me:{MARK}-prom@a:b"}},
    "a password in the URL of the API": {
        "cloudflare": {"api_token": "x", "base_url": f"http://{MARK}@api.example.com?{MARK}"}
    },
    "a password in place of its file": {
        "prometheus": {"http": {"username": "me", "password_file": marked("password")}}
    },
    "an unknown store": {"store": {"url": f"mysql://me:{MARK}-my@db/x"}},
    "a store without a database": {"store": {"url": f"postgresql://me:{MARK}-pg@db"}},
    "a password with an @": {"store": {"url": f"postgresql://me:12@{MARK}@db/x"}},
    "a password with a slash": {"store": {"url": f"postgresql://me:12/{MARK}@db/x"}},
    "a password with a blank": {"store": {"url": f"postgresql://me:{MARK} x@db/x"}},
    "a password with a variable": {"store": {"url": f"postgresql://me:{MARK}${{@db/x"}},
    "a secret beside a mistake": {"surprise": 1, "guards": {"calm_period": "soon"}},
}
TORN = {
    "an alias": f"cloudflare: {{api_token: *{MARK}}}",
    "an anchor": f"cloudflare: {{api_token: &{MARK} &{MARK} x}}",
    "a tag": f"cloudflare: {{api_token: !{MARK} x}}",
    "a handle": f"cloudflare: {{api_token: !{MARK}!x y}}",
    "an open quote": f"cloudflare: {{api_token: '{MARK}}}",
    "an open list": f"cloudflare: {{api_token: [{MARK}",
    "a colon too many": f"cloudflare:\n  api_token: {MARK}: x",
    "no colon": f"cloudflare:\n  api_token\n  {MARK}\n",
    "a percent sign": f"cloudflare: {{api_token: %{MARK}}}",
    "an escape": f'cloudflare: {{api_token: "{MARK}\\q"}}',
    "a tab": f"cloudflare:\n\tapi_token: {MARK}\n",
    "a control character": f"cloudflare: {{api_token: {MARK}\x07}}",
    "nothing but it": MARK,
}
OTHER_FORMATS = {
    "torn.json": f'{{"cloudflare": {{"api_token": "{MARK}}}',
    "bare.json": f'{{"cloudflare": {{"api_token": {MARK}}}}}',
    "torn.toml": f'[cloudflare]\napi_token = "{MARK}',
    "bare.toml": f"[cloudflare]\napi_token = {MARK}",
    "twice.toml": f'[cloudflare]\napi_token = "{MARK}"\napi_token = "{MARK}"',
}


@pytest.fixture
def said(capsys, monkeypatch, tmp_path) -> Callable[..., str]:
    """Run the program, and return all that it says."""
    for name in ("RESPONDER_CONFIG", "RESPONDER_URL", "RESPONDER_API_TOKEN_FILE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> str:
        with pytest.raises(SystemExit):
            main(words)
        out, err = capsys.readouterr()
        assert out + err
        return out + err

    return run


def betrayed(*texts: str) -> list[str]:
    evidence = Evidence()
    for text in texts:
        evidence.add("text", text)
    return evidence.betrayals()


# the configuration


@pytest.mark.parametrize("command", ["config check", "config show", "status"])
@pytest.mark.parametrize("wrong", SECRETS_IN_PLACES.values(), ids=SECRETS_IN_PLACES)
def test_no_problem_with_a_configuration_shows_what_is_secret_in_it(said, tmp_path, command, wrong):
    (tmp_path / "responder.json").write_text(json.dumps(SOUND | wrong))

    text = said(*command.split(), "--config", "responder.json")

    assert betrayed(text) == []
    assert "responder.json" in text


@pytest.mark.parametrize("text", TORN.values(), ids=TORN)
def test_no_problem_with_torn_yaml_shows_its_text(said, tmp_path, text):
    (tmp_path / "responder.yml").write_text(text)
    assert betrayed(said("config", "check")) == []


@pytest.mark.parametrize(("name", "text"), OTHER_FORMATS.items(), ids=OTHER_FORMATS)
def test_no_problem_with_torn_json_or_toml_shows_its_text(said, tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert betrayed(said("config", "check", "--config", name)) == []


@pytest.mark.parametrize(
    "value", [f"'{MARK}", f"[{MARK}", f"{{{MARK}", f'["{MARK}"]', f"[*{MARK}]"]
)
def test_no_problem_with_the_environment_shows_a_value(said, tmp_path, monkeypatch, value):
    (tmp_path / "responder.json").write_text(json.dumps(SOUND))
    monkeypatch.setenv("RESPONDER_CLOUDFLARE__API_TOKEN", value)
    assert betrayed(said("config", "check", "--config", "responder.json")) == []


def test_the_values_in_force_are_shown_without_secrets(said, tmp_path):
    for name in ("webhook", "api", "password", "notify"):
        (tmp_path / name).write_text(marked(name))
    http = {"username": "me", "password_file": "password"}
    server = {"webhook_token_file": "webhook", "api_token_file": "api"}
    query = {"url": f"postgresql://me:{MARK}@db/x?sslpassword={MARK}&password={MARK}"}
    notifications = {"notifications": {"secret_file": "notify"}}
    sections = notifications | {"server": server, "prometheus": {"http": http}, "store": query}
    (tmp_path / "responder.json").write_text(json.dumps(SOUND | sections))

    for words in (["show"], ["show", "--output", "json"], ["check"]):
        assert betrayed(said("config", *words, "--config", "responder.json")) == []


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://me:{MARK}@h/d",
        f"postgresql://:{MARK}@h/d",
        f"postgresql://h/d?password={MARK}",
    ],
)
def test_a_password_in_the_url_of_the_store_is_hidden(url):
    assert betrayed(without_password(store_url(url))) == []


def test_a_secret_is_the_same_when_it_is_configured_alike(tmp_path):
    file = tmp_path / "secret"
    file.write_text("one")
    before = SecretFile(file)
    file.write_text("another")
    assert before == SecretFile(file)
    assert Secret("one") == Secret("one")
    assert len({Secret("one"), Secret("two"), before}) == 3


# the command line


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_no_help_shows_a_secret_of_the_environment(said, monkeypatch, tmp_path, command):
    monkeypatch.setenv("RESPONDER_URL", f"http://me:{MARK}@127.0.0.1")
    monkeypatch.setenv("RESPONDER_CLOUDFLARE__API_TOKEN", marked("token"))
    monkeypatch.setenv("RESPONDER_API_TOKEN_FILE", str(tmp_path / marked("path").replace("/", "")))
    assert betrayed(said(*command.split(), "--help")) == []


@pytest.mark.parametrize("url", [f"http://me:{MARK}@h", f"htp://me:{MARK}@h", f"http://h?{MARK}"])
def test_no_mistake_in_a_url_on_the_command_line_is_repeated(said, url):
    assert betrayed(said("status", "--url", url)) == []


@pytest.mark.parametrize("token", [f"{MARK}\rx", f"{MARK}\x00x", f"{MARK}ü", f"{MARK}\x1b[0m"])
def test_a_token_that_no_header_may_hold_is_refused_without_it(said, tmp_path, token):
    (tmp_path / "token").write_text(token)
    listen = parse_address("127.0.0.1:1")
    server = SimpleNamespace(listen=listen, tls=None, api_token=Secret(token))
    with pytest.raises(ConfigError) as caught:
        configured_access(SimpleNamespace(server=server))
    words = ["status", "--url", "http://127.0.0.1:1", "--api-token-file", "token"]

    assert betrayed(str(caught.value), said(*words)) == []


def test_a_token_in_place_of_its_file_is_not_repeated(said):
    words = ["status", "--url", "http://127.0.0.1:1", "--api-token-file", f"{MARK}-token"]
    assert betrayed(said(*words)) == []


def test_whoever_holds_a_token_does_not_show_it(tmp_path):
    (tmp_path / "token").write_text(f"{MARK}-token")
    access = given_access("http://127.0.0.1", Given(tmp_path / "token"))
    assert access.token == f"{MARK}-token"
    assert betrayed(repr(access)) == []


# the others' answers


def torn(asked: httpx.Request) -> httpx.Response:
    raise httpx.RemoteProtocolError(f"illegal status line: {bytearray(_headers(asked).encode())}")


def _headers(asked: httpx.Request) -> str:
    return "".join(f"{name}: {value}\n" for name, value in asked.headers.items())


def _credential(asked: httpx.Request) -> str:
    return asked.headers.get("authorization", asked.headers.get("x-auth-key", ""))


ECHOES: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    "a page": lambda asked: httpx.Response(403, html=f"<pre>{_headers(asked)}</pre>"),
    "a page after much else": lambda asked: httpx.Response(
        502, html=" " * 3000 + "x" * 150 + _headers(asked) + "x" * 5000
    ),
    "JSON": lambda asked: httpx.Response(401, json={"headers": dict(asked.headers)}),
    "an envelope": lambda asked: httpx.Response(
        400, json={"success": False, "errors": [{"code": 1, "message": _headers(asked)}]}
    ),
    "no envelope": lambda asked: httpx.Response(200, json={"errors": [dict(asked.headers)]}),
    "a list": lambda asked: httpx.Response(200, json=[dict(asked.headers), _headers(asked)]),
    "a redirect": lambda asked: httpx.Response(
        302, headers={"Location": f"https://example.com/?token={_credential(asked)}"}
    ),
    "too many": lambda asked: httpx.Response(429, text=_headers(asked)),
    "a broken server": lambda asked: httpx.Response(500, text=_headers(asked) * 50),
    "no HTTP": torn,
}


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
@pytest.mark.parametrize(
    "credential",
    [Token(lambda: marked("token")), Key("me@example.com", lambda: marked("key"))],
    ids=["token", "key"],
)
async def test_what_cloudflare_echoes_is_not_repeated(credential, echo):
    endpoint = Endpoint(transport=httpx.MockTransport(echo))
    client = CloudflareClient(endpoint, credential, timedelta)
    with pytest.raises(ProviderError) as caught:
        await SecurityLevels(client).read("0" * 32)
    await client.aclose()
    assert betrayed(str(caught.value)) == []


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
@pytest.mark.parametrize(
    "authorization",
    [bearer(lambda: marked("bearer")), basic("me", lambda: marked("password"))],
    ids=["bearer", "basic"],
)
async def test_what_an_alertmanager_echoes_is_not_repeated(authorization, echo):
    access = AlertmanagerAccess(authorization, transport=httpx.MockTransport(echo))
    client = AlertmanagerClient("http://127.0.0.1:9093", [], access)
    poll = await client.poll()
    await client.aclose()
    assert poll.problem
    assert betrayed(poll.problem) == []


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://me:{MARK}@127.0.0.1:1/responder?connect_timeout=1",
        f"postgresql://me:{MARK}@127.0.0.1:1/responder?no_such_option={MARK}",
        f"postgresql://me@127.0.0.1:1/responder?sslmode=x&sslpassword={MARK}&password={MARK}",
        f"postgresql://me:{MARK}@[::1/responder",
        f"postgresql://me:{MARK}%zz@127.0.0.1:1/x",
        f"mysql://me:{MARK}@h/d",
    ],
)
def test_a_store_that_cannot_be_opened_is_told_without_its_password(url):
    with pytest.raises(StoreError) as caught:
        open_store(url)
    assert betrayed(str(caught.value)) == []


# logs


@pytest.fixture
def logged(capfd) -> Iterator[Callable[..., str]]:
    """Log through the real chain; return what came out."""
    root = logging.getLogger()
    before = (root.handlers, root.level)

    def log(form: str, tell: Callable[[structlog.stdlib.BoundLogger], None]) -> str:
        settings = {"level": "debug", "format": form, "output": "stdout", "file": None}
        secrets = [Secret(marked(name)) for name in ("webhook", "api")]
        configure_logs(SimpleNamespace(**settings, max_size_mb=1, max_backups=1), secrets)
        tell(structlog.get_logger("test"))
        return capfd.readouterr().out

    yield log
    structlog.reset_defaults()
    root.handlers, root.level = before


def surprise(log: structlog.stdlib.BoundLogger) -> None:
    try:
        {}[f"Request(headers={{'authorization': {marked('api')!r}}})"]
    except KeyError:
        log.exception("a turn failed", target="t")


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize(
    "tell",
    [
        lambda log: log.error("refused", error=f"Bearer {marked('webhook')} is wrong"),
        lambda log: log.info(marked("api"), detail={"in": [marked("webhook")]}),
        lambda _: logging.getLogger("uvicorn.error").error("%r", {"h": marked("api")}),
        surprise,
    ],
    ids=["a field", "an event", "a library", "a traceback"],
)
def test_the_log_is_a_last_net_for_the_secrets_in_force(logged, form, tell):
    line = logged(form, tell)
    assert "[redacted]" in line
    assert betrayed(line) == []


async def test_a_surprise_in_a_turn_is_audited_without_its_words():
    setup = Setup()
    one = await setup.begin()
    setup.provider.failing["example.com"] = RuntimeError(marked("api"))
    await setup.step()
    await setup.step()

    views = [repr(view) for view in one.targets()]
    events = await one.events(EventQuery())

    assert any("RuntimeError" in entry.detail for entry in events)
    assert betrayed(*views, repr(events), repr(one.health())) == []
