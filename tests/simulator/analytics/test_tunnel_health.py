"""The health of tunnels, as the health checks of the data centres tell it."""

import httpx

CHECKS = "magicTransitTunnelHealthChecksAdaptiveGroups"


async def test_the_share_of_checks_that_pass_follows_the_tunnel(
    rows, control: httpx.AsyncClient, clock
):
    await control.put("/analytics", json={"lag": 0})
    clock.advance(60)
    for health in ("degraded", "down", "healthy"):
        await control.put("/tunnels/gre-1", json={"health": health})
        clock.advance(600)

    told = await rows(
        CHECKS,
        "dimensions{datetimeFiveMinutes resultStatus} count",
        where='edgeColoName: "AMS", tunnelName: "gre-1"',
    )

    share = {
        (row["dimensions"]["datetimeFiveMinutes"][11:16], row["dimensions"]["resultStatus"]): row[
            "count"
        ]
        for row in told
    }
    assert share[("09:55", "ok")] == 30
    assert (share[("10:05", "ok")], share[("10:05", "timeout")]) == (18, 12)
    assert ("10:15", "ok") not in share
    assert share[("10:15", "timeout")] == 30
    assert share[("10:25", "ok")] == 30


async def test_the_mean_state_is_told_per_data_centre(rows, control: httpx.AsyncClient, clock):
    await control.put("/analytics", json={"lag": 0})
    await control.put("/tunnels/gre-1", json={"health": "down"})
    clock.advance(3600)
    down = await rows(CHECKS, "dimensions{edgeColoName} avg{tunnelState}")
    await control.put("/tunnels/gre-1", json={"health": "degraded"})
    clock.advance(1800)
    half = await rows(CHECKS, "avg{tunnelState}")

    assert down == [
        {"dimensions": {"edgeColoName": "AMS"}, "avg": {"tunnelState": 0}},
        {"dimensions": {"edgeColoName": "FRA"}, "avg": {"tunnelState": 0}},
    ]
    assert half == [{"avg": {"tunnelState": 0.25}}]
