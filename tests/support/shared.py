"""A chain with two replicas of the service on one PostgreSQL, both told by Alertmanager."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import httpx
import yaml

from responder.demo.chain import Chain
from responder.demo.configs import API_FILE, SENDER_FILE
from responder.demo.processes import Process, stop_all
from responder.demo.stack import Stack
from support.alertmanager import free_port
from support.postgres import Postgres
from support.stack import Site, edited, numbered, running_chain, until

FIRST = "responder"
SECOND_CONFIG = "replica.yml"


@dataclass
class Replica:
    """One of the two, asked past the chain, which always asks the first."""

    process: Process
    url: str
    stack: Stack

    @property
    def acts(self) -> bool:
        return self.metric("responder_lease_held") == 1

    @property
    def told(self) -> str:
        return self.process.log.read_text()

    def metric(self, series: str) -> float | None:
        try:
            lines = httpx.get(self.url + "/metrics", timeout=2).text.splitlines()
        except httpx.HTTPError:
            return None
        values = [line.rpartition(" ")[2] for line in lines if line.startswith(f"{series} ")]
        return float(values[0]) if values else None

    def health(self) -> dict[str, Any]:
        return httpx.get(self.url + "/health", timeout=8).json()

    def ready(self) -> bool:
        try:
            return httpx.get(self.url + "/ready", timeout=8).status_code == 200
        except httpx.HTTPError:
            return False

    def target(self, target: str) -> httpx.Response:
        return self._api("GET", f"/api/v1/targets/{target}")

    def pause(self, target: str) -> httpx.Response:
        order = {"state": "paused", "for": "1h", "reason": "a deploy"}
        return self._api("PUT", f"/api/v1/targets/{target}/override", json=order)

    def resume(self, target: str) -> httpx.Response:
        return self._api("DELETE", f"/api/v1/targets/{target}/override")

    def webhook(self, **labels: str) -> httpx.Response:
        alert = {"status": "firing", "labels": labels, "startsAt": "2026-11-20T10:00:00Z"}
        token = (self.stack.folder / SENDER_FILE).read_text()
        return httpx.post(
            self.url + "/webhooks/alertmanager",
            json={"version": "4", "alerts": [alert]},
            headers={"Authorization": f"Bearer {token}"},
            timeout=8,
        )

    def _api(self, method: str, path: str, **more: Any) -> httpx.Response:
        token = (self.stack.folder / API_FILE).read_text()
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.request(method, self.url + path, headers=headers, timeout=8, **more)


@dataclass
class Shared:
    """The chain and its two replicas."""

    stack: Stack
    chain: Chain
    sites: Iterator[Site]
    replicas: list[Replica]
    database: str
    """The name of the database at the server."""

    @property
    def acting(self) -> Replica:
        """The one that acts, once there is one."""
        until("a replica that acts", lambda: any(one.acts for one in self.replicas))
        return next(one for one in self.replicas if one.acts)

    @property
    def standby(self) -> Replica:
        acting = self.acting
        return next(one for one in self.replicas if one is not acting)

    def both_up(self) -> None:
        """Start what was ended, and wait until one acts and both are ready."""
        for one in self.replicas:
            if one.process.exit_code is not None:
                one.process.start()
        until("two replicas", lambda: all(one.ready() for one in self.replicas))
        until("one that acts", lambda: [one.acts for one in self.replicas].count(True) == 1)


@contextmanager
def running_replicas(postgres: Postgres, sites: int) -> Iterator[Shared]:
    """Run the chain with both replicas on a database of their own."""
    url = f"http://127.0.0.1:{free_port()}"
    zones, database = numbered(sites), postgres.url()
    with running_chain(zones, prepare=_on(database, url)) as (stack, chain, exporter):
        command = [*stack.processes[FIRST].command[:-1], f"--config={stack.folder / SECOND_CONFIG}"]
        process = Process("replica", command, stack.folder)
        process.start()
        try:
            replicas = [
                Replica(stack.processes[FIRST], stack.url(FIRST), stack),
                Replica(process, url, stack),
            ]
            named = (Site(name, stack, chain, exporter) for name in zones)
            shared = Shared(stack, chain, named, replicas, database.rpartition("/")[2])
            shared.both_up()
            yield shared
        finally:
            stop_all([process])


def _on(database: str, url: str) -> Callable[[Stack], None]:
    def prepare(stack: Stack) -> None:
        with edited(stack, "responder.yml") as config:
            config["store"]["url"] = database
            second = deepcopy(config)
        second["server"]["listen"] = url.removeprefix("http://")
        (stack.folder / SECOND_CONFIG).write_text(yaml.safe_dump(second))
        with edited(stack, "alertmanager.yml") as config:
            hooks = next(one for one in config["receivers"] if "webhook_configs" in one)
            (hook,) = hooks["webhook_configs"]
            hooks["webhook_configs"] = [hook, {**hook, "url": f"{url}/webhooks/alertmanager"}]

    return prepare
