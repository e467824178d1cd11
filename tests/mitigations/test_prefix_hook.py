"""The hook of prefixes: its configuration, and what routers are told at the address in it."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from responder.domain.clock import Moment
from responder.domain.hook import HookCall, HookEvent, HookOutcome, HookRule
from responder.domain.targets import Target
from responder.errors import ConfigError
from responder.mitigations.prefix_hook import HookOptions, OnFailure, PrefixHook, rule_of
from responder.mitigations.registry import KINDS
from responder.settings.file import ConfigFile
from responder.settings.loading import load_settings

START = datetime(2026, 11, 20, 10, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
URL = "https://router.example.com/hook"
PREFIX = "203.0.113.0/24"
TARGET = Target("office", "prefix_advertisement", PREFIX, "prefix")


class Clock:
    def now(self):
        return START

    def monotonic(self):
        return timedelta(0)


def settings(hook: dict):
    text = {
        "cloudflare": {"api_token": "t" * 40, "account_id": "0" * 32},
        "sites": {"office": {"prefixes": [PREFIX]}},
        "policies": [
            {"name": "p", "mitigation": "prefix_advertisement", "options": {"hook": hook}}
        ],
    }
    file = ConfigFile(Path("responder.json"), json.dumps(text))
    return load_settings(file, KINDS, environ={}, command_line={})


def hook_of(**given: object) -> HookOptions:
    options = settings({"url": URL, "secret": SECRET} | given).options["p"]
    return options.hook


def test_what_is_left_out_is_the_safe_choice():
    hook = hook_of()
    assert (hook.timeout, hook.on_failure) == (timedelta(seconds=5), OnFailure.PROCEED)
    told = frozenset({HookEvent.BEFORE_ADVERTISE, HookEvent.AFTER_WITHDRAW})
    assert rule_of(hook) == HookRule(told, required=False)
    assert rule_of(None) == HookRule()


def test_decisions_see_what_the_policy_says():
    one = settings(
        {"url": URL, "secret": SECRET, "on_failure": "hold", "events": ["before_withdraw"]}
    )
    (policy,) = one.inventory().policies
    assert policy.hook == HookRule(frozenset({HookEvent.BEFORE_WITHDRAW}), required=True)


def test_its_secret_is_shown_nowhere(tmp_path):
    one = settings({"url": URL, "secret": SECRET})
    assert SECRET not in f"{one!r} {list(one.effective())} {one.inventory()!r}"
    assert SECRET in {secret.value() for secret in one.secrets}
    file = tmp_path / "hook.secret"
    file.write_text(SECRET)
    one = settings({"url": URL, "secret_file": str(file)})
    shown = {key: value for key, value, _ in one.effective()}
    assert shown["policies[0].options.hook.secret_file"] == str(file)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": None}, "url: is required"),
        ({"url": "http://router.example.com/hook"}, "url: could be answered by anybody"),
        ({"url": "ftp://router.example.com"}, "url: is no URL to call"),
        ({"url": "https:///hook"}, "url: is no URL to call"),
        ({"url": "https://me:hunter2@router.example.com/hook"}, "url: has a user name or password"),
        ({"url": "https://router.example.com/hook?key=hunter2"}, "url: has a ? or # in it"),
        ({"secret": None}, "hook: has no secret; add secret_file"),
        ({"secret": "hunter2"}, "secret: is no signing secret"),
        ({"secret_file": "/nowhere/at/all"}, "secret_file: /nowhere/at/all does not exist"),
        ({"secret_file": "{file}"}, "hook: has secret and secret_file; keep one of them"),
        ({"timeout": "31s"}, "timeout: is longer than 30s"),
        ({"timeout": "0s"}, "timeout: 0s is no time at all"),
        ({"on_failure": "wait"}, "on_failure: 'wait' is not one of proceed, hold"),
        ({"events": ["before_advertize"]}, "did you mean before_advertise?"),
        ({"events": []}, "events: "),
        ({"ca_file": "{file}"}, "ca_file: {file} holds no certificate"),
        ({"retries": 3}, "retries: unknown key"),
    ],
)
def test_what_is_wrong_with_it_is_said_before_anything_starts(tmp_path, given, said):
    file = tmp_path / "hook.secret"
    file.write_text(SECRET)
    whole = {"url": URL, "secret": SECRET} | {
        key: str(file) if value == "{file}" else value for key, value in given.items()
    }
    with pytest.raises(ConfigError) as raised:
        settings(whole)
    assert len(raised.value.problems) == 1
    assert said.format(file=file) in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/hook", "http://[::1]/", URL + "/"])
def test_plain_http_stays_on_this_machine_and_the_address_as_it_is_written(url):
    assert hook_of(url=url).url == url


@dataclass
class Told:
    """A hook, and what was counted of its calls."""

    options: HookOptions | None
    counted: list[tuple[str, str]] = field(default_factory=list)

    async def call(self):
        hook = PrefixHook(lambda _: self.options, Clock(), lambda *told: self.counted.append(told))
        call = HookCall.of(
            HookEvent.BEFORE_ADVERTISE, TARGET.id, Moment(START), "demand", "responder"
        )
        answer = await hook.call(TARGET, call)
        await hook.aclose()
        return answer


async def test_a_hook_that_is_configured_no_more_ends_what_waits_for_it():
    told = Told(None)
    assert (await told.call()).outcome is HookOutcome.GONE
    assert told.counted == []


async def test_a_secret_file_that_is_no_secret_any_more_sends_nothing_and_is_counted(tmp_path):
    file = tmp_path / "hook.secret"
    file.write_text(SECRET)
    told = Told(hook_of(secret=None, secret_file=str(file)))
    file.write_text("rotated to nonsense")
    answer = await told.call()
    assert answer.outcome is HookOutcome.UNSIGNED
    assert "nonsense" not in answer.detail
    assert told.counted == [("before_advertise", "unsigned")]
