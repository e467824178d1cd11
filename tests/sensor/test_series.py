"""From traffic at the simulated Cloudflare to series, over real sockets, with a clock of ours."""

from dataclasses import replace
from datetime import timedelta

import pytest

from responder.simulator import FaultKind
from responder.simulator.analytics.traffic import Outcome
from responder.simulator.inventory import Zone
from responder.simulator.limits import RateLimit
from responder.simulator.magic.tunnel import Health

pytestmark = pytest.mark.integration

ATTACKED, QUIET, ZONE = "203.0.113.0/24", "198.51.100.0/24", "example.com"
MITIGATED = {"site": "office", "prefix": ATTACKED, "outcome": "mitigated"}
NETWORK = "magicTransitNetworkAnalyticsAdaptiveGroups"
DOSD = "dosdNetworkAnalyticsAdaptiveGroups"


def calm(world):
    """Let there be what any prefix on the internet has: a little that passes."""
    world.flow("203.0.113.10", bits=8e6, packets=1e3)
    world.flow("198.51.100.10", bits=2e6, packets=5e2)


async def test_what_is_stopped_and_what_passes_of_each_prefix(world):
    calm(world)
    world.attack()
    await world.sensor().round()
    assert world.value("bits_per_second", **MITIGATED) == 8e8
    assert world.value("packets_per_second", **MITIGATED) == 1e5
    assert world.value("bits_per_second", **{**MITIGATED, "outcome": "passed"}) == 8e6
    quiet = {"site": "shop", "prefix": QUIET}
    assert world.value("bits_per_second", **quiet, outcome="passed") == 2e6
    assert world.value("bits_per_second", **quiet, outcome="mitigated") == 0
    assert world.value("complete", dataset="traffic") == 1
    assert world.value("samples_total", dataset="traffic", outcome="complete") == 1
    assert world.value("lag_seconds", dataset="traffic") == 180


async def test_a_prefix_is_shown_with_its_target_so_that_rules_can_join(world):
    world.sensor()
    target = f"prefix_advertisement:{ATTACKED}"
    assert world.value("prefix", site="office", prefix=ATTACKED, target=target) == 1


async def test_the_largest_vectors_have_series_and_the_rest_is_one(world):
    for index in range(4):
        world.attack(vector=f"vector {index}", packets=1e4 * (index + 1), bits=1e8)
    await world.sensor(vectors=2).round()
    shown = {
        vector: world.value(
            "vector_packets_per_second", site="office", prefix=ATTACKED, vector=vector
        )
        for vector in ("vector 3", "vector 2", "vector 1", "vector 0", "other")
    }
    assert shown == {
        "vector 3": 4e4, "vector 2": 3e4, "vector 1": None, "vector 0": None, "other": 3e4,
    }  # fmt: skip


async def test_attacks_run_until_they_end(world):
    calm(world)
    world.attack()
    sensor = world.sensor()
    await sensor.round()
    assert world.value("attacks", site="office", prefix=ATTACKED) == 1
    assert world.value("attacks", site="shop", prefix=QUIET) == 0
    flow = next(one for one in world.simulation.flows.values() if one.outcome is Outcome.DROPPED)
    ended = replace(flow.span, end=flow.span.start + timedelta(minutes=10))
    world.simulation.put_traffic(replace(flow, span=ended))
    world.later(minutes=2)
    await sensor.round()
    assert world.value("attacks", site="office", prefix=ATTACKED) == 0


async def test_tunnels_are_told_by_group_of_data_centres(world):
    world.tunnel("gre-1", Health.HEALTHY, [f"C{index}" for index in range(7)])
    world.tunnel("gre-2", Health.DOWN, ["C0"])
    await world.sensor().round()
    told = {
        (tunnel, colo): world.value("tunnel_state", tunnel=tunnel, colo=colo)
        for tunnel, colo in (("gre-1", "C0"), ("gre-1", "other"), ("gre-1", "C6"), ("gre-2", "C0"))
    }
    assert told == {
        ("gre-1", "C0"): 1, ("gre-1", "other"): 1, ("gre-1", "C6"): None, ("gre-2", "C0"): 0,
    }  # fmt: skip


async def test_flow_totals_are_told_by_protocol(world):
    for protocol, bits in (("UDP", 3e6), ("TCP", 2e6)):
        world.flow("203.0.113.10", protocol=protocol, bits=bits)
    await world.sensor().round()
    assert world.value("flow_bits_per_second", protocol="UDP") == 3e6
    assert world.value("flow_bits_per_second", protocol="TCP") == 2e6


async def test_requests_are_told_by_host_class_and_by_what_the_edge_did(world):
    world.requests(ZONE, "unknown", 5)
    world.requests(f"www.{ZONE}", "managed_challenge", 40)
    world.requests(f"www.{ZONE}", "managedChallengeNonInteractiveSolved", 2)
    for index in range(3):
        world.requests(f"x{index}.{ZONE}", "block", 10)
    await world.sensor(prefixes={}, zones={ZONE: "shop"}).round()
    shown = {"site": "shop", "zone": ZONE}
    assert world.value("requests_per_second", **shown, host="apex", action="passed") == 5
    assert world.value("requests_per_second", **shown, host="www", action="challenged") == 40
    assert world.value("requests_per_second", **shown, host="www", action="passed") == 2
    assert world.value("requests_per_second", **shown, host="other", action="blocked") == 30


async def test_a_zone_whose_requests_all_pass_is_proven_calm_and_one_without_any_is_not(world):
    scope = {"prefixes": {}, "zones": {ZONE: "shop"}}
    stopped = {"site": "shop", "zone": ZONE, "host": "www", "action": "challenged"}
    await world.sensor(**scope).round()
    assert world.value("requests_per_second", **stopped) is None
    world.requests(ZONE, "unknown", 5)
    await world.sensor(**scope).round()
    assert world.value("requests_per_second", **stopped) == 0


async def test_eleven_zones_take_two_queries_and_half_as_many_rounds(world):
    zones = [f"site{index}.example" for index in range(11)]
    for name in zones:
        world.simulation.put_zone(Zone(name=name))
        world.requests(name, "block", 1, zone=name)
    sensor = world.sensor(prefixes={}, zones=dict.fromkeys(zones, "shop"))
    await sensor.round()
    assert world.queries() == 2
    labels = {"site": "shop", "zone": "site10.example", "host": "apex", "action": "blocked"}
    assert world.value("requests_per_second", **labels) == 1
    world.later(minutes=1)
    await sensor.round()
    assert world.queries() == 2
    world.later(minutes=1)
    await sensor.round()
    assert world.queries() == 4


async def test_zones_that_give_no_data_are_left_alone_and_prefixes_go_on(world):
    calm(world)
    world.analytics(disabled=frozenset({"httpRequestsAdaptiveGroups"}))
    sensor = world.sensor(zones={ZONE: "shop"})
    for _ in range(2):
        await sensor.round()
        world.later(minutes=1)
    assert world.value("dataset_available", dataset="requests") == 0
    assert world.value("samples_total", dataset="requests", outcome="unavailable") == 1
    assert world.value("samples_total", dataset="traffic", outcome="complete") == 2


@pytest.mark.parametrize(
    ("kind", "facts", "outcome"),
    [
        (FaultKind.GRAPHQL_ERROR, {}, "failed"),
        (FaultKind.GRAPHQL_EMPTY, {}, "unproven"),
        (FaultKind.RATE_LIMITED, {"retry_after": 300}, "depleted"),
        (FaultKind.SERVER_ERROR, {}, "failed"),
        (FaultKind.WEB_PAGE, {}, "failed"),
        (FaultKind.TRUNCATED, {}, "failed"),
        (FaultKind.RESET, {}, "failed"),
        (FaultKind.UNAUTHORIZED, {}, "failed"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
async def test_no_failure_is_ever_a_complete_sample(world, kind, facts, outcome):
    calm(world)
    world.fail(kind, **facts)
    await world.sensor().round()
    assert not world.board.complete("traffic")
    assert world.value("complete", dataset="traffic") == 0
    assert world.value("bits_per_second", **MITIGATED) is None
    assert world.value("samples_total", dataset="traffic", outcome="complete") is None
    assert world.value("samples_total", dataset="traffic", outcome=outcome) == 1


async def test_an_account_without_any_row_proves_nothing(world):
    await world.sensor().round()
    assert world.board.sampled["traffic"].outcome == "unproven"
    assert world.value("complete", dataset="traffic") == 0


async def test_data_that_lag_behind_the_window_prove_nothing(world):
    calm(world)
    world.attack()
    sensor = world.sensor()
    world.analytics(lag=timedelta(minutes=3))
    for _ in range(5):
        await sensor.round()
        world.later(minutes=1)
    assert world.value("samples_total", dataset="traffic", outcome="unproven") == 5
    assert world.value("samples_total", dataset="traffic", outcome="complete") is None


async def test_data_that_reach_only_into_the_window_prove_nothing_of_its_end(world):
    calm(world)
    world.analytics(lag=timedelta(minutes=3, seconds=30))
    await world.sensor(interval=timedelta(minutes=5)).round()
    assert world.board.sampled["traffic"].outcome == "unproven"


@pytest.mark.parametrize(("wrong", "outcome"), [(10, "unproven"), (-10, "skewed")])
async def test_a_clock_that_is_wrong_proves_nothing(world, wrong, outcome):
    calm(world)
    world.wrong = timedelta(minutes=wrong)
    await world.sensor().round()
    assert world.board.sampled["traffic"].outcome == outcome
    assert world.value("complete", dataset="traffic") == 0


async def test_a_list_that_reaches_its_limit_proves_nothing(world):
    calm(world)
    world.attack()
    await world.sensor(page=3).round()
    assert world.board.sampled["traffic"].outcome == "truncated"
    assert world.value("bits_per_second", **MITIGATED) is None


async def test_a_dataset_that_is_switched_off_is_no_calm_and_is_asked_for_again(world):
    calm(world)
    sensor = world.sensor()
    world.analytics(disabled=frozenset({NETWORK}))
    await sensor.round()
    assert world.board.sampled["traffic"].outcome == "failed"
    world.analytics(disabled=frozenset())
    world.later(minutes=1)
    await sensor.round()
    assert world.value("complete", dataset="traffic") == 1


async def test_a_dataset_that_the_account_lacks_is_said_once_and_left_alone(world):
    calm(world)
    world.analytics(disabled=frozenset({DOSD}))
    sensor = world.sensor()
    for _ in range(3):
        await sensor.round()
        world.later(minutes=1)
    assert world.value("dataset_available", dataset="mitigations") == 0
    assert world.value("dataset_available", dataset="traffic") == 1
    assert world.value("samples_total", dataset="mitigations", outcome="unavailable") == 1
    assert world.board.components()[0].status == "ok"


async def test_a_sample_that_nothing_follows_is_soon_no_longer_complete(world):
    calm(world)
    await world.sensor().round()
    world.later(seconds=151)
    assert world.value("complete", dataset="traffic") == 0
    assert world.value("bits_per_second", **MITIGATED) is None


async def test_when_the_budget_is_depleted_nothing_is_asked_for_five_minutes(world):
    calm(world)
    world.simulation.graphql_limiter.change(RateLimit(requests=0))
    sensor = world.sensor()
    await sensor.round()
    assert world.queries() == 1
    assert world.board.sampled["traffic"].outcome == "depleted"
    world.simulation.graphql_limiter.change(RateLimit(requests=300))
    world.later(minutes=4)
    await sensor.round()
    assert world.queries() == 1
    world.later(minutes=1)
    await sensor.round()
    assert world.value("complete", dataset="traffic") == 1


async def test_a_thousand_prefixes_take_one_query_and_a_small_share_of_the_budget(world):
    prefixes = {f"10.{index // 250}.{index % 250}.0/24": "office" for index in range(998)}
    calm(world)
    sensor = world.sensor(prefixes={**prefixes, ATTACKED: "office", QUIET: "shop"})
    await sensor.round()
    first = world.queries()
    for _ in range(60):
        world.later(seconds=5)
        await sensor.round()
    assert first == 5  # one for each dataset
    assert world.queries() - first == 14  # in five minutes, of 300: below 5 %
    assert world.value("samples_total", dataset="traffic", outcome="complete") == 6


async def test_the_budget_holds_whatever_is_configured(world):
    calm(world)
    sensor = world.sensor(interval=timedelta(seconds=5), zones={ZONE: "shop"})
    for _ in range(60):
        await sensor.round()
        world.later(seconds=5)
    assert world.queries() <= 30


async def test_when_the_budget_is_short_the_proof_of_calm_comes_first(world):
    calm(world)
    sensor = world.sensor(interval=timedelta(seconds=5), zones={ZONE: "shop"})
    for _ in range(5):
        await sensor.round()
        world.later(seconds=5)
    assert world.value("samples_total", dataset="traffic", outcome="complete") == 5
    assert world.value("samples_total", dataset="mitigations", outcome="complete") == 1


async def test_looking_a_little_late_each_time_loses_no_sample(world):
    calm(world)
    sensor = world.sensor()
    for _ in range(181):
        await sensor.round()
        world.later(seconds=7)
    assert world.passed - timedelta(seconds=7) == timedelta(minutes=21)
    assert world.value("samples_total", dataset="traffic", outcome="complete") == 22


async def test_each_dataset_is_asked_for_the_window_that_its_data_come_in(world):
    await world.sensor().round()
    asked = {
        name: (one.body["variables"]["since"][11:16], one.body["variables"]["until"][11:16])
        for one in world.simulation.requests
        for name in ("traffic", "vectors", "checks", "protocols")
        if f"{name}:" in one.body["query"]
    }
    assert asked == {
        "traffic": ("09:56", "09:57"),
        "vectors": ("09:56", "09:57"),
        "checks": ("09:52", "09:57"),
        "protocols": ("09:50", "09:55"),
    }
