from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from responder.simulator import Simulation, Token
from responder.simulator.inventory import Account, TokenKind, TokenStatus

ROBOT = Token(name="robot", value="cfat_robot", kind=TokenKind.ACCOUNT)
AS_ROBOT = {"Authorization": "Bearer cfat_robot"}


def _here(account: Account) -> str:
    return f"/accounts/{account.id}/tokens/verify"


async def test_an_active_token_verifies_with_good_news_under_a_bad_code(api: httpx.AsyncClient):
    answer = await api.get("/user/tokens/verify")

    assert answer.status_code == 200
    assert answer.json()["result"]["status"] == "active"
    assert answer.json()["messages"] == [
        {"code": 10000, "message": "This API Token is valid and active", "type": None}
    ]


async def test_a_token_expires_at_its_moment(api: httpx.AsyncClient, simulation: Simulation, clock):
    token = simulation.find_token("default")
    simulation.put_token(replace(token, expires_on=clock() + timedelta(seconds=10)))

    before = await api.get("/user/tokens/verify")
    clock.advance(10)
    after = await api.get("/user/tokens/verify")

    assert before.json()["result"]["status"] == "active"
    assert after.json()["result"]["status"] == "expired"
    assert after.json()["result"]["expires_on"] == "2026-11-20T10:00:10.000000Z"
    assert after.json()["messages"] == []


async def test_a_disabled_token_is_told_so(api: httpx.AsyncClient, simulation: Simulation):
    token = simulation.find_token("default")
    simulation.put_token(replace(token, status=TokenStatus.DISABLED))

    answer = await api.get("/user/tokens/verify")

    assert (answer.status_code, answer.json()["result"]["status"]) == (200, "disabled")


@pytest.mark.parametrize("value", ["stranger", "cfat_robot"], ids=["unknown", "of-an-account"])
async def test_the_user_endpoint_knows_only_tokens_of_users(
    anonymous: httpx.AsyncClient, simulation: Simulation, value: str
):
    simulation.put_token(ROBOT)

    answer = await anonymous.get(
        "/user/tokens/verify", headers={"Authorization": f"Bearer {value}"}
    )

    assert answer.status_code == 401
    assert answer.json()["errors"] == [{"code": 1000, "message": "Invalid API Token"}]


async def test_the_account_endpoint_verifies_the_tokens_of_its_account(
    anonymous: httpx.AsyncClient, simulation: Simulation
):
    simulation.put_token(ROBOT)

    own = await anonymous.get(_here(ROBOT.account), headers=AS_ROBOT)
    foreign = await anonymous.get(_here(Account("Another account")), headers=AS_ROBOT)

    assert own.json()["result"] == {"id": ROBOT.id, "status": "active"}
    assert foreign.status_code == 401


async def test_the_account_endpoint_knows_no_tokens_of_users(api: httpx.AsyncClient):
    answer = await api.get(_here(Account()))

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, 1000)


@pytest.mark.parametrize(
    "headers", [{}, {"X-Auth-Email": "ops@example.com", "X-Auth-Key": "abc"}], ids=["none", "key"]
)
async def test_without_an_authorization_header_there_is_nothing_to_verify(
    anonymous: httpx.AsyncClient, headers: dict[str, str]
):
    answer = await anonymous.get("/user/tokens/verify", headers=headers)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, 1001)
