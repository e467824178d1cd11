"""What the alerts ask of a target, row by row."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from responder.domain.alerts import Alert, AlertStatus, HeardAlert, Matcher, Silence
from responder.domain.demand import Scene, View, gather, judge, see
from responder.domain.memory import Demand, Episode, Memory, RememberedAlert
from responder.domain.targets import Inventory, Mode, Policy, Target

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
TARGET = Target("shop", "under_attack", "example.com")
ENFORCE = Policy("real", "under_attack", (Matcher("severity", "critical"),))
SHADOW = Policy("trial", "under_attack", (Matcher("mitigation", "under_attack"),), Mode.SHADOW)
INVENTORY = Inventory([TARGET], [SHADOW, ENFORCE])
MEMORY = Memory(TARGET.id, "shop", "under_attack", "example.com")
LABELS = {"alertname": "Load", "site": "shop", "mitigation": "under_attack", "instance": "a"}
BEAT = Alert(
    "beat", {"alertname": "ResponderHeartbeat", "mitigation": "none"}, AlertStatus.FIRING, NOW, NOW
)


def load(instance="a", status=AlertStatus.FIRING, **labels):
    return Alert(f"load/{instance}", LABELS | {"instance": instance} | labels, status, NOW)


def view(*alerts, source="am", beats=(BEAT,), date=NOW, base=None):
    return judge(source, beats, alerts, date, base or Scene())


def seen(scene, memory=MEMORY, heard=(), inventory=INVENTORY):
    found, _ = gather(scene, inventory, heard)
    return see(TARGET, memory, scene, found.get(TARGET.id, []), inventory)


def during(*alerts):
    remembered = tuple(RememberedAlert(one.fingerprint, one.labels) for one in alerts)
    return replace(
        MEMORY, wanted=True, demand=Demand.TRIGGER, episode=Episode(NOW, alerts=remembered)
    )


def silence(**labels):
    matchers = tuple(Matcher(name, value) for name, value in labels.items())
    return Silence("s", matchers, NOW + HOUR, "alice", "known")


SILENCED = load(status=AlertStatus.SILENCED)
INHIBITED = load(status=AlertStatus.INHIBITED)
SUSTAIN = load("edge", role="sustain")

ROWS = [
    ("nothing", [view()], MEMORY, (), None),
    ("a trigger", [view(load())], MEMORY, (), Demand.TRIGGER),
    ("one of two sees it", [view(), view(load(), source="b")], MEMORY, (), Demand.TRIGGER),
    ("silenced in one", [view(load()), view(SILENCED, source="b")], MEMORY, (), None),
    ("only a silenced stranger", [view(SILENCED)], MEMORY, (), None),
    ("a silenced one of this episode", [view(SILENCED)], during(load()), (), Demand.PAUSED),
    ("gone, and its labels silenced", [view()], during(load()), ["a"], Demand.PAUSED),
    ("noise silenced, another fires", [view(SILENCED, load("b"))], MEMORY, ["a"], Demand.TRIGGER),
    ("only sustain", [view(SUSTAIN)], MEMORY, (), Demand.SUSTAIN),
    ("only inhibited", [view(INHIBITED)], MEMORY, (), Demand.SUSTAIN),
    ("no heartbeat", [view(load(), beats=())], MEMORY, (), Demand.UNKNOWN),
    ("a stale heartbeat", [view(date=NOW + HOUR)], MEMORY, (), Demand.UNKNOWN),
    ("no answer", [view(date=None)], MEMORY, (), Demand.UNKNOWN),
    ("no view", [], MEMORY, (), Demand.UNKNOWN),
    ("one blind, one not", [view(date=None), view(source="b")], MEMORY, (), None),
]


@pytest.mark.parametrize(
    ("views", "memory", "instances", "demand"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS]
)
def test_the_first_row_that_applies_is_the_demand(views, memory, instances, demand):
    silences = tuple(silence(instance=one) for one in instances)
    assert seen(Scene(tuple(views), silences), memory).demand is demand


@pytest.mark.parametrize(
    ("labels", "paused"),
    [
        ({"site": "shop"}, True),
        ({"mitigation": "under_attack"}, True),
        ({"zone": "example.com"}, True),
        ({"site": "shop", "instance": "a"}, False),
        ({"site": "blog"}, False),
    ],
)
def test_a_silence_on_the_whole_target_pauses_it_even_before_anything_fires(labels, paused):
    sight = seen(Scene((view(),), (silence(**labels),)))
    assert (sight.demand is Demand.PAUSED) is paused
    if paused:
        assert (sight.until, sight.detail) == (NOW + HOUR, "silenced by alice: known")


def test_a_silenced_heartbeat_pauses_everything_also_while_it_is_missing():
    beat = replace(BEAT, status=AlertStatus.SILENCED)
    assert seen(Scene((view(load(), beats=(beat,)),))).demand is Demand.PAUSED
    on_it = silence(alertname="ResponderHeartbeat")
    assert seen(Scene((view(load(), beats=()),), (on_it,))).demand is Demand.PAUSED


def test_two_heartbeats_that_nothing_tells_apart_forbid_releases():
    other = replace(BEAT, fingerprint="other", labels=BEAT.labels | {"prometheus": "b"})
    scene = Scene((view(beats=(BEAT, other)),))
    assert seen(scene, during(load())).demand is Demand.UNKNOWN
    assert seen(scene).demand is None
    assert seen(Scene((view(load(), beats=(BEAT, other)),))).demand is Demand.TRIGGER


def test_with_heartbeat_labels_an_alert_is_believed_by_its_own_servers_heartbeat():
    base = Scene(heartbeat_labels=("prometheus",))
    mine = replace(BEAT, labels=BEAT.labels | {"prometheus": "a"})
    others = replace(BEAT, fingerprint="b", labels=BEAT.labels | {"prometheus": "b"})
    ours = load(prometheus="a")

    def look(*beats, alerts=(), memory=MEMORY):
        scene = replace(base, views=(view(*alerts, beats=beats, base=base),))
        return seen(scene, memory).demand

    assert look(mine, others, alerts=[ours]) is Demand.TRIGGER
    assert look(others, alerts=[ours]) is None
    assert look(others, memory=during(ours)) is Demand.UNKNOWN
    assert look(mine, memory=during(ours)) is None
    assert look(others, alerts=[load()]) is Demand.TRIGGER


def told(status=AlertStatus.FIRING, seq=5, received=NOW, **labels):
    return HeardAlert(load(status=status, **labels), received, seq)


@pytest.mark.parametrize(
    ("heard", "silences", "demand"),
    [
        (told(), (), Demand.TRIGGER),
        (told(status=AlertStatus.RESOLVED), (), Demand.UNKNOWN),
        (told(role="sustain"), (), Demand.UNKNOWN),
        (told(seq=3), (), Demand.UNKNOWN),
        (told(), (silence(site="shop"),), Demand.UNKNOWN),
    ],
)
def test_while_blind_only_a_newer_webhook_that_nothing_silences_is_evidence(
    heard, silences, demand
):
    scene = Scene((view(date=None),), silences, polled_seq=4)
    assert seen(scene, heard=[heard]).demand is demand


@pytest.mark.parametrize(
    ("heard", "demand"),
    [
        ([], None),
        ([told()], Demand.TRIGGER),
        ([told(received=NOW - HOUR)], Demand.UNKNOWN),
        ([told(role="sustain")], Demand.SUSTAIN),
        ([told(status=AlertStatus.RESOLVED)], None),
    ],
)
def test_with_webhooks_alone_what_is_not_repeated_is_unknown(heard, demand):
    scene = Scene(webhook_ttl=timedelta(minutes=15), wall=NOW)
    assert not scene.blind
    assert seen(scene, heard=heard).demand is demand


def test_a_policy_that_may_act_goes_before_one_that_only_watches():
    assert seen(Scene((view(load()),))).policy is SHADOW
    both = (load("a"), load("b", mitigation="", severity="critical"))
    assert seen(Scene((view(*both),))).policy is ENFORCE


def test_alerts_that_speak_of_nothing_here_are_counted_by_why():
    strange = replace(load(), labels=LABELS | {"site": "nobody"})
    _, strangers = gather(Scene((view(strange),)), INVENTORY, ())
    assert strangers == {"unknown_site": 1}


def test_an_alert_is_shown_once_and_as_active_where_any_view_says_so():
    sight = seen(Scene((view(SILENCED), view(load(), source="b"))), during(load()))
    assert [alert.status for alert in sight.alerts] == [AlertStatus.FIRING]
    assert View("am").usable is False


@pytest.mark.parametrize(("age", "usable"), [(0, True), (149, True), (151, False)])
def test_a_heartbeat_is_fresh_for_two_and_a_half_resend_delays(age, usable):
    assert view(date=NOW + timedelta(seconds=age)).usable is usable
