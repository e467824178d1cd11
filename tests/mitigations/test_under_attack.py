"""What Under Attack Mode reads and writes at Cloudflare."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import BaseModel, ValidationError

from responder.cloudflare.client import CloudflareClient, Endpoint
from responder.cloudflare.credentials import Token
from responder.cloudflare.zones import Zones
from responder.domain.breaker import Failure
from responder.domain.memory import Actual
from responder.domain.targets import Target
from responder.errors import ProviderError
from responder.mitigations.provider import Provider
from responder.mitigations.registry import KINDS, build_mitigations
from responder.mitigations.under_attack import UnderAttack, UnderAttackOptions, build

ZONE = "0123456789abcdef0123456789abcdef"
TARGET = Target("shop", "under_attack", "example.com")


class Cloudflare:
    """One zone with one setting; `refuses` is the status it answers every call with instead."""

    def __init__(self):
        self.zone = {"id": ZONE, "name": "example.com", "status": "active", "paused": False}
        self.setting = {"value": "medium", "editable": True, "modified_on": "2026-11-20T10:00:00Z"}
        self.calls = []
        self.refuses = None

    def __call__(self, request):
        self.calls.append(request.method)
        if self.refuses:
            return httpx.Response(self.refuses, json={"success": False, "errors": []})
        if request.method == "PATCH":
            self.setting["value"] = json.loads(request.content)["value"]
        is_setting = request.url.path.endswith(f"/zones/{ZONE}/settings/security_level")
        return httpx.Response(
            200, json={"success": True, "result": self.setting if is_setting else [self.zone]}
        )


@pytest.fixture
def cloudflare():
    return Cloudflare()


@pytest.fixture
async def provider(cloudflare):
    def stand_still():
        return timedelta(0)

    endpoint = Endpoint(transport=httpx.MockTransport(cloudflare))
    client = CloudflareClient(endpoint, Token(lambda: "token"), stand_still)
    yield Provider(
        client,
        Zones(client, stand_still),
        lambda _target: UnderAttackOptions(fallback_level="low"),
        account_id="",
        now=lambda: datetime(2026, 11, 20, tzinfo=UTC),
    )
    await client.aclose()


@pytest.fixture
def under_attack(provider):
    return build(provider)


@pytest.mark.parametrize(
    ("value", "actual"),
    [("under_attack", Actual.ON), ("medium", Actual.OFF), ("off", Actual.OFF)],
)
async def test_only_the_level_under_attack_is_on(under_attack, cloudflare, value, actual):
    cloudflare.setting["value"] = value

    reading = await under_attack.read(TARGET)

    assert (reading.actual, reading.value) == (actual, value)
    assert reading.changed_at == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    assert reading.ineligible is None


@pytest.mark.parametrize(
    ("zone", "setting", "reason"),
    [
        pytest.param({"paused": True}, {}, "zone is paused", id="paused"),
        pytest.param({"status": "pending"}, {}, "zone status is pending", id="pending"),
        pytest.param({"status": ""}, {}, "zone status is unknown", id="no status"),
        pytest.param(
            {}, {"editable": False}, "security_level is not editable on this plan", id="plan"
        ),
    ],
)
async def test_a_zone_that_cannot_be_switched_says_why(
    under_attack, cloudflare, zone, setting, reason
):
    cloudflare.zone |= zone
    cloudflare.setting |= setting

    assert (await under_attack.read(TARGET)).ineligible == reason


async def test_a_zone_is_looked_up_once_and_its_level_each_time(under_attack, cloudflare):
    for _ in range(3):
        await under_attack.read(TARGET)

    assert len(cloudflare.calls) == 4


async def test_engaging_writes_under_attack(under_attack, cloudflare):
    assert await under_attack.engage(TARGET) == "under_attack"
    assert cloudflare.setting["value"] == "under_attack"


@pytest.mark.parametrize(
    ("previous", "written"),
    [
        pytest.param("essentially_off", "essentially_off", id="known"),
        pytest.param(None, "low", id="not known"),
        pytest.param("under_attack", "low", id="under attack already"),
    ],
)
async def test_releasing_writes_what_was_there_before(under_attack, cloudflare, previous, written):
    assert await under_attack.release(TARGET, previous) == written
    assert cloudflare.setting["value"] == written


async def test_a_write_that_is_refused_is_an_error(under_attack, cloudflare):
    cloudflare.refuses = 403

    for call in (under_attack.engage(TARGET), under_attack.release(TARGET, "low")):
        with pytest.raises(ProviderError) as raised:
            await call
        assert raised.value.failure is Failure.REFUSED


class _OtherOptions(BaseModel):
    pass


@pytest.mark.parametrize("options", [None, _OtherOptions()])
async def test_a_target_without_a_policy_of_its_own_falls_back_to_the_default(provider, options):
    orphaned = replace(provider, options=lambda _target: options)

    assert await build(orphaned).release(TARGET, None) == "medium"


@pytest.mark.parametrize(
    "options", [{"fallback_level": "under_attack"}, {"fallback_level": "high "}, {"level": "low"}]
)
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(ValidationError):
        UnderAttackOptions(**options)


def test_every_option_is_documented():
    assert all(field.description for field in UnderAttackOptions.model_fields.values())


def test_every_registered_mitigation_is_built_under_its_own_name(provider):
    mitigations = build_mitigations(provider)

    assert list(mitigations) == [kind.name for kind in KINDS]
    assert all(name == mitigation.name for name, mitigation in mitigations.items())
    assert isinstance(mitigations["under_attack"], UnderAttack)
