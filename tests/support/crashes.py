"""A responder that is killed and started again, and the truth that a test puts in Alertmanager."""

import json
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from responder.demo.chain import Chain
from responder.demo.configs import SENDER_FILE
from responder.demo.plan import Origin, Plan
from responder.demo.stack import Stack, prepared_stack
from support.services import Request, add_fault, beside, clear_fault, control, requests
from support.stack import CLOCK, edited, until

LEVELS = ("high", "low", "medium", "essentially_off")
"""What the zones stand at before: each must find its own again."""

RESEND_DELAY = timedelta(milliseconds=300)
BEAT = 0.1
"""Seconds between two posts to Alertmanager."""

HEARTBEAT = {"alertname": "ResponderHeartbeat", "mitigation": "none", "severity": "info"}
ON = "under_attack"
HOUR = timedelta(hours=1)


@dataclass
class Attack:
    """For certain on not before `began` and not after `ended`."""

    began: datetime
    ended: datetime | None = None


class Truth:
    """What Alertmanager holds: the heartbeat and the sites under attack, kept fresh."""

    def __init__(self, alertmanager: str) -> None:
        self._url = f"{alertmanager}/api/v2/alerts"
        self._client = httpx.Client(timeout=10, trust_env=False)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self.attacks: dict[str, list[Attack]] = {}

    def attacked(self, site: str) -> bool:
        return any(one.ended is None for one in self.attacks.get(site, ()))

    def fire(self, site: str) -> None:
        with self._lock:
            self.attacks.setdefault(site, []).append(Attack(CLOCK.now()))
            self._post()

    def calm(self, site: str) -> None:
        with self._lock:
            for one in self.attacks.get(site, ()):
                if one.ended is None:
                    self._send([_alert(alert_labels(site), one.began, CLOCK.now())])
                    one.ended = CLOCK.now()

    def attacked_between(self, site: str, after: datetime | None, before: datetime) -> bool:
        """Tell whether there can have been an attack at some time between two moments."""
        return any(
            one.began < before and (after is None or one.ended is None or one.ended > after)
            for one in self.attacks.get(site, ())
        )

    def calm_between(self, site: str, after: datetime, before: datetime) -> bool:
        """Tell whether no attack went on the whole time between two moments."""
        return not any(
            one.began <= after and (one.ended is None or one.ended > before)
            for one in self.attacks.get(site, ())
        )

    def keep(self) -> None:
        """Post until told that it is over."""
        with self._client:
            while not self._over.wait(BEAT):
                with self._lock, suppress(httpx.TransportError):
                    self._post()

    def stop(self) -> None:
        self._over.set()

    def _post(self) -> None:
        now = CLOCK.now()
        firing = [
            _alert(alert_labels(site), one.began, now + HOUR)
            for site, attacks in self.attacks.items()
            for one in attacks
            if one.ended is None
        ]
        self._send([_alert(HEARTBEAT, now, now + HOUR), *firing])

    def _send(self, alerts: list[dict[str, Any]]) -> None:
        self._client.post(self._url, json=alerts).raise_for_status()


def alert_labels(site: str) -> dict[str, str]:
    return {"alertname": "Load", "site": site, "mitigation": ON, "severity": "critical"}


def _alert(labels: Mapping[str, str], began: datetime, ends: datetime) -> dict[str, Any]:
    return {"labels": labels, "startsAt": began.isoformat(), "endsAt": ends.isoformat()}


@dataclass
class Victim:
    """A responder with sites of its own, and what a test knows about both."""

    stack: Stack
    chain: Chain
    truth: Truth
    client: httpx.Client
    acknowledged: set[str] = field(default_factory=set)
    """Fingerprints of the alerts whose webhook was answered with 200."""

    @property
    def sites(self) -> list[str]:
        return list(self.stack.plan.zones)

    def zone(self, site: str) -> str:
        return self.stack.plan.zones[site]

    def found(self, site: str) -> str:
        """Return the level at which its zone stood before everything."""
        return found_level(site)

    def stored_state(self, site: str) -> str | None:
        target = f"{ON}:{self.zone(site)}"
        return dict(self.stored("SELECT target, state FROM memories")).get(target)

    def state(self, site: str) -> str:
        return self.chain.target(f"{ON}:{self.zone(site)}")["state"]

    def level(self, site: str) -> str:
        return self.chain.level(self.zone(site))

    def asked(self, site: str) -> list[Request]:
        return requests(self.stack, self.zone(site))

    def writes(self, site: str) -> list[Request]:
        return [one for one in self.asked(site) if one.write]

    def begin(self) -> None:
        """Start it, and wait for nothing."""
        self.stack.processes["responder"].start()

    def start(self) -> None:
        self.stack.start_one("responder")

    def kill(self) -> None:
        self.stack.processes["responder"].kill()

    def answers(self) -> bool:
        try:
            return self.client.get("/live").is_success
        except httpx.TransportError:
            return False

    def tell(self, fingerprint: str, labels: Mapping[str, str]) -> bool:
        """Post a webhook about one alert that fires; tell whether it was acknowledged."""
        alert = {"fingerprint": fingerprint, "status": "firing", "labels": labels}
        token = (self.stack.folder / SENDER_FILE).read_text()
        try:
            answer = self.client.post(
                "/webhooks/alertmanager",
                json={"version": "4", "alerts": [alert]},
                headers={"Authorization": f"Bearer {token}"},
            )
        except httpx.TransportError:
            return False
        if answer.is_success:
            self.acknowledged.add(fingerprint)
        return answer.is_success

    def until_states(self, state: str, sites: Sequence[str]) -> None:
        for site in sites:
            until(f"{site} {state}", lambda site=site: self.state(site) == state)

    def stored(self, query: str) -> list[tuple[Any, ...]]:
        """Ask a copy of the store: the crash's own traces are left for the next life."""
        with tempfile.TemporaryDirectory() as folder:
            for path in self.stack.folder.glob("responder.db*"):
                shutil.copy(path, folder)
            store = sqlite3.connect(Path(folder) / "responder.db")
            try:
                return store.execute(query).fetchall()
            finally:
                store.close()

    @contextmanager
    def store_held(self) -> Iterator[None]:
        """Let it store nothing more."""
        store = sqlite3.connect(self.stack.folder / "responder.db", isolation_level=None)
        try:
            store.execute("BEGIN IMMEDIATE")
            yield
        finally:
            store.close()

    def open_intents(self) -> list[str]:
        """Return the actions that were announced, and of which no outcome was noted."""
        found = self.stored("SELECT action FROM intents WHERE outcome IS NULL")
        return [action for (action,) in found]


def assert_nothing_lost(victim: Victim) -> None:
    """What was acknowledged is stored, and what is on because of us is known as ours."""
    told = victim.stored("SELECT alerts FROM webhooks")
    known = {alert["fingerprint"] for (alerts,) in told for alert in json.loads(str(alerts))}
    assert victim.acknowledged <= known
    on = {f"{ON}:{victim.zone(site)}" for site in victim.sites if victim.level(site) == ON}
    stored = dict(victim.stored("SELECT target, state FROM memories"))
    assert [target for target in on if stored.get(target) in {None, "released"}] == []


def assert_every_write_was_needed(victim: Victim, site: str) -> None:
    """Each write was announced, follows a read that showed another level, and was asked for.

    The read came after the write before, whatever became of that one: so what nobody knows the
    outcome of is repeated only when a read says that it had none. Under Attack Mode is written in
    an attack that no release has answered yet; anything else is the level found, put back after a
    calm.
    """
    asked = victim.asked(site)
    writes = [one for one in asked if one.write]
    assert_announced(victim, site, writes)
    for number, write in enumerate(writes):
        before = writes[:number]
        last = before[-1].at if before else None
        said = f"{site}: {write.write} written at {write.at}"
        assert shown(asked, last, write.at) not in {None, write.write}, f"{said}, but not needed"
        if write.write == ON:
            released = max((one.at for one in before if one.write != ON), default=None)
            assert victim.truth.attacked_between(site, released, write.at), f"{said}, but no attack"
        else:
            engaged = max(one.at for one in before if one.write == ON)
            found = victim.found(site)
            assert write.write == found, f"{said}, but {found} was there"
            assert victim.truth.calm_between(site, engaged, write.at), f"{said}, but no calm"


def shown(asked: Sequence[Request], after: datetime | None, before: datetime) -> str | None:
    """Return the level that the last read showed between two moments."""
    answered = [
        (one.answered_at, one.read)
        for one in asked
        if one.read and one.answered_at and one.answered_at <= before
        if after is None or one.at > after
    ]
    return max(answered)[1] if answered else None


def assert_announced(victim: Victim, site: str, writes: Sequence[Request]) -> None:
    target = f"{ON}:{victim.zone(site)}"
    intents = victim.stored(f"SELECT action FROM intents WHERE target = '{target}'")
    for action, raising in (("engage", True), ("release", False)):
        made = sum((one.write == ON) is raising for one in writes)
        assert made <= intents.count((action,)), f"{target}: {action} without an intent"


def speed_up(victim: Victim) -> None:
    """Clear the faults of the victim's zones."""
    for fault in control(victim.stack, "GET", "state")["faults"]:
        if fault["zone"] in victim.stack.plan.zones.values():
            clear_fault(victim.stack, fault["id"])


def slow_down(victim: Victim, delays: Mapping[str, float]) -> None:
    """Let every call about the victim's zones take this long, by its method."""
    speed_up(victim)
    for zone in victim.stack.plan.zones.values():
        for method, delay in delays.items():
            add_fault(victim.stack, "slow", zone=zone, method=method, delay=delay)


@contextmanager
def running_around(
    sites: Sequence[str], provider_timeout: timedelta = timedelta(milliseconds=1500)
) -> Iterator[tuple[Stack, Truth]]:
    """Run Alertmanager and the simulated Cloudflare, with a truth that asks for nothing."""
    zones = {site: f"{site}.example" for site in sites}
    plan = Plan(
        zones=zones,
        origins={site: Origin("127.0.0.1:9", f"/{site}") for site in sites},
        resend_delay=RESEND_DELAY,
        poll_interval=timedelta(milliseconds=200),
        minimum_duration=timedelta(milliseconds=300),
        calm_period=timedelta(milliseconds=20),
        provider_timeout=provider_timeout,
    )
    with prepared_stack(plan, CLOCK) as stack:
        for name in ("simulator", "alertmanager"):
            stack.start_one(name)
        control(stack, "PUT", "rate-limit", {"requests": 1_000_000})
        for site, zone in zones.items():
            control(stack, "PUT", f"zones/{zone}", {"level": found_level(site)})
        truth = Truth(stack.url("alertmanager"))
        keeper = threading.Thread(target=truth.keep)
        keeper.start()
        try:
            yield stack, truth
        finally:
            truth.stop()
            keeper.join()


def found_level(site: str) -> str:
    return LEVELS[sum(site.encode()) % len(LEVELS)]


@contextmanager
def victim_of(stack: Stack, truth: Truth, sites: Iterable[str]) -> Iterator[Victim]:
    """Prepare a responder for these sites, with no limit over all of them; not started."""
    zones = {site: stack.plan.zones[site] for site in sites}
    with (
        beside(stack, zones) as own,
        Chain(own) as chain,
        httpx.Client(base_url=own.url("responder"), timeout=10, trust_env=False) as client,
    ):
        with edited(own, "responder.yml") as config:
            config["guards"] |= {"max_sites_engaged": 1000, "max_engagements_per_hour": 100_000}
            config["cloudflare"]["read_interval"] = "2s"
        yield Victim(own, chain, truth, client)
