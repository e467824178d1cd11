"""The section `notifications` of the configuration, and the command that needs it."""

import json

import pytest

from responder.cli.main import main
from responder.domain.notification_types import SUSTAINING, TRIGGERING
from responder.errors import ConfigError
from responder.mitigations.registry import KINDS
from responder.notifications.building import rules_of
from responder.settings import ConfigFile, load_settings

ACCOUNT = "A" * 32
SOUND = {
    "cloudflare": {"api_token": "a-token", "account_id": ACCOUNT},
    "alertmanager": {"urls": ["http://127.0.0.1:9093"]},
    "sites": {"shop": {"zones": ["example.com"]}, "office": {"prefixes": ["203.0.113.0/24"]}},
}
URL = "https://responder.example/webhooks/cloudflare"


@pytest.fixture
def settings(tmp_path):
    def load(**sections):
        (tmp_path / "secret").write_text("a-s3cret")
        (tmp_path / "token").write_text("a-t0ken")
        text = json.dumps(SOUND | sections).replace("FOLDER", str(tmp_path))
        file = ConfigFile(tmp_path / "responder.json", text)
        return load_settings(file, KINDS, environ={}, command_line={})

    return load


def test_as_shipped_attacks_ask_and_nothing_is_taken(settings):
    section = settings().notifications
    assert (section.trigger, section.sustain) == (TRIGGERING, SUSTAINING)
    assert section.secret_file is None


def test_the_rules_know_the_account_and_all_that_is_provisioned(settings, samples):
    loaded = settings(notifications={"secret_file": "FOLDER/secret", "maximum_age": "10m"})
    rules = rules_of(loaded)
    found = [
        rules.places.find(samples.told(name))[0].site
        for name in ("fbm_dosd_attack", "advanced_ddos_attack_l7_alert.start")
    ]
    assert (found, rules.account) == (["office", "shop"], ACCOUNT.lower())
    assert rules.maximum_age.total_seconds() == 600
    assert "a-s3cret" in [one.value() for one in loaded.secrets]


def test_without_an_alertmanager_it_is_said_that_nothing_follows(settings):
    section = {"secret_file": "FOLDER/secret"}
    assert not any("become no alerts" in one for one in settings(notifications=section).warnings)
    warned = settings(notifications=section, alertmanager={"urls": []}).warnings
    assert any("notifications become no alerts" in one for one in warned)


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        ({"trigger": ["dos_atack_l4"]}, "unknown alert type 'dos_atack_l4'; did you mean"),
        ({"sustain": ["gremlins"]}, "unknown alert type 'gremlins'"),
        ({"sustain": ["dos_attack_l4"]}, "dos_attack_l4 is under trigger too; keep one of them"),
        ({"secret_file": "FOLDER/nowhere"}, "does not exist"),
        ({"secret_file": "FOLDER/token"}, "holds the same secret as server.webhook_token_file"),
        ({"maximum_age": "0s"}, "no time at all"),
        ({"secret": "x"}, "unknown key"),
    ],
)
def test_a_mistake_is_named_with_what_to_do(settings, sections, problem):
    server = {"webhook_token_file": "FOLDER/token"}
    with pytest.raises(ConfigError) as caught:
        settings(notifications=sections, server=server)
    assert len(caught.value.problems) == 1
    assert problem in caught.value.problems[0]


@pytest.mark.parametrize(
    ("words", "left_out", "said"),
    [
        (["setup", "--url", URL], "secret", "notifications.secret_file: is required"),
        (["check"], "account", "cloudflare.account_id: is required"),
        (["setup", "--url", "http://responder.example/webhooks/cloudflare"], "", "write https://"),
        (["setup", "--url", "https://responder.example/hook"], "", "end with /webhooks/cloudflare"),
        (["setup", "--url", f"{URL}?secret=x"], "", "end with /webhooks/cloudflare"),
        (["setup"], "", "--url"),
    ],
)
def test_the_command_says_what_it_lacks(tmp_path, capsys, monkeypatch, words, left_out, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_text("a-s3cret")
    config = {**SOUND, "notifications": {"secret_file": "secret"}, "sites": SOUND["sites"] | {}}
    if left_out == "secret":
        config["notifications"] = {}
    if left_out == "account":
        config["cloudflare"] = {"api_token": "a-token"}
        config["sites"] = {"shop": {"zones": ["example.com"]}}
    (tmp_path / "responder.json").write_text(json.dumps(config))

    with pytest.raises(SystemExit) as ended:
        main(["notifications", *words, "--config", "responder.json"])

    assert ended.value.code == 2
    assert said in " ".join(capsys.readouterr().err.split())
