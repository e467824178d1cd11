"""`/api/v1/attacks`: attacks as records, read page by page from the audit trail."""

from dataclasses import replace
from datetime import timedelta

import pytest
from web.conftest import NOW, Kept, Web

from responder.domain.attack_reading import LOOK_BACK, MOST_ENTRIES, PAGE
from responder.domain.audit import Action, AuditEntry, Decision, Kind, Reason
from responder.domain.memory import Episode, Owner, State
from responder.domain.peak import Peak
from responder.domain.targets import Mode
from responder.web.attack_documents import MOST_STEPS
from responder.web.attacks import standing

SHOP = "under_attack:example.com"


def ago(minutes):
    return NOW - timedelta(minutes=minutes)


def entry(number, minutes, kind, action, **fields):
    known = {"target": SHOP, "site": "shop"} | fields
    return AuditEntry(ago(minutes), kind=kind, action=action, id=number, **known)


ATTACK = [
    entry(
        4, 60, Kind.EPISODE, "began", reason="demand",
        detail="firing: Load; 4.0 s after the first alert began",
    ),
    entry(5, 59, Kind.STATE, "engaged", reason="demand", before="high", after="under_attack"),
    entry(6, 50, Kind.DECISION, "hold", reason="calm_period"),
    entry(
        7, 30, Kind.EPISODE, "ended", reason="calm",
        detail="firing: Load; no trigger for 900 s; peak Load 4.25",
    ),
    entry(8, 30, Kind.DECISION, "release", reason="calm", before="hold calm_period"),
    entry(9, 30, Kind.STATE, "released", reason="calm", before="under_attack", after="high"),
]  # fmt: skip


class Trail(Kept):
    """An automation whose trail is asked as that of a store is."""

    async def events(self, query):
        await super().events(query)
        found = [
            one
            for one in sorted(self.entries, key=lambda one: -one.id)
            if (query.before is None or one.id < query.before)
            and (query.since is None or one.at >= query.since)
        ]
        return found[: query.limit]


@pytest.fixture
def web():
    return Web(Trail())


async def asked(operator, path):
    response = await operator.get(path)
    assert response.status_code == 200, response.text
    return response.json()


async def test_an_attack_is_listed_with_its_figures(operator, automation):
    automation.entries = ATTACK
    answer = await asked(operator, "/api/v1/attacks")
    (attack,) = answer.pop("attacks")
    assert answer == {
        "from": "2026-10-21T10:00:00Z",
        "to": "2026-11-20T10:00:00Z",
        "trail_from": "2026-11-20T09:00:00Z",
        "complete": True,
    }
    assert attack == {
        "id": 4,
        "site": "shop",
        "state": "ended",
        "began": "2026-11-20T08:59:56.000Z",
        "began_known": True,
        "quiet_since": "2026-11-20T09:15:00.000Z",
        "ended": "2026-11-20T09:30:00.000Z",
        "duration_seconds": 1804.0,
        "targets": [SHOP],
        "causes": ["Load"],
        "vectors": [],
        "peaks": [{"alert": "Load", "value": 4.25}],
        "peak_packets_per_second": None,
        "peak_bits_per_second": None,
        "peak_requests_per_second": None,
        "engaged_after_seconds": 64.0,
        "protected_seconds": 1740.0,
        "would_protect_seconds": 0.0,
        "protection": [
            {
                "target": SHOP,
                "seconds": 1740.0,
                "would_seconds": 0.0,
                "spans": [{"from": "2026-11-20T09:01:00.000Z", "to": "2026-11-20T09:30:00.000Z"}],
            }
        ],
        "held": [{"target": SHOP, "reason": "calm_period", "times": 1, "seconds": 1200.0}],
        "drifted": False,
        "steps_total": 6,
    }


@pytest.mark.parametrize("number", [4, 7])
async def test_one_is_shown_with_its_steps_by_the_number_of_any(operator, automation, number):
    automation.entries = ATTACK
    attack = await asked(operator, f"/api/v1/attacks/{number}")
    assert attack["id"] == 4
    assert [step["id"] for step in attack["steps"]] == [4, 5, 6, 7, 8, 9]
    assert attack["steps"][1] == {
        "id": 5,
        "at": "2026-11-20T09:01:00.000Z",
        "target": SHOP,
        "site": "shop",
        "kind": "state",
        "action": "engaged",
        "reason": "demand",
        "detail": "",
        "actor": "responder",
        "from": "high",
        "to": "under_attack",
        "what": "switched on, confirmed by a read",
    }


@pytest.mark.parametrize("number", [3, 999])
async def test_an_entry_of_no_attack_is_not_found(operator, automation, number):
    automation.entries = [*ATTACK, entry(3, 90, Kind.DECISION, "none")]
    response = await operator.get(f"/api/v1/attacks/{number}")
    assert response.status_code == 404
    assert response.json() == {"error": "no such attack; /api/v1/attacks lists them"}


@pytest.mark.parametrize("path", ["/api/v1/attacks/none", "/api/v1/attacks/0"])
async def test_what_is_no_number_is_refused(operator, path):
    assert (await operator.get(path)).status_code == 400


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("since=soon", "since: write how long ago it may have ended, as 30d; 'soon'"),
        ("since=5", "5 has no unit"),
        ("until=1h", "until: "),
    ],
)
async def test_a_question_that_cannot_be_understood_is_told_what_is_wrong(operator, query, told):
    response = await operator.get(f"/api/v1/attacks?{query}")
    assert response.status_code == 400
    assert told in response.json()["error"]


async def test_an_attack_that_ended_before_the_period_is_left_out(operator, automation):
    automation.entries = ATTACK
    assert (await asked(operator, "/api/v1/attacks?since=29m"))["attacks"] == []
    assert automation.queries[-1].since == ago(29) - LOOK_BACK
    assert len((await asked(operator, "/api/v1/attacks?since=31m"))["attacks"]) == 1


async def test_a_site_is_told_alone(operator, automation):
    automation.entries = ATTACK
    assert (await asked(operator, "/api/v1/attacks?site=blog"))["attacks"] == []
    assert len((await asked(operator, "/api/v1/attacks?site=shop"))["attacks"]) == 1


async def test_while_it_lasts_the_peak_comes_from_memory(operator, automation):
    automation.entries = ATTACK[:2]
    automation.remember(
        SHOP,
        state=State.ENGAGED,
        episode=Episode(ago(60), peaks=(Peak("VolumetricPackets", 2e6),)),
    )
    (attack,) = (await asked(operator, "/api/v1/attacks"))["attacks"]
    assert (attack["state"], attack["ended"]) == ("ongoing", None)
    assert attack["peak_packets_per_second"] == 2e6
    assert attack["protection"][0]["spans"] == [{"from": "2026-11-20T09:01:00.000Z", "to": None}]


async def test_a_long_trail_is_read_page_by_page(operator, automation):
    automation.entries = [entry(number, 5, Kind.DECISION, "none") for number in range(1, PAGE + 2)]
    await asked(operator, "/api/v1/attacks")
    assert [(one.limit, one.before) for one in automation.queries] == [(PAGE, None), (PAGE, 2)]


async def test_what_is_read_around_an_old_attack_says_nothing_of_the_present(operator, automation):
    automation.entries = [*ATTACK[:3], entry(MOST_ENTRIES, 5, Kind.DECISION, "none")]
    automation.remember(SHOP, state=State.ENGAGED)
    attack = await asked(operator, "/api/v1/attacks/4")
    assert (attack["state"], attack["ended"]) == ("ended", "2026-11-20T09:10:00.000Z")


async def test_no_token_no_attacks(anonymous):
    assert (await anonymous.get("/api/v1/attacks")).status_code == 401
    assert (await anonymous.get("/api/v1/attacks/4")).status_code == 401


async def test_of_very_many_steps_the_first_and_the_last_are_shown(operator, automation):
    holds = [
        entry(100 + number, 45, Kind.DECISION, "hold", reason="blind")
        for number in range(2 * MOST_STEPS)
    ]
    automation.entries = [
        *ATTACK[:3], *holds, *(replace(one, id=5000 + one.id) for one in ATTACK[3:])
    ]  # fmt: skip
    attack = await asked(operator, "/api/v1/attacks/4")
    assert (len(attack["steps"]), attack["steps_total"]) == (MOST_STEPS, 2 * MOST_STEPS + 6)
    assert (attack["steps"][0]["id"], attack["steps"][-1]["id"]) == (4, 5009)


async def test_a_target_stands_as_it_is_remembered(automation):
    automation.remember(
        SHOP, owner=Owner.EXTERNAL, decision=Decision(Action.HOLD, Reason.CIRCUIT_OPEN)
    )
    view = automation.views[SHOP]
    found = standing(replace(view, policy=replace(view.policy, mode=Mode.SHADOW)))
    assert (found.site, found.external, found.attacked, found.peaks) == ("shop", True, False, ())
    assert (found.known.shadow, found.known.held, found.known.engaged) == (
        True,
        "circuit_open",
        False,
    )
