import pytest

from responder.simulator import Simulation, Token, seed


def test_ids_are_the_same_on_every_run_and_differ_by_name():
    first, second = (
        seed({"example.com": "high", "example.org": "high"}),
        seed({"example.com": "low"}),
    )

    assert set(second.zones) < set(first.zones)
    assert all(len(zone_id) == 32 and int(zone_id, 16) >= 0 for zone_id in first.zones)


def test_a_zone_is_found_by_name_and_by_id(simulation: Simulation, zone_id: str):
    assert simulation.find_zone("example.com") is simulation.find_zone(zone_id)
    assert simulation.find_zone("example.net") is None


def test_a_level_that_does_not_exist_cannot_be_seeded():
    with pytest.raises(ValueError, match="hgih"):
        seed({"example.com": "hgih"})


def test_the_value_of_a_token_is_not_in_its_representation():
    assert "hush" not in repr(Token(name="ops", value="hush"))
