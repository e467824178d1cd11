from responder.errors import ConfigError


async def test_a_reload_is_answered_when_it_is_in_force(operator, automation):
    answer = await operator.post("/-/reload")

    assert (answer.status_code, automation.reloads) == (200, 1)


async def test_a_refused_configuration_is_told_with_all_that_is_wrong(operator, automation):
    async def refuse():
        raise ConfigError(["sites: none", "guards.calm_period: negative"])

    automation.before = refuse

    answer = await operator.post("/-/reload")

    assert answer.status_code == 500
    assert answer.json()["problems"] == ["sites: none", "guards.calm_period: negative"]
