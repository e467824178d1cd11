"""How a security level is read and written."""

import json
from datetime import UTC, datetime

import pytest

from responder.cloudflare.security_level import SecurityLevel, SecurityLevels
from responder.domain.breaker import Failure
from responder.errors import ProviderError

ID = "0123456789abcdef0123456789abcdef"
PATH = f"/client/v4/zones/{ID}/settings/security_level"


def setting(**fields):
    return {"id": "security_level", "value": "medium", "editable": True, **fields}


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        pytest.param(
            setting(modified_on="2014-01-01T05:20:00.12345Z"),
            SecurityLevel(
                "medium",
                editable=True,
                modified_on=datetime(2014, 1, 1, 5, 20, 0, 123450, tzinfo=UTC),
            ),
            id="whole",
        ),
        pytest.param(
            setting(modified_on=None),
            SecurityLevel("medium", editable=True, modified_on=None),
            id="never changed",
        ),
        pytest.param(
            {"value": "low"},
            SecurityLevel("low", editable=True, modified_on=None),
            id="only the value",
        ),
        pytest.param(
            setting(editable=False),
            SecurityLevel("medium", editable=False, modified_on=None),
            id="not editable",
        ),
    ],
)
async def test_a_level_is_read(client_for, success, answered, expected):
    levels = SecurityLevels(client_for(lambda _request: success(answered)))

    assert await levels.read(ID) == expected


async def test_a_level_is_written(client_for, success):
    seen = []

    def handler(request):
        seen.append((request.method, request.url.path, json.loads(request.content)))
        return success(setting(value="under_attack"))

    level = await SecurityLevels(client_for(handler)).write(ID, "under_attack")

    assert seen == [("PATCH", PATH, {"value": "under_attack"})]
    assert level.value == "under_attack"


@pytest.mark.parametrize("answered", [None, [], {}, {"value": None}, {"value": 3}])
async def test_a_setting_without_its_value_is_malformed(client_for, success, answered):
    levels = SecurityLevels(client_for(lambda _request: success(answered)))

    for call in (levels.read(ID), levels.write(ID, "low")):
        with pytest.raises(ProviderError) as raised:
            await call
        assert raised.value.failure is Failure.MALFORMED


async def test_a_missing_permission_is_named_by_what_was_tried(client_for, failure):
    error = {"code": 10000, "message": "Authentication error"}
    levels = SecurityLevels(client_for(lambda _request: failure(403, error)))

    with pytest.raises(ProviderError, match="'Zone Settings Read'"):
        await levels.read(ID)
    with pytest.raises(ProviderError, match="'Zone Settings Write'"):
        await levels.write(ID, "low")
